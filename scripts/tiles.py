"""What the sheets of faces share: a face cut to a tile, a note on it, tiles in lines."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

SIDE = 180
"""Pixels of a tile."""
SPLITS = ["train", "val", "test"]
Place = Callable[[np.ndarray], np.ndarray]
"""Points in pixels of the picture to pixels of the tile."""


def zoomed(image: np.ndarray, true: np.ndarray, room: float) -> tuple[np.ndarray, Place]:
    """The face whose points (478, 2) are `true`, its extent times `room`: (SIDE, SIDE, 3)."""
    low, high = true.min(0), true.max(0)
    side = room * float(max(high - low))
    scale, origin = SIDE / side, (low + high) / 2 - side / 2
    T = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]])
    cut = cv2.warpAffine(image, T, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    return cut, lambda points: (points - origin) * scale


def note(tile: np.ndarray, text: str) -> np.ndarray:
    """The tile with a line of text on it."""
    at, font, white = (4, 14), cv2.FONT_HERSHEY_SIMPLEX, (255, 255, 255)
    return cv2.putText(tile, text, at, font, 0.4, white, 1, cv2.LINE_AA)


def line_of(tiles: list[np.ndarray], count: int) -> np.ndarray:
    """Tiles side by side, black where there are fewer than `count`."""
    blank = np.zeros((SIDE, SIDE, 3), np.uint8)
    return np.hstack(tiles + [blank] * (count - len(tiles)))
