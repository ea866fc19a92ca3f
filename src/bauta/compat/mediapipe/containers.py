"""What MediaPipe's results are made of, and how a face of ours becomes one of these."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.geometry.alignment import umeyama
from bauta.geometry.frames import pose_matrix, to_opengl
from bauta.morphable.arkit import ARKIT52
from bauta.tables import mesh478
from bauta.types import FaceState

FOV = 63.0
"""Degrees from top to bottom of the camera that MediaPipe assumes, whatever took the picture."""
SHAPES = ("_neutral", *(name for name in ARKIT52 if name != "tongueOut"))
"""The 52 categories in MediaPipe's order."""
SKIN = 468
"""Points without those of the irises."""


@dataclass(slots=True)
class NormalizedLandmark:
    """A point: x, y over width and height of the picture, z in the unit of x, 0 at the head's
    middle, smaller is nearer. `visibility` and `presence` are not set, as MediaPipe's are not."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    visibility: float = 0.0
    presence: float = 0.0

    def HasField(self, name: str) -> bool:
        """Whether somebody set `visibility` or `presence`; the others always are."""
        return name in ("x", "y", "z") or getattr(self, name) != 0.0


@dataclass
class NormalizedLandmarkList:
    """The points of a face, in `landmark`."""

    landmark: list[NormalizedLandmark] = field(default_factory=list)


@dataclass
class Category:
    """A named score."""

    index: int = 0
    score: float = 0.0
    display_name: str = ""
    category_name: str = ""


def landmarks(face: FaceState, width: int, height: int, count: int) -> list[NormalizedLandmark]:
    """The first `count` mesh points over the picture's size; InputError without a mesh."""
    if not len(face.mesh):
        raise InputError("model: does not predict the mesh of 478 points; use base, small or nano")
    points = face.mesh[:count] / np.array([width, height, width], np.float32)
    return [NormalizedLandmark(x, y, z) for x, y, z in points.tolist()]


def categories(face: FaceState) -> list[Category]:
    """The 52 scores in MediaPipe's order, `_neutral` first; all 0 where no head was fitted."""
    scores = face.blendshapes
    return [Category(index, scores.get(name, 0.0), "", name) for index, name in enumerate(SHAPES)]


def matrix(face: FaceState, width: int, height: int) -> np.ndarray:
    """(4, 4) float64, rigid: from MediaPipe's canonical face (centimetres, y up, out of the face)
    to its camera, which looks along -z with `FOV` from top to bottom.

    A face with a fit must have been fitted for that camera (`fov_across`).
    The canonical face has one size, so the distance is the one at which it covers this face; the
    person's own is in `FaceState.pose`. Expressions do not move it: the canonical face is laid on
    the person's blank one, points on points (Umeyama 1991).
    """
    canonical = mesh478()["canonical"].astype(np.float64)
    if face.fit is None:  # as weak perspective sees the points themselves
        seen = face.mesh[:SKIN].astype(np.float64)
        scale, R, _ = umeyama(canonical, seen)
        x, y = (seen[:, :2].mean(0) - (width / 2, height / 2)) / scale
        focal = height / 2 / np.tan(np.radians(FOV) / 2)
        middle = np.array([x, y, focal / scale])
        return to_opengl(pose_matrix(R, middle - R @ canonical.mean(0)))
    fit, model = face.fit, face_model()
    blank = model.points("mesh478", model.vertices(fit.identity))[:SKIN] * np.float64(fit.size)
    scale, R, place = umeyama(canonical, blank.astype(np.float64))
    t = (fit.R_camera_head @ place + fit.t_camera_head) / scale
    return to_opengl(pose_matrix(fit.R_camera_head @ R, t))


def fov_across(width: int, height: int) -> float:
    """Degrees across the longer side of a camera that has `FOV` from top to bottom."""
    if height >= width:
        return FOV
    return float(np.degrees(2 * np.arctan(width / height * np.tan(np.radians(FOV) / 2))))
