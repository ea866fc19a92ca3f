"""Which face is whose: stable ids by overlap, motion and a small cue of appearance.

Boxes move on with their last speed. Whoever is lost is remembered for `MEMORY` seconds, and comes
back by looks (`bauta.appearance`) and by being near where they were expected; a face that looks
like nobody who is missing is somebody new.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bauta.appearance import SAME as SAME_LOOKS
from bauta.appearance import Looks
from bauta.geometry import boxes

MEMORY = 5.0
"""Seconds for which a lost face is remembered."""
BRIEF = 1.0
"""Seconds for which the place where a face was lost counts for as much as its looks."""
SAME = 0.3
"""Overlap (IoU) from which two boxes are one face."""
FAR = 0.15
"""What a face size between expected and found adds to the distance in looks, within `BRIEF`."""
SPEED = 3.0
"""Sizes of a face a second that a lost one may have moved."""
EXPECTED_LOOKS = 0.9
"""Distance in looks up to which a face is still somebody who was expected right there."""
UNCLEAR_LOOKS = 1.1
"""The same of a face that is partly hidden or cut by the border: it looks unlike itself."""


@dataclass(frozen=True, eq=False)
class Found:
    """A face that nobody follows yet."""

    box: np.ndarray
    look: np.ndarray | None = None
    clear: bool = True
    """Whole, and no other face near."""


@dataclass(frozen=True, eq=False)
class Lost:
    """A face that was lost: where it was, how it moved (pixels a second), and when."""

    id: int
    box: np.ndarray
    velocity: np.ndarray
    time: float
    looks: Looks = field(default_factory=Looks)
    keeps: object = None
    """What comes back with the id."""
    anywhere: bool = False
    """Lost at a cut: where it was says nothing."""

    def expected(self, time: float) -> np.ndarray:
        """Box (4,) at `time`, moved on with half of its speed: people slow down and turn."""
        shift = 0.5 * self.velocity * min(time - self.time, BRIEF)
        return self.box + np.concatenate([shift, shift])

    def cost(self, found: Found, time: float) -> float:
        """How unlike this face is one that was found: below 1 it may be the same; infinite when it
        cannot be."""
        away = time - self.time
        there = float(boxes.iou(found.box[None], self.expected(time)[None])[0, 0])
        expected = not self.anywhere and away <= BRIEF and there >= SAME
        if found.look is None or not len(self.looks):
            return 1 - there if expected else np.inf
        unlike = self.looks.distance(found.look)
        if self.anywhere:
            return unlike / SAME_LOOKS
        size = float(np.sqrt(max(boxes.area(self.box), 1.0)))
        sizes = float(np.linalg.norm(_center(found.box) - _center(self.expected(time)))) / size
        if sizes > 1 + SPEED * away:
            return np.inf
        limit = EXPECTED_LOOKS if expected else SAME_LOOKS
        if away <= BRIEF:
            limit = limit if found.clear else UNCLEAR_LOOKS
            unlike += FAR * sizes
        return unlike / limit


def _center(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


def new_boxes(found: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """Rows of `found` (N, 4) that are none of `tracked` (M, 4)."""
    if not len(found) or not len(tracked):
        return np.arange(len(found))
    return np.flatnonzero(boxes.iou(found, tracked).max(1) < SAME)


def duplicates(tracked: np.ndarray, limit: float = 0.5) -> list[tuple[int, int]]:
    """Pairs of rows (i, j), i < j, of `tracked` (M, 4) that follow one face."""
    overlap = boxes.iou(tracked, tracked)
    first, second = np.nonzero(np.triu(overlap > limit, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


class Identities:
    """Hands out ids from 0, and remembers lost faces for `MEMORY` seconds."""

    def __init__(self) -> None:
        self._next = 0
        self._lost: list[Lost] = []

    def lose(self, face: Lost) -> None:
        """Remember a face that is no longer followed."""
        self._lost.append(face)

    def fresh(self) -> int:
        """The id of somebody new."""
        self._next += 1
        return self._next - 1

    def missed(self, time: float) -> bool:
        """Whether anybody is remembered who may come back."""
        return any(0 <= time - lost.time <= MEMORY for lost in self._lost)

    def known(self, found: list[Found], time: float) -> list[Lost | None]:
        """For each new face the lost one that it is, each once, or None. The best pairs first."""
        self._lost = [lost for lost in self._lost if 0 <= time - lost.time <= MEMORY]
        pairs = sorted(
            (cost, row, column)
            for row, face in enumerate(found)
            for column, lost in enumerate(self._lost)
            if (cost := lost.cost(face, time)) < 1
        )
        taken: dict[int, int] = {}
        for _, row, column in pairs:
            if row not in taken and column not in taken.values():
                taken[row] = column
        out = [self._lost[taken[row]] if row in taken else None for row in range(len(found))]
        self._lost = [lost for lost in self._lost if not any(lost is who for who in out)]
        return out
