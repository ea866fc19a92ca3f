"""The interface of a filter, and what all share: when a track starts anew."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from bauta.filters.seen import Seen

LONGEST = 1.0
"""Seconds between two frames after which the first says nothing about the second."""
USUAL = 1 / 30
"""Seconds between frames while no two times have differed."""


def smoothing(cutoff: np.ndarray | float, dt: float) -> np.ndarray | float:
    """Share of the new value in a low-pass filter, 1 / (1 + 1 / (2 pi f dt)); 0..1."""
    x = (2 * np.pi * dt) * cutoff
    return x / (1 + x)


class Filter(ABC):
    """Points of one face through time: the first call passes through, `reset` forgets.

    A time that repeats counts as a step as long as the last; one that goes back, or a gap of more
    than `LONGEST` seconds, starts anew, and so does another number of points.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next points pass through unchanged."""
        self._time: float | None = None
        self._step = USUAL
        self._value = np.zeros(())

    def __call__(self, seen: Seen) -> np.ndarray:
        """Filtered points, the shape and dtype of `seen.points`."""
        x = seen.points.astype(np.float64)
        dt = 0.0 if self._time is None else seen.time - self._time
        if self._time is None or not 0 <= dt <= LONGEST or self._value.shape != x.shape:
            self._value = x
            self._start(seen, x)
        else:
            self._step = dt or self._step
            self._value = self._next(seen, x, self._step)
        self._time = seen.time
        return self._value.astype(seen.points.dtype)

    @abstractmethod
    def _start(self, seen: Seen, x: np.ndarray) -> None:
        """Begin with the points `x`."""

    @abstractmethod
    def _next(self, seen: Seen, x: np.ndarray, dt: float) -> np.ndarray:
        """Filtered points of a frame `dt` seconds after the last, whose result is `_value`."""
