"""From the times that containers and cameras give to times that only grow."""

from __future__ import annotations

from bauta.video.frame import Tell

SMALLEST_STEP = 0.001
JUMP_BACK = 1.0
JUMP_FORWARD = 10.0
"""Seconds from one frame of a file to the next above which that is said."""
REPEATS = 3
"""Times in a row that do not increase; with one more, frames are taken to have none."""
PLAUSIBLE_STEPS = (1 / 240, 1.0)
GUESSED_STEP = 1 / 25
"""Seconds between frames without times of their own where the container's rate is not plausible:
where times repeat, it often is the unit of its clock."""
DRIFT = 15.0
"""Seconds that the clock of a stream may be off its arrival: more than a burst at the beginning or
a segment of HLS."""


class Clock:
    """Makes presentation times start at 0 or later and increase strictly.

    A frame without a time comes one nominal `step` after the previous one. A time that does not
    increase becomes the previous one plus 1 ms, from the fourth in a row on the previous one plus
    a step; where several frames share each time, the step is soon what lies between. A jump back
    by more than a second (spliced recordings) continues one step after the previous frame, and
    all that follows moves with it; a jump forward stays. `tell` hears once of the first such row,
    and once of a jump forward by more than ten seconds.

    With the `arrival` of a live frame, seconds since the first one, a frame without a time comes
    when it arrives, and a jump in either direction (another clock in the camera, a new connection)
    continues from there.
    """

    def __init__(self, origin: float | None, step: float, tell: Tell | None = None) -> None:
        self.origin = origin
        self.step = step
        self.previous: float | None = None
        self._seconds = float("-inf")
        self._repeats = 0
        self._shared: float | None = None
        self._tell = tell or (lambda _: None)
        self._told: set[str] = set()

    def __call__(self, seconds: float | None, arrival: float | None = None) -> float:
        """Return seconds since the start for a frame whose container time is `seconds`."""
        time = self._next(seconds) if arrival is None else self._live(seconds, arrival)
        if self.previous is not None and time <= self.previous:
            time = self.previous + SMALLEST_STEP
        self.previous = time
        return time

    def _next(self, seconds: float | None) -> float:
        previous = self.previous
        if seconds is None:
            return 0.0 if previous is None else previous + self.step
        last, self._seconds = self._seconds, seconds
        if seconds > last and self._repeats > REPEATS:
            self._learn((seconds - last) / (self._repeats + 1))
        self._repeats = self._repeats + 1 if seconds <= last else 0
        if self.origin is None:
            self.origin = seconds if previous is None else seconds - previous - self.step
        time = seconds - self.origin
        if previous is None:
            return max(0.0, time)
        if seconds < last - JUMP_BACK:
            self._repeats = 0
            return self._moved(seconds, previous + self.step)
        if self._repeats > (0 if self._shared else REPEATS):
            return previous + self._between_repeats(previous)
        if time < previous - JUMP_BACK:  # it stood still, and goes on from there
            return self._moved(seconds, previous + self.step)
        if time > previous + JUMP_FORWARD:
            what = f"times jump from {previous:.3f} to {time:.3f} s; they are kept"
            self._once("jump", what)
        return time

    def _learn(self, step: float) -> None:
        """Between frames that share a time, as the next time shows it: coarse, but not still."""
        lowest, highest = PLAUSIBLE_STEPS
        if lowest <= step <= highest:
            self._shared = step

    def _moved(self, seconds: float, time: float) -> float:
        """`time`; what the container says after `seconds` counts from there."""
        self.origin = seconds - time
        return time

    def _between_repeats(self, previous: float) -> float:
        """Seconds from a frame to the next where the container's times stand still."""
        lowest, highest = PLAUSIBLE_STEPS
        step = self._shared or (self.step if lowest <= self.step <= highest else GUESSED_STEP)
        what = f"times stand still at {previous:.3f} s; such frames are placed {step:.3f} s apart"
        self._once("repeats", what)
        return step

    def _once(self, kind: str, what: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self._tell(what)

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
