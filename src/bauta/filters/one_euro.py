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


def smoothing(cutoff: np.ndarray | float, dt: float) -> np.ndarray | float:
    """Share of the new value, 1 / (1 + 1 / (2 pi f dt)); 0..1."""
    x = 2 * np.pi * np.asarray(cutoff) * dt
    return x / (1 + x)


class OneEuro:
    """Filter of points (..., dims): the first call passes through; `reset` forgets."""

    def __init__(self, config: OneEuroConfig | None = None) -> None:
        self.config = config or OneEuroConfig()
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next value passes through unchanged."""
        self._time: float | None = None
        self._raw = self._value = self._speed = np.zeros(())

    def __call__(self, points: np.ndarray, time: float, size: float) -> np.ndarray:
        """Filtered points, the shape and dtype of `points`.

        `time` in seconds. A time that does not increase, or a gap of more than a second, starts
        anew. `size` is the face's size in the unit of `points`.
        """
        x = points.astype(np.float64)
        dt = 0.0 if self._time is None else time - self._time
        if not 0.0 < dt <= 1.0 or self._value.shape != x.shape:
            self._raw, self._value, self._speed = x, x, np.zeros_like(x)
        else:
            velocity = (x - self._raw) / (dt * max(size, 1e-6))
            keep = smoothing(self.config.derivative_cutoff, dt)
            self._speed = self._speed + keep * (velocity - self._speed)
            pace = np.linalg.norm(self._speed, axis=-1, keepdims=True)
            a = smoothing(self.config.min_cutoff + self.config.beta * pace, dt)
            self._raw, self._value = x, self._value + a * (x - self._value)
        self._time = time
        return self._value.astype(points.dtype)
