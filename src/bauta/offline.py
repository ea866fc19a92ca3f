"""Results of a file, smoothed with a look ahead: each comes when enough frames after it are known.

The tracker follows as ever; what its network said is kept for a second or so and goes through the
filter forward and backward (`bauta.filters.smoother`), and the head is fitted to that.
"""

from __future__ import annotations

from dataclasses import dataclass

from bauta.checks import InputError
from bauta.faces import face_state
from bauta.filters.kinds import Make
from bauta.heads import Head, HeadOptions
from bauta.regress.landmarks import Prediction
from bauta.steady import smoothed
from bauta.types import FaceState
from bauta.video.frame import Frame

AROUND = 20
"""Frames before and after that a result is made of."""
CHUNK = 25
"""Frames that are smoothed at once."""


@dataclass(frozen=True, eq=False)
class Late:
    """A frame that waits for those after it."""

    frame: Frame
    milliseconds: float
    raw: dict[int, tuple[Prediction, float, float]]
    """By id, as `Tracker.raw` gives it."""


class LookAhead:
    """Takes tracked frames, gives them back smoothed, in order and some frames late.

    `make` makes the filter; `options` those of the head, None to leave it out. InputError without a
    filter.
    """

    def __init__(self, make: Make | None, options: HeadOptions | None = None) -> None:
        if make is None:
            raise InputError("offline: nothing to smooth with filter 'none'; choose a filter")
        self._make, self._options = make, options
        self._frames: list[Late] = []
        self._done = 0
        self._heads: dict[int, Head] = {}
        self._last: set[int] = set()

    def push(self, late: Late) -> list[tuple[Frame, list[FaceState], float]]:
        """Add a frame; the results that are ready: frame, faces, milliseconds of tracking."""
        self._frames.append(late)
        waiting = len(self._frames) - self._done
        return self._emit(CHUNK) if waiting >= CHUNK + AROUND else []

    def flush(self) -> list[tuple[Frame, list[FaceState], float]]:
        """The rest."""
        return self._emit(len(self._frames) - self._done)

    def _emit(self, count: int) -> list[tuple[Frame, list[FaceState], float]]:
        ids = sorted({id for late in self._frames for id in late.raw})
        smooth = {id: self._smoothed(id) for id in ids}
        out = []
        for row in range(self._done, self._done + count):
            late = self._frames[row]
            faces = [self._result(id, smooth[id][row], late) for id in sorted(late.raw)]
            self._last = set(late.raw)
            out.append((late.frame, faces, late.milliseconds))
        keep = max(self._done + count - AROUND, 0)
        self._frames, self._done = self._frames[keep:], self._done + count - keep
        return out

    def _smoothed(self, id: int) -> dict[int, Prediction]:
        """Row -> smoothed prediction of one face, each stretch without a gap on its own."""
        out: dict[int, Prediction] = {}
        stretch: list[int] = []
        for row in range(len(self._frames) + 1):
            if row < len(self._frames) and id in self._frames[row].raw:
                stretch.append(row)
            elif stretch:
                faces = smoothed([self._frames[one].raw[id] for one in stretch], self._make)
                out |= dict(zip(stretch, faces, strict=True))
                stretch = []
        return out

    def _result(self, id: int, face: Prediction, late: Late) -> FaceState:
        state = face_state(face, id, late.raw[id][1])
        if self._options is None:
            return state
        head = self._heads.get(id)
        if head is None:
            head = self._heads[id] = Head(self._options, id)
        elif id not in self._last:
            head.cut()
        height, width = late.frame.image.shape[:2]
        return head(state, width, height)
