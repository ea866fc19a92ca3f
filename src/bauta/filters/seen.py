"""What every filter takes: the points of one face in one frame, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from bauta import schemes

EYES = ("right_eye", "left_eye", "pupils")
LIPS = ("outer_lips", "inner_lips")
MOVED = (*EYES, *LIPS, "jaw", "right_brow", "left_brow")
"""Regions whose points move on the head."""
LEAST_RIGID = 8
"""Points that still lie on the head, from which its motion is read off them alone."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Which rows of the points are what; N points of schemes, one after the other."""

    rigid: np.ndarray
    """(M,) rows of the first scheme that move with the head alone."""
    eyes: np.ndarray
    """(N,) bool: lids and irises."""
    lips: np.ndarray
    """(N,) bool."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One face in one frame."""

    points: np.ndarray
    """(N, 3) pixels of the picture, or (..., dims) of any unit for filters of points alone."""
    time: float
    """Seconds."""
    size: float
    """Of the face, in the unit of `points`."""
    sigma: np.ndarray | None = None
    """(N,) expected distance from the truth, in the unit of `points`; None: all the same."""
    layout: Layout | None = None
    crop: np.ndarray | None = None
    """(S, S, 3) uint8 RGB: the pixels that the points were read from."""
    T_crop_image: np.ndarray | None = None
    """(2, 3), from the picture to pixels of `crop`."""

    @cached_property
    def grey(self) -> np.ndarray | None:
        """(S, S) uint8, the crop without colour."""
        import cv2

        return None if self.crop is None else cv2.cvtColor(self.crop, cv2.COLOR_RGB2GRAY)


@lru_cache(maxsize=32)
def layout_of(names: tuple[str, ...]) -> Layout:
    """Layout of the points of schemes, one after the other; the first says how the head moves."""
    regions = [schemes.get(name).regions for name in names]
    counts = [schemes.get(name).count for name in names]
    return Layout(
        rigid=np.flatnonzero(~_rows(regions[:1], counts[:1], MOVED)),
        eyes=_rows(regions, counts, EYES),
        lips=_rows(regions, counts, LIPS),
    )


def _rows(regions: list, counts: list[int], wanted: tuple[str, ...]) -> np.ndarray:
    """(N,) bool: points in one of the wanted regions."""
    out = [np.zeros(count, bool) for count in counts]
    for mask, known in zip(out, regions, strict=True):
        for name in wanted:
            if name in known:
                mask[known[name]] = True
    return np.concatenate(out)
