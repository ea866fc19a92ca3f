"""Colours for the parts of a head that a photograph does not show: those of the nearest that it
does, smoothed over the surface."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.geometry.mesh import edges_of

ROUNDS = 10
"""Times that each colour becomes the mean of its neighbours' and its own first one."""
OWN = 0.15
"""Share of the first one."""
BLUR = 9
"""Pixels over which the photograph is averaged first."""
SURE = 0.5
"""A vertex shown better than this lends its colour."""
APART = 3.0
"""Centimetres that another part of the head (an eyeball, the teeth) seems further away."""
FOREIGN = 40.0
"""Centimetres that the face seems further away from the scalp."""
HAIRLINE = 8.5
"""Height, head axes of the mean head, from which what is seen may be hair."""
SCALP = (-5.0, -5.0)
"""Height above which, and depth behind which, a hidden place is scalp: it takes the colour of what
is seen above the hairline, or of the brows where the photograph ends below it."""


@cache
def _far() -> np.ndarray:
    """(V, V) float32: how little the second vertex says about the first, squared centimetres."""
    mean, part = face_model().mean, face_model().part
    length = (mean * mean).sum(1)
    square = length[:, None] + length - 2 * mean @ mean.T
    square += APART**2 * (part[:, None] != part)
    return square + np.float32(FOREIGN**2) * (_scalp()[:, None] & (mean[:, 1] < HAIRLINE))


@cache
def _scalp() -> np.ndarray:
    """(V,) bool: where hair grows."""
    mean = face_model().mean
    return (mean[:, 1] > SCALP[0]) & (mean[:, 2] < SCALP[1]) | (mean[:, 1] > HAIRLINE)


def _brows(texture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(3,) colour of the darker half of the brows, which tells that of the hair."""
    rows = np.concatenate([face_model().regions[name] for name in ("brow_left", "brow_right")])
    colours = _at(cv2.blur(texture, (3, 3)), places[rows])
    return colours[colours.sum(1).argsort()][: len(rows) // 2].mean(0)


def _at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n, 3) float32 colours of a picture at `places` (n, 2), pixels."""
    x, y = np.clip(places, 0.5, np.array(picture.shape[1::-1]) - 0.5).astype(int).T
    return picture[y, x].astype(np.float32)


@cache
def neighbours() -> tuple[np.ndarray, np.ndarray]:
    """(V, D) rows of each vertex's neighbours, padded with itself, and their shares (V, D)."""
    model = face_model()
    edges = edges_of(model.triangles)
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    count = np.bincount(edges[:, 0], minlength=len(model.mean))
    rows = np.tile(np.arange(len(count))[:, None], (1, count.max()))
    place = np.arange(len(edges)) - np.repeat(np.cumsum(count) - count, count)
    rows[edges[:, 0], place] = edges[:, 1]
    return rows, ((np.arange(count.max()) < count[:, None]) / count[:, None]).astype(np.float32)


def skin_colours(texture: np.ndarray, places: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(V, 3) float32 0..255 for the face model's vertices: seen at `places` (V, 2) of a picture
    (H, W, 3) where they are `shown` (V,) 0..1, else spread from there."""
    seen = _at(cv2.blur(texture, (BLUR, BLUR)), places)
    sure = np.flatnonzero(shown > SURE)
    if not len(sure):
        return seen
    hidden = np.flatnonzero(shown <= SURE)
    colours = seen.copy()
    colours[hidden] = seen[sure[_far()[np.ix_(hidden, sure)].argmin(1)]]
    if not (face_model().mean[sure, 1] > HAIRLINE).any():
        colours[hidden[_scalp()[hidden]]] = _brows(texture, places)
    rows, share = neighbours()
    keep, first = shown[:, None].astype(np.float32), colours
    for _ in range(ROUNDS):
        mean = np.einsum("vdc,vd->vc", colours[rows], share) * (1 - OWN) + first * OWN
        colours = keep * seen + (1 - keep) * mean
    return colours
