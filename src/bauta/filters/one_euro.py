"""The 1-euro filter (Casiez, Roussel and Vogel 2012), for points.

    dx    = (x - x_before) / dt                  smoothed with cut-off `derivative_cutoff`
    f     = min_cutoff + beta |dx| / size        one cut-off a point, from its speed in all axes
    a     = 1 / (1 + 1 / (2 pi f dt))
    x_hat = a x + (1 - a) x_hat_before

Speed is in sizes of the face a second, so that one setting serves every distance and resolution.
All axes of a point share its cut-off: a moving point is not bent towards the axis it moves along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.checks import InputError
from bauta.filters.base import Filter, smoothing
from bauta.filters.seen import Seen


@dataclass(frozen=True)
class OneEuroConfig:
    """Settings of the filter."""

    min_cutoff: float = 0.6
    """Hertz; cut-off of a point at rest. Lower is steadier and slower to start."""
    beta: float = 40.0
    """Hertz for a speed of one face size a second. Higher lags less."""
    derivative_cutoff: float = 4.0
    """Hertz; cut-off of the speed itself."""

    def __post_init__(self) -> None:
        if min(self.min_cutoff, self.derivative_cutoff) <= 0 or self.beta < 0:
            raise InputError("1-euro filter: cut-offs must be > 0 and beta >= 0")


class OneEuro(Filter):
    """Filter of points (..., dims), each on its own."""

    def __init__(self, config: OneEuroConfig | None = None) -> None:
        self.config = config or OneEuroConfig()
        super().__init__()

    def _start(self, seen: Seen, x: np.ndarray) -> None:
        self._raw, self._speed = x, np.zeros_like(x)

    def _next(self, seen: Seen, x: np.ndarray, dt: float) -> np.ndarray:
        velocity = (x - self._raw) / (dt * max(seen.size, 1e-6))
        keep = smoothing(self.config.derivative_cutoff, dt)
        self._speed = self._speed + keep * (velocity - self._speed)
        pace = np.linalg.norm(self._speed, axis=-1, keepdims=True)
        a = smoothing(self.config.min_cutoff + self.config.beta * pace, dt)
        self._raw = x
        return self._value + a * (x - self._value)
