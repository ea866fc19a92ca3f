"""Affine maps of the plane as (2, 3) float64 matrices `T_to_from`, on continuous coordinates.

A point maps as `p_to = T[:, :2] @ p_from + T[:, 2]`. Pixel (0, 0) covers 0..1.
"""

from __future__ import annotations

import math

import numpy as np


def similarity(center: np.ndarray, side: float, angle: float, size: int) -> np.ndarray:
    """T_crop_image of a square crop: `p_crop = size / side * R(-angle) (p - center) + size / 2`.

    `center` (2,) and `side` in pixels of the picture, `angle` in radians clockwise on screen,
    `size` the crop's pixels.
    """
    scale = size / float(side)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    x, y = np.asarray(center).tolist()
    middle = size / 2
    return np.array(
        [[cos, sin, middle - cos * x - sin * y], [-sin, cos, middle + sin * x - cos * y]]
    )


def invert(T: np.ndarray) -> np.ndarray:
    """Inverse of an affine map (2, 3); ZeroDivisionError when it has none."""
    (a, b, x), (c, d, y) = T.tolist()
    s = 1 / (a * d - b * c)
    return s * np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]])


def compose(T_c_b: np.ndarray, T_b_a: np.ndarray) -> np.ndarray:
    """T_c_a: first `T_b_a`, then `T_c_b`."""
    T = T_c_b[:, :2] @ T_b_a
    T[:, 2] += T_c_b[:, 2]
    return T


def mirror(width: float) -> np.ndarray:
    """The map (2, 3) that mirrors a picture of that width: x' = width - x."""
    return np.array([[-1.0, 0.0, width], [0.0, 1.0, 0.0]])


def scale_of(T: np.ndarray) -> float:
    """Length in the target of a unit length in the origin, sqrt(|det|)."""
    (a, b, _), (c, d, _) = T.tolist()
    return abs(a * d - b * c) ** 0.5


def apply(T: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., 2), or (..., 3) whose z is scaled by `scale_of(T)`; float32, and
    calculated in the precision of the points."""
    if not points.size:
        return points.astype(np.float32)
    import cv2  # a third of the time of NumPy's products of such thin matrices

    kind = np.float32 if points.dtype == np.float32 else np.float64
    flat = points.reshape(1, -1, points.shape[-1])
    moved = np.empty(flat.shape, np.float32)
    moved[..., :2] = cv2.transform(flat[..., :2].astype(kind, order="C"), T)
    if flat.shape[-1] == 3:  # on its own: a z that is NaN says nothing of x and y
        moved[..., 2] = flat[..., 2] * scale_of(T)
    return moved.reshape(points.shape)


def for_opencv(T: np.ndarray) -> np.ndarray:
    """The same map for cv2.warpAffine, which counts pixel centres from 0 (half a pixel less)."""
    (a, b, x), (c, d, y) = T.tolist()
    return np.array([[a, b, x + (a + b - 1) / 2], [c, d, y + (c + d - 1) / 2]])
