"""What a face looks like, in a few hundred numbers: enough to tell people apart for some seconds.

No network, and no identity: directions of the gradients in 7 x 7 cells of the upright crop (Dalal
and Triggs 2005), each beside its neighbours' strength, and the cells' colour. Hair, light and
collar count as much as features do, so the numbers say nothing of a person on another day. They
live in memory while somebody is followed and for a few seconds more, and are never written.
"""

from __future__ import annotations

from functools import cache

import numpy as np

CELLS, BINS, SIDE = 7, 8, 56
COLOUR = 0.025
"""Weight of a unit of Lab's a and b beside the square root of a share of the gradients."""
GREY = 1.2
"""What gradients count for more in a picture without colour: people are less far apart in these."""
GREYEST = 2.0
"""Lab's a and b up to which a cell has no colour."""
SAME = 0.72
"""Distance below which two looks are one person: 96 % of one person's, seconds apart in a clip
(median 0.35), and 0.3 % of two people's (median 1.0), 0.4 % when their light is made the same; 400
pairs of moments of 232 people."""
STRANGE = 0.85
"""Distance from all looks of a person beyond which it may be somebody else. 2.5 % of one person's
are further apart; in clips none was beyond 0.55 of those 0.3 s before."""
NOVEL = 0.3
"""Distance from all looks known from which another is worth keeping."""
KEPT = 6


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Cell of each pixel (SIDE * SIDE,), and weight of each cell (CELLS, CELLS): none in corners,
    which show what is behind."""
    at = np.arange(SIDE) // (SIDE // CELLS)
    y, x = np.mgrid[:CELLS, :CELLS] - CELLS // 2
    inside = (x * x + y * y <= 3.7**2).astype(np.float64)
    return (at[:, None] * CELLS + at).ravel(), inside / np.sqrt(inside.sum())


def describe(crop: np.ndarray) -> np.ndarray:
    """(490,) float32 of an upright crop (S, S, 3) uint8 RGB of a face."""
    import cv2

    cell, weight = _tables()
    small = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    strength, angle = cv2.cartToPolar(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    )
    place = angle.ravel() * (BINS / (2 * np.pi))
    low = place.astype(int)
    upper, strength = place - low, strength.ravel()
    total = CELLS * CELLS * BINS
    counts = np.bincount(cell * BINS + low % BINS, strength * (1 - upper), total)
    counts += np.bincount(cell * BINS + (low + 1) % BINS, strength * upper, total)
    counts = counts.reshape(CELLS, CELLS, BINS) / (SIDE // CELLS) ** 2
    around = cv2.blur(np.sqrt((counts**2).sum(-1)) + 8, (3, 3))
    shares = np.sqrt(counts / around[..., None]) * weight[..., None]
    tiny = cv2.resize(small, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float32)
    colour = cv2.cvtColor(tiny / 255, cv2.COLOR_RGB2LAB)[..., 1:]
    if np.abs(colour).max() < GREYEST:
        shares = GREY * shares
    both = (shares.ravel(), (COLOUR * weight[..., None] * colour).ravel())
    return np.concatenate(both).astype(np.float32)


class Looks:
    """What one person looked like: a few different moments, the oldest making room."""

    def __init__(self) -> None:
        self._kept: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self._kept)

    def distance(self, look: np.ndarray) -> float:
        """To the nearest look kept; infinite without any."""
        return min((float(np.linalg.norm(look - kept)) for kept in self._kept), default=np.inf)

    def add(self, look: np.ndarray) -> None:
        """Keep a look if it is unlike all others; else it takes the nearest one's place."""
        away = [float(np.linalg.norm(look - kept)) for kept in self._kept]
        if away and min(away) < NOVEL:
            self._kept.pop(int(np.argmin(away)))
        elif len(away) >= KEPT:
            self._kept.pop(0)
        self._kept.append(look)
