"""From the times that containers and cameras give to times that only grow."""

from __future__ import annotations

SMALLEST_STEP = 0.001
JUMP_BACK = 1.0
DRIFT = 15.0
"""Seconds that the clock of a stream may be off its arrival: more than a burst at the beginning or
a segment of HLS."""


class Clock:
    """Makes presentation times start at 0 or later and increase strictly.

    A frame without a time comes one nominal `step` after the previous one. A time that does not
    increase becomes the previous one plus 1 ms. A jump back by more than a second (spliced
    recordings) continues one step after the previous frame, and all that follows moves with it.

    With the `arrival` of a live frame, seconds since the first one, a frame without a time comes
    when it arrives, and a jump in either direction (another clock in the camera, a new connection)
    continues from there.
    """

    def __init__(self, origin: float | None, step: float) -> None:
        self.origin = origin
        self.step = step
        self.previous: float | None = None

    def __call__(self, seconds: float | None, arrival: float | None = None) -> float:
        """Return seconds since the start for a frame whose container time is `seconds`."""
        time = self._next(seconds) if arrival is None else self._live(seconds, arrival)
        if self.previous is not None and time <= self.previous:
            time = self.previous + SMALLEST_STEP
        self.previous = time
        return time

    def _next(self, seconds: float | None) -> float:
        if seconds is None:
            return 0.0 if self.previous is None else self.previous + self.step
        if self.origin is None:
            self.origin = seconds if self.previous is None else seconds - self.previous - self.step
        time = seconds - self.origin
        if self.previous is None:
            return max(0.0, time)
        if time < self.previous - JUMP_BACK:
            self.origin = seconds - self.previous - self.step
            return self.previous + self.step
        return time

    def _live(self, seconds: float | None, arrival: float) -> float:
        if seconds is None:
            return arrival
        if self.origin is None:
            self.origin = seconds - arrival
        time = seconds - self.origin
        back = self.previous is not None and time < self.previous - JUMP_BACK
        if back or abs(time - arrival) > DRIFT:
            time = arrival
            self.origin = seconds - arrival
        return time
