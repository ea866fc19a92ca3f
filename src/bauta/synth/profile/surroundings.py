"""What is seen around a head that has turned: the picture around it, drawn after its outline.

About the middle of the head, a place at the angle a and the distance r beyond the turned outline
s1(a) shows what the photograph has beyond the old outline s0(a):

    r' = r + (s0 - s1 + e) exp(-d / L),   d = r - s1

so hair and collar stay at the head, far away nothing moves, and the face that was there before is
never shown. On the side to which the head turns the hair beside the face is passed over (`e`):
there is background before a profile. The role of the anchors of Zhu et al. 2016 ("Face alignment
across large poses"), which keep their distances to their neighbours.
"""

from __future__ import annotations

import cv2
import numpy as np

BINS = 96
"""Directions in which an outline is kept."""
FADE = 0.35
"""Length over which the picture comes to rest, over its side."""
GRID = 4
"""Pixels between the places that are computed; those in between are interpolated."""


def outline(pixels: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(BINS,) distance of the outermost of `pixels` (N, 2) from `centre` (2,), by direction."""
    away = pixels - centre
    angle = np.arctan2(away[:, 1], away[:, 0])
    bin_ = ((angle / (2 * np.pi) + 1) * BINS).astype(int) % BINS
    radius = np.zeros(BINS)
    np.maximum.at(radius, bin_, np.hypot(*away.T))
    known = np.flatnonzero(radius)
    if not len(known):
        return radius
    radius = np.interp(np.arange(BINS), known, radius[known], period=BINS)
    for _ in range(2):
        radius = (np.roll(radius, 1) + 2 * radius + np.roll(radius, -1)) / 4
    return radius


def surroundings(
    texture: np.ndarray,
    centre: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    ahead: tuple[float, float],
    window: tuple[float, float, int],
) -> np.ndarray:
    """(n, n, 3) uint8: the photograph around the turned head.

    `texture` (H, W, 3); `centre` (2,) pixels in it, of both outlines `before` and `after` (BINS,);
    `ahead` (x, y) pixels: the way to where the head turns, as long as what is passed over there;
    `window` (x, y, n): corner in `texture` and side of what is drawn.
    """
    x0, y0, side = window
    steps = np.arange(0, side + GRID, GRID) + 0.5
    x, y = np.meshgrid(steps + x0 - centre[0], steps + y0 - centre[1])
    r = np.hypot(x, y) + 1e-6
    turn = (np.arctan2(y, x) / (2 * np.pi) + 1) * BINS - 0.5
    s0, s1 = (np.interp(turn.ravel(), np.arange(BINS), s, period=BINS) for s in (before, after))
    s0, s1 = s0.reshape(r.shape), s1.reshape(r.shape)
    d = np.maximum(r - s1, -2 * GRID)
    skipped = np.maximum((x * ahead[0] + y * ahead[1]) / r, 0)
    near = np.exp(-np.maximum(d, 0) / (FADE * texture.shape[0]))
    radius = s1 + d + (s0 - s1 + skipped) * near
    places = np.stack([x, y], -1) / r[..., None] * radius[..., None] + centre - 0.5
    fine = cv2.split(_fine(places.astype(np.float32), side))
    return cv2.remap(texture, fine[0], fine[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _fine(places: np.ndarray, side: int) -> np.ndarray:
    """(side, side, 2) of values at every `GRID`th pixel, interpolated linearly."""
    T = np.array([[1 / GRID, 0, 0], [0, 1 / GRID, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(places, T, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
