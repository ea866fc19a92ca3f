"""One face that is followed: where it is, who it is taken for, its own filter and head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bauta.appearance import STRANGE, Looks
from bauta.associate import BRIEF, Lost
from bauta.crop import MARGIN, Roi
from bauta.faces import box_of, face_state, place_face
from bauta.filters.base import Filter
from bauta.heads import Head
from bauta.regress.landmarks import Prediction
from bauta.steady import filtered
from bauta.types import FaceState

LOOKED_AT = 0.3
"""Seconds between two looks at what a face looks like."""
STRANGERS = 4
"""Looks in a row that are not this person's, after which it is somebody else."""
AGAIN = 0.1
"""Seconds between looks at who may have become somebody else."""
SETTLES = 0.15
"""Seconds over which a speed is taken."""
AROUND = 1.5
"""Size over a face's box of a box that holds the head: hair hides who is behind, too."""
WHOLE = 0.8
"""Share of that box within the picture from which a face shows what it looks like."""


@dataclass
class Followed:
    """State of one face from frame to frame."""

    id: int
    filter: Filter | None
    head: Head | None
    roi: Roi
    box: np.ndarray
    time: float
    score: float = 1.0
    looks: Looks = field(default_factory=Looks)
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    misses: int = 0
    strange: int = 0
    looked: float | None = None
    seen: tuple[Prediction, float, float] | None = None
    """What the network said last, before any filter, with its time and the face's size."""

    def follow(
        self, face: Prediction, time: float, shape: tuple[int, ...], clear: bool
    ) -> FaceState:
        """Result of what the network says now of a picture of `shape`; `clear`: nothing
        hides it."""
        size = self.roi.side / MARGIN
        self.seen = (face, time, size)
        if self.filter is not None:
            face = filtered(self.filter, face, time, size)
        placed = place_face(face)
        state = face_state(face, self.id, time, placed)
        dt = time - self.time
        if dt > 0 and clear:
            step = (state.box[:2] + state.box[2:] - self.box[:2] - self.box[2:]) / 2
            self.velocity = self.velocity + dt / (dt + SETTLES) * (step / dt - self.velocity)
        self.box, self.time, self.misses = state.box, time, 0
        self.roi = placed.roi
        return self.head(state, shape[1], shape[0]) if self.head else state

    def miss(self) -> int:
        """Not seen in this frame; how often in a row."""
        self.misses += 1
        if self.filter is not None:
            self.filter.reset()
        return self.misses

    def due(self, time: float) -> bool:
        """Whether it is time to look at what it looks like."""
        pause = AGAIN if self.strange else LOOKED_AT
        return self.looked is None or not 0 <= time - self.looked < pause

    def is_stranger(self, look: np.ndarray, time: float) -> bool:
        """Learn what it looks like; True when it has become somebody else, unnoticed."""
        self.looked = time
        if len(self.looks) and self.looks.distance(look) > STRANGE:
            self.strange += 1
            return self.strange >= STRANGERS
        self.strange = 0
        self.looks.add(look)
        return False

    def recall(self, who: Lost) -> None:
        """It is somebody who was lost: their id, their head and their looks."""
        self.id, self.looks = who.id, who.looks
        away = self.time - who.time
        if 0 < away <= BRIEF:
            self.velocity = (self.box[:2] + self.box[2:] - who.box[:2] - who.box[2:]) / (2 * away)
        if isinstance(who.keeps, Head):
            self.head = who.keeps
            self.head.cut()

    def unlike(self, face: Prediction, look: np.ndarray | None, time: float) -> tuple[float, float]:
        """How unlike this face is what the network says: in looks, and in sizes from where it was
        expected."""
        unlike = 0.0
        if look is not None and len(self.looks):
            unlike = self.looks.distance(look)
        expected, box = self.lost().expected(time), box_of(face)
        away = (box[:2] + box[2:] - expected[:2] - expected[2:]) / 2
        return unlike, float(np.linalg.norm(away)) / max(self.roi.side, 1.0)

    def lost(self, anywhere: bool = False) -> Lost:
        """What is remembered of it."""
        return Lost(self.id, self.box, self.velocity, self.time, self.looks, self.head, anywhere)


def is_clear(box: np.ndarray, others: Sequence[np.ndarray], shape: tuple[int, ...]) -> bool:
    """Whether the face in `box` (4,) shows what it looks like: no head of the faces in the boxes
    `others` touches it, nor the border of a picture of `shape`."""
    left, top, right, bottom = head = _around(box)
    if any(_shared(head, _around(other)) > 0 for other in others):
        return False
    height, width = shape[:2]
    return _shared(head, (0, 0, width, height)) >= WHOLE * (right - left) * (bottom - top)


def _around(box: np.ndarray) -> tuple[float, float, float, float]:
    left, top, right, bottom = box.tolist()
    x, y = (AROUND - 1) / 2 * (right - left), (AROUND - 1) / 2 * (bottom - top)
    return left - x, top - y, right + x, bottom + y


def _shared(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Area that two boxes have in common."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    return max(wide, 0.0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
