"""Colours for the parts of a head that a photograph does not show: those of the nearest that it
does, smoothed over the surface."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from bauta.assets.face import face_model

ROUNDS = 25
"""Times that each colour becomes the mean of its neighbours'."""
BLUR = 9
"""Pixels over which the photograph is averaged first."""
SURE = 0.5
"""A vertex shown better than this lends its colour."""
APART = 3.0
"""Centimetres that another part of the head (an eyeball, the teeth) seems further away."""
FOREIGN = 40.0
"""Centimetres that the face seems further away from the scalp."""
HAIRLINE = 8.0
"""Height, head axes of the mean head, from which what is seen may be hair."""
SCALP = (-5.0, -5.0)
"""Height above which, and depth behind which, a hidden place is scalp: it takes the colour of what
is seen above the hairline."""


@cache
def _far() -> np.ndarray:
    """(V, V) float32: how little the second vertex says about the first, squared centimetres."""
    mean, part = face_model().mean, face_model().part
    length = (mean * mean).sum(1)
    square = length[:, None] + length - 2 * mean @ mean.T
    square += APART**2 * (part[:, None] != part)
    scalp = (mean[:, 1] > SCALP[0]) & (mean[:, 2] < SCALP[1])
    return square + np.float32(FOREIGN**2) * (scalp[:, None] & (mean[:, 1] < HAIRLINE))


@cache
def neighbours() -> tuple[np.ndarray, np.ndarray]:
    """(V, D) rows of each vertex's neighbours, padded with itself, and their shares (V, D)."""
    model = face_model()
    edges = np.concatenate([model.triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    count = np.bincount(edges[:, 0], minlength=len(model.mean))
    rows = np.tile(np.arange(len(count))[:, None], (1, count.max()))
    place = np.arange(len(edges)) - np.repeat(np.cumsum(count) - count, count)
    rows[edges[:, 0], place] = edges[:, 1]
    return rows, ((np.arange(count.max()) < count[:, None]) / count[:, None]).astype(np.float32)


def skin_colours(texture: np.ndarray, places: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(V, 3) float32 0..255 for the face model's vertices: seen at `places` (V, 2) of a picture
    (H, W, 3) where they are `shown` (V,) 0..1, else spread from there."""
    smooth = cv2.blur(texture, (BLUR, BLUR))
    at = np.clip(places, 0.5, np.array(texture.shape[1::-1]) - 0.5).astype(int)
    seen = smooth[at[:, 1], at[:, 0]].astype(np.float32)
    sure = np.flatnonzero(shown > SURE)
    if not len(sure):
        return seen
    hidden = np.flatnonzero(shown <= SURE)
    colours = seen.copy()
    colours[hidden] = seen[sure[_far()[np.ix_(hidden, sure)].argmin(1)]]
    rows, share = neighbours()
    keep = shown[:, None].astype(np.float32)
    for _ in range(ROUNDS):
        mean = np.einsum("vdc,vd->vc", colours[rows], share)
        colours = keep * seen + (1 - keep) * mean
    return colours
