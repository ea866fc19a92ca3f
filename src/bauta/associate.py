"""Which face is whose: stable ids by overlap and motion.

A first version: boxes move on with their last speed; a face that comes back within `MEMORY` seconds
where it was expected keeps its id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry import boxes

MEMORY = 1.0
"""Seconds for which a lost face is remembered."""
SAME = 0.3
"""Overlap (IoU) from which two boxes are one face."""


@dataclass(frozen=True)
class Lost:
    """A face that was lost: where it was, how it moved (pixels a second), and when."""

    id: int
    box: np.ndarray
    velocity: np.ndarray
    time: float

    def expected(self, time: float) -> np.ndarray:
        """Box (4,) at `time`, moved on with half of its speed: people slow down and turn."""
        shift = 0.5 * self.velocity * (time - self.time)
        return self.box + np.concatenate([shift, shift])


def new_boxes(found: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """Rows of `found` (N, 4) that are none of `tracked` (M, 4)."""
    if not len(found) or not len(tracked):
        return np.arange(len(found))
    return np.flatnonzero(boxes.iou(found, tracked).max(1) < SAME)


def duplicates(tracked: np.ndarray, limit: float = 0.5) -> list[int]:
    """Rows of `tracked` (M, 4), oldest first, that follow the face of an earlier row."""
    overlap = boxes.iou(tracked, tracked)
    return [j for j in range(len(tracked)) if (overlap[:j, j] > limit).any()]


class Identities:
    """Hands out ids from 0, and remembers lost faces for `MEMORY` seconds."""

    def __init__(self) -> None:
        self._next = 0
        self._lost: list[Lost] = []

    def lose(self, face: Lost) -> None:
        """Remember a face that is no longer followed."""
        self._lost.append(face)

    def claim(self, box: np.ndarray, time: float) -> int:
        """Id for a new face at `box` (4,): that of a lost one expected there, or a fresh one."""
        self._lost = [lost for lost in self._lost if 0 <= time - lost.time <= MEMORY]
        if self._lost:
            expected = np.stack([lost.expected(time) for lost in self._lost])
            overlap = boxes.iou(box[None], expected)[0]
            best = int(overlap.argmax())
            if overlap[best] >= SAME:
                return self._lost.pop(best).id
        self._next += 1
        return self._next - 1
