"""What a run learns: the border between the one training loop and everything that differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Task(Protocol):
    """A network, what it is shown, what it is told, and how well it does.

    The loop knows nothing else. A task never steps, saves or averages; the loop never looks into a
    batch. `losses` and `validate` are handed the network, as the loop calls them with the one that
    learns, with its average, or with one wrapped for mixed precision.
    """

    network: nn.Module
    size: int
    """Examples that make an epoch."""

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Any]:
        """One batch for each of `steps`: the same (seed, step) gives the same batch.

        Of the `count` examples of a step, process `rank` of `world` gets rank, rank + world, ...:
        together they see what one process would. A batch is a dataclass, mapping or tuple of
        arrays (numpy or torch), on the CPU.
        """
        ...

    def losses(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Named scalars, weighted already: their sum is what the loop minimises. The same names in
        the same order at every step. The task moves what it needs to the network's device."""
        ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Named scores on held-out people; the loop keeps the lowest `score` as the best. Called
        with the network in evaluation mode and without gradients."""
        ...
