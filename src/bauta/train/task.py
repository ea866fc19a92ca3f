"""What a run learns: the border between the one training loop and everything that differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Task(Protocol):
    """A network, what it is shown, what it is told, and how well it does.

    The loop knows nothing else. A task never steps, saves or averages; the loop never looks into a
    batch. `losses` and `validate` are handed the network, as the loop calls them with the one that
    learns, with its average, or with one wrapped for several processes.
    """

    network: nn.Module

    def batches(self, seed: int, steps: range, count: int) -> Iterator[Any]:
        """One batch of `count` for each of `steps`: the same (seed, step) gives the same batch."""
        ...

    def losses(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Named scalars, weighted already: their sum is what the loop minimises."""
        ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Named scores on held-out people; the loop keeps the lowest `score` as the best."""
        ...
