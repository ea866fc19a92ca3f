"""A task small enough to train in a test: a line through made-up points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
nn = torch.nn

TRUE = np.array([[1.0], [-2.0], [0.5], [3.0]])


class ToyTask:
    """y = x @ TRUE + noise. `dropout` makes steps random, `norm` adds running means."""

    def __init__(self, dropout: float = 0.0, norm: bool = False, bad_step: int = -1) -> None:
        torch.manual_seed(0)
        layers = [nn.Linear(4, 8), nn.Tanh(), nn.Dropout(dropout)]
        layers += [nn.BatchNorm1d(8)] if norm else []
        self.network = nn.Sequential(*layers, nn.Linear(8, 1))
        self.size, self.bad_step = 64, bad_step
        self.drawn: list[int] = []

    def draw(self, seed: int, step: int, count: int) -> dict[str, Any]:
        """The whole batch of a step."""
        rng = np.random.default_rng([seed, step])
        x = rng.normal(size=(count, 4))
        y = x @ TRUE + 0.1 * rng.normal(size=(count, 1))
        if step == self.bad_step:
            y[0] = np.nan
        return {"x": x.astype(np.float32), "y": torch.from_numpy(y).float()}

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[dict[str, Any]]:
        for step in steps:
            self.drawn.append(step)
            yield {key: v[rank::world] for key, v in self.draw(seed, step, count).items()}

    def losses(self, network, batch: dict[str, Any]):
        error = network(torch.from_numpy(batch["x"])) - batch["y"]
        return {"square": (error**2).mean(), "absolute": 0.1 * error.abs().mean()}

    def validate(self, network) -> dict[str, float]:
        batch = self.draw(99, 0, 256)
        error = network(torch.from_numpy(batch["x"])) - batch["y"]
        return {"score": float((error**2).mean()), "training": float(network.training)}
