"""The columns of OpenFace 2 (FeatureExtraction): pose, gaze, 68 points in 2D and 3D.

Millimetres and radians in camera axes (x right, y down, z forward); `pose_R*` are
`geometry.frames.to_openface`'s, `pose_T*` the place of the middle of the 68 points without
expression, as OpenFace's is. Pixels count from 0 at the centre of the first one. Frames count
from 1; frames without the face have no row. There are no action units: nothing here measures them.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from bauta.assets.face import face_model
from bauta.geometry.frames import to_openface
from bauta.types import FaceState

SCHEME = "ibug68-3d"
COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"),
    *("gaze_angle_x", "gaze_angle_y"),
    *(f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"),
    *(f"{axis}_{k}" for axis in "xyXYZ" for k in range(68)),
)


def row(
    frame: int,
    id: int,
    time: float,
    score: float,
    matrix: np.ndarray,
    middle: np.ndarray,
    looks: np.ndarray,
    flat: np.ndarray,
    solid: np.ndarray,
) -> str:
    """A line without its end.

    `frame` from 0; `matrix` (4, 4) head to camera, centimetres; `middle` (3,) of the 68 points in
    the head; `looks` (2, 3) of the right and left eye (the leftmost in the image first), `solid`
    (68, 3) centimetres, both in camera axes; `flat` (68, 2) our pixels.
    """
    x, y, z = looks.sum(0)
    place, angles = to_openface(matrix, middle)
    cells = [str(frame + 1), str(id), f"{time:.3f}", f"{score:.2f}", "1"]
    cells += [f"{v:.6f}" for v in looks.ravel()]
    cells += [f"{v:.3f}" for v in (np.arctan2(x, -z), np.arctan2(y, -z))]
    cells += [f"{v:.1f}" for v in place] + [f"{v:.3f}" for v in angles]
    cells += [f"{v:.1f}" for v in (flat - 0.5).T.ravel()]
    cells += [f"{v:.1f}" for v in 10 * solid.T.ravel()]
    return ",".join(cells)


def face_row(time: float, index: int, face: FaceState) -> str | None:
    """The line of a face as it is tracked; None without a fit, which this table needs.

    Identity and size are those known so far; `bauta export` has the settled ones.
    """
    fit = face.fit
    if fit is None:
        return None
    solid = fit.size * _solid(fit.identity, fit.weights) @ fit.R_camera_head.T + fit.t_camera_head
    flat = face.points68[:, :2] if len(face.points68) else fit.camera.project(solid)
    middle = fit.size * _middle(fit.identity.astype(np.float32).tobytes())
    looks = fit.gaze_directions()[:2]
    return row(index, face.id, time, face.score, fit.matrix, middle, looks, flat, solid)


def _solid(identity: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """(68, 3) in the model's unit, head axes."""
    model, (rows, corners) = face_model(), _vertices()
    vertices = model.vertices(identity, weights, rows)
    return (vertices[corners] * model.embeddings[SCHEME].weight[:, :, None]).sum(1)


@cache
def _vertices() -> tuple[np.ndarray, np.ndarray]:
    """The vertices (n,) that the 68 points hang on, and which of them are their corners (68, 3)."""
    model = face_model()
    rows, corners = np.unique(
        model.triangles[model.embeddings[SCHEME].triangle], return_inverse=True
    )
    return rows, corners.reshape(-1, 3)


@lru_cache(maxsize=16)
def _middle(identity: bytes) -> np.ndarray:
    """(3,) of the 68 points without expression, in the model's unit, of float32 coefficients."""
    return _solid(np.frombuffer(identity, np.float32)).mean(0)
