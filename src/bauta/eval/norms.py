"""Lengths by which errors are divided, (N,) pixels of the picture, all from the truth.

`outer_eyes`  distance of the outer eye corners ("inter-ocular", ION)
`pupils`      distance of the eyes' centres ("inter-pupil", IPN)
`box`         sqrt(width * height) of the box around the points
`diagonal`    sqrt(width^2 + height^2) of that box
`own_box`     sqrt(width * height) of the face's box that the set hands out
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bauta import schemes
from bauta.checks import InputError, check_choice


def box_size(truth: np.ndarray) -> np.ndarray:
    """sqrt(width * height) (N,) of the box of the truth (N, K, 2)."""
    return np.sqrt(_extent(truth).prod(-1))


def diagonal(truth: np.ndarray) -> np.ndarray:
    """sqrt(width^2 + height^2) (N,) of the box of the truth (N, K, 2)."""
    return np.linalg.norm(_extent(truth), axis=-1)


def outer_eyes(truth: np.ndarray, scheme: str) -> np.ndarray:
    """Distance of the outer eye corners (N,); InputError when the scheme has none."""
    corners = schemes.get(scheme).outer_eye_corners
    if corners is None:
        raise InputError(f"outer eye corners: {scheme} has none; divide by box or diagonal")
    right, left = corners
    return np.linalg.norm(truth[:, right, :2] - truth[:, left, :2], axis=-1)


def pupils(truth: np.ndarray, scheme: str) -> np.ndarray:
    """Distance of the eyes' centres (N,); InputError when the scheme has none."""
    pupils = schemes.get(scheme).pupils
    if pupils is None:
        raise InputError(f"pupils: unknown in {scheme}; divide by box or diagonal")
    right, left = (truth[:, group, :2].mean(1) for group in pupils)
    return np.linalg.norm(right - left, axis=-1)


NORMS: dict[str, Callable[[np.ndarray, str], np.ndarray]] = {
    "outer_eyes": outer_eyes,
    "pupils": pupils,
    "box": lambda truth, scheme: box_size(truth),
    "diagonal": lambda truth, scheme: diagonal(truth),
}
OWN_BOX = "own_box"


def norm(name: str, truth: np.ndarray, scheme: str, box: np.ndarray) -> np.ndarray:
    """Length `name`, one of `NORMS` or `OWN_BOX`, of every truth (N, K, 2 or 3), (N,) pixels, NaN
    where unknown or none (the box of a single point). `box` (N, 4) x1 y1 x2 y2: the set's own."""
    if check_choice(name, (*NORMS, OWN_BOX), "norm") == OWN_BOX:
        length = np.sqrt((box[:, 2:] - box[:, :2]).prod(1))
    else:
        length = NORMS[name](truth, scheme)
    return np.where(length > 0, length, np.nan)


def _extent(truth: np.ndarray) -> np.ndarray:
    """(N, 2) width and height; NaN for a picture without points."""
    points = np.asarray(truth[..., :2], np.float64)
    unknown = ~np.isfinite(points)
    low = np.where(unknown, np.inf, points).min(1)
    high = np.where(unknown, -np.inf, points).max(1)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(high - low), high - low, np.nan)
