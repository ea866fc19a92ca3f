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
"""Shares of the open level by which eyes have to fall within `LONGEST` to be shut, and to rise
again for two frames, or to where they are no longer shut: narrow eyes tremble, and a blink may end
in them."""
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
        self._forget()

    def _forget(self) -> None:
        self._past: deque[tuple[float, float]] = deque()
        self._ordered: list[float] = []
        self._start: float | None = None  # of a fall that may be a blink
        self._least = (math.inf, 0.0)
        self._rose: float | None = None
        self._reopened = -math.inf

    def __call__(self, time: float, openness: float) -> Blink | None:
        """The blink that ended at `time` seconds or the frame before, if one did; `openness` the
        mean of both eyes, NaN where it is not known."""
        if not math.isfinite(openness):
            return None
        if self._past and time < self._past[-1][0]:
            self._forget()
        level = self._open_level(time, openness)
        shut = openness < SHUT * level
        if self._start is None:
            if shut:
                self._fall(time, openness, level)
            return None
        self._least = min(self._least, (openness, time))
        if openness < self._least[0] + RISE * level:
            self._rose = None
            return None
        if self._rose is None:
            self._rose = time
            if shut:
                return None
        blink = Blink(self._start, self._least[1], self._rose)
        self._start, self._reopened = None, self._rose
        return blink if blink.end - blink.start <= LONGEST else None

    def _open_level(self, time: float, openness: float) -> float:
        """That of the last `MEMORY` seconds, this frame included."""
        self._past.append((time, openness))
        insort(self._ordered, openness)
        while time - self._past[0][0] > MEMORY:
            _, gone = self._past.popleft()
            del self._ordered[bisect_left(self._ordered, gone)]
        return self._ordered[int(OPEN_QUANTILE * (len(self._ordered) - 1))]

    def _fall(self, time: float, openness: float, level: float) -> None:
        """Eyes that are shut now: perhaps the blink of a moment ago, still, or always narrow."""
        since = max(time - LONGEST, self._reopened)
        most = max(value for moment, value in self._past if moment >= since)
        if openness > most - FALL * level:
            return
        wide = OPEN * min(level, most)
        self._start = next((t for t, value in reversed(self._past) if value >= wide), time)
        self._least, self._rose = (openness, time), None
