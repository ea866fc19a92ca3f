"""Labels of a rendered head, exact from its geometry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bauta.assets.face import face_model
from bauta.data.cutouts import box_of, outline_of_mesh
from bauta.data.lids import EYES, Opening, meeting
from bauta.data.sample import Labels
from bauta.geometry.camera import Camera
from bauta.morphable.arkit import ARKIT52
from bauta.morphable.contour import contour68
from bauta.synth.rendered.canvas import compiled
from bauta.synth.rendered.moment import Moment

SLACK = 0.45
"""Centimetres by which a point may lie behind what is drawn and still count as seen."""
IRIS_SLACK = 0.15
IRISES = slice(468, 478)
BLINKS = ("eyeBlinkRight", "eyeBlinkLeft")


@dataclass(frozen=True, eq=False)
class View:
    """How the head stands before the camera."""

    R_camera_head: np.ndarray
    translation: np.ndarray
    camera: Camera

    def seen(self, points: np.ndarray) -> np.ndarray:
        """Head points (..., 3) in camera axes."""
        return points @ self.R_camera_head.T + self.translation

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) of points (n, 3) in camera axes: pixels, and z in pixels with mean 0."""
        xy, z = self.camera.project(points), points[:, 2]
        middle = z.mean()
        depth = (z - middle) * self.camera.K[0, 0] / middle
        return np.concatenate([xy, depth[:, None]], 1)


def visible(
    points: np.ndarray, view: View, depth: np.ndarray, samples: float, slack: np.ndarray | float
) -> np.ndarray:
    """(n,) bool: points (n, 3) in camera axes with a place within a pixel where nothing that is
    drawn (`depth`, samples of the picture) lies more than `slack` before them."""
    place = np.floor(view.camera.project(points) * samples).astype(np.int64)
    result = np.zeros(len(points), bool)
    least = np.ascontiguousarray(points[:, 2] - slack, np.float64)
    compiled().uncovered(depth, place, least, round(samples), result)
    return result


@cache
def openings(scheme: str) -> tuple[Opening, ...]:
    """What a blink of the mean head leaves between the lids, and their gap at rest."""
    model = face_model()
    shut = np.array([float(name in BLINKS) for name in model.expression_names])
    name = "ibug68-3d" if scheme == "ibug68" else scheme
    rest, closed = (model.points(name, model.vertices(None, w)) for w in (0 * shut, shut))
    return tuple(Opening(eye.gaps(closed), float(eye.gaps(rest).mean())) for eye in EYES[scheme])


def labels(
    vertices: np.ndarray, view: View, depth: np.ndarray, samples: float
) -> tuple[tuple[Labels, ...], np.ndarray]:
    """`mesh478`, `ibug68` and `ibug68-3d` of the small head's vertices (n, 3) in head axes, and the
    face's box (4,)."""
    model = face_model()
    found = []
    for scheme in ("mesh478", "ibug68", "ibug68-3d"):
        if scheme == "ibug68":
            points = contour68(model, vertices, view.R_camera_head)
        else:
            points = model.points(scheme, vertices)
        points = view.seen(meeting(points, EYES[scheme], openings(scheme)))
        slack = np.full(len(points), SLACK)
        if scheme == "mesh478":
            slack[IRISES] = IRIS_SLACK
        shown = visible(points, view, depth, samples, slack)
        pixels = view.pixels(points)
        found.append(Labels(pixels[:, :2] if scheme == "ibug68" else pixels, scheme, shown))
    box = box_of(outline_of_mesh(found[0].points))
    return tuple(found), box


def attributes(moment: Moment, identity: np.ndarray, kind: str) -> dict[str, float | bool | str]:
    """Every expression weight as `expression/<name>`, modes (I,) of the shipped head as
    `identity/00` ..., the gaze in degrees, and `synthetic`."""
    result: dict[str, float | bool | str] = {"synthetic": kind}
    result |= {f"expression/{name}": float(moment.expression.get(name, 0.0)) for name in ARKIT52}
    result |= {f"identity/{mode:02d}": float(value) for mode, value in enumerate(identity)}
    for side in ("Right", "Left"):
        left, up = moment.gaze[side]
        result |= {f"gaze/{side.lower()}_left": float(left), f"gaze/{side.lower()}_up": float(up)}
    return result
