"""Blinks from how far the eyes are open over time."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

MEMORY = 3.0
"""Seconds over which the open level of the eyes is known."""
OPEN_QUANTILE = 0.8
SHUT, OPEN = 0.35, 0.75
"""Shares of the open level: below the first the eyes are shut, above the second open."""
FALL, RISE = 0.3, 0.15
"""Shares of the open level by which eyes have to fall to be shut, and to rise again: narrow eyes
tremble, and a blink may end in them."""
LONGEST = 0.7
"""Seconds from open to opening after which it is no blink, but closed eyes."""


@dataclass(frozen=True)
class Blink:
    """Seconds at which the eyes were last open, most closed, and opening again."""

    start: float
    closed: float
    end: float


class BlinkDetector:
    """Feeds on the openness of both eyes, frame by frame: a fall below their open level and a rise.

    The level is the 80th percentile of the last three seconds, so that narrow eyes, laughter and a
    lowered head are no blinks.
    """

    def __init__(self) -> None:
        self._past: deque[tuple[float, float]] = deque()
        self._ordered: list[float] = []
        self._open_again()

    def _open_again(self, openness: float = 0.0) -> None:
        """Wait for a fall from `openness` or from above."""
        self._start: float | None = None
        self._most, self._least = openness, (math.inf, 0.0)

    def __call__(self, time: float, openness: float) -> Blink | None:
        """The blink that ended at `time` seconds, if one did; `openness` the mean of both eyes."""
        if self._past and time < self._past[-1][0]:
            self._past.clear()
            self._ordered.clear()
            self._open_again()
        level = self._open_level(time, openness)
        if self._start is None:
            self._most = max(self._most, openness)
            if openness < SHUT * level and openness <= self._most - FALL * level:
                self._start = self._last_open(OPEN * min(level, self._most))
                self._least = (openness, time)
            return None
        self._least = min(self._least, (openness, time))
        if openness < self._least[0] + RISE * level:
            return None
        blink = Blink(self._start, self._least[1], time)
        self._open_again(openness)
        return blink if blink.end - blink.start <= LONGEST else None

    def _open_level(self, time: float, openness: float) -> float:
        """That of the last `MEMORY` seconds, this frame included."""
        self._past.append((time, openness))
        insort(self._ordered, openness)
        while time - self._past[0][0] > MEMORY:
            _, gone = self._past.popleft()
            del self._ordered[bisect_left(self._ordered, gone)]
        return self._ordered[int(OPEN_QUANTILE * (len(self._ordered) - 1))]

    def _last_open(self, openness: float) -> float:
        """Time of the last frame in which the eyes were open so far, or of the first there is."""
        for time, value in reversed(self._past):
            if value >= openness:
                return time
        return self._past[0][0]
