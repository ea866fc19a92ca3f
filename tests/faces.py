"""A synthetic face for tests of logic: the canonical mesh, turned, scaled and placed."""

from __future__ import annotations

import numpy as np

from bauta.geometry.rotation import from_angles
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478
from bauta.tables import mesh478
from bauta.types import FaceState, Pose

IRIS_RADIUS = 0.585
"""Centimetres; human irises measure 11.7 mm across, within half a millimetre."""


def canonical_mesh() -> np.ndarray:
    """Canonical face with irises (478, 3): centimetres in head axes, the mean of the 468 at 0."""
    skin = mesh478()["canonical"].astype(np.float64)
    ring = IRIS_RADIUS * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]])
    irises = [
        skin[eye].mean(0) + np.column_stack([ring, np.zeros(5)])
        for eye in (RIGHT_EYE478, LEFT_EYE478)
    ]
    return np.concatenate([skin, *irises]) - skin.mean(0)


def synthetic_face(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    center: tuple[float, float] = (160.0, 120.0),
    size: float = 120.0,
    id: int = 0,
    time: float = 0.0,
    score: float = 0.99,
) -> FaceState:
    """The face that a weak-perspective camera sees, `p = s R_camera_head v + center`.

    Angles in degrees (docs/conventions.md). `center` is the mean of the 468 skin points in pixels,
    `size` the pixels from the chin to the top of the forehead of a frontal face. Both 68-point
    sets are the nearest mesh points, so the jaw does not follow the outline of a turned head.
    """
    head = canonical_mesh()
    R = from_angles(yaw, pitch, roll)
    mesh = size / np.ptp(head[:468, 1]) * head @ R.T
    mesh[:, :2] += center
    points68 = mesh[mesh478()["nearest68"]]
    low, high = mesh[:468, :2].min(0), mesh[:468, :2].max(0)
    return FaceState(
        id=id,
        time=time,
        box=np.concatenate([low, high]),
        score=score,
        mesh=_zero_mean_z(mesh),
        points68=_zero_mean_z(points68),
        points68_3d=_zero_mean_z(points68),
        pose=Pose(R),
        sigma={"mesh478": np.full(478, size / 100, np.float32)},
    )


def _zero_mean_z(points: np.ndarray) -> np.ndarray:
    return points - [0.0, 0.0, points[:, 2].mean()]
