"""Where the brows of a made face would be at rest: tells their movement from that of the head."""

from __future__ import annotations

import numpy as np

from bauta.assets.face import face_model
from bauta.eval.eyes import brow_height
from bauta.geometry.rotation import from_angles
from bauta.morphable.arkit import ARKIT52

SHAPES = tuple(name for name in ARKIT52 if name.startswith("brow"))
"""Expressions that move the brows."""
STILL = [*range(27, 36), 36, 39, 42, 45]
"""Nose and eye corners, which no expression moves much: they say how large the face is."""


def resting_height(points: np.ndarray, pose: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N,) `brow_height` of `ibug68-3d` points (N, 68, 3) in pixels, with the brows' own shapes
    taken off: lids, mouth and pose stay as they are.

    `pose` (N, 3) yaw, pitch, roll in degrees; `weights` (N, B) of `SHAPES`, NaN where unknown. The
    shapes are those of our face model, whatever the person; perspective within a face is left out.
    """
    model = face_model()
    rows = [model.expression_names.index(name) for name in SHAPES]
    moved = np.stack([model.points("ibug68-3d", model.expression[row]) for row in rows])
    mean = model.points("ibug68-3d", model.mean)[STILL]
    pixels = _spread(points[:, STILL]) / _spread(mean)
    R = np.stack([from_angles(*map(float, angles)) for angles in pose])
    shift = np.einsum("nb,bkj,nij->nki", weights, moved, R)
    return brow_height(points - pixels[:, None, None] * shift)


def _spread(points: np.ndarray) -> np.ndarray:
    """(...,) root of the mean squared distance of points (..., K, 3) from their middle."""
    away = points - points.mean(-2, keepdims=True)
    return np.sqrt((away**2).sum(-1).mean(-1))
