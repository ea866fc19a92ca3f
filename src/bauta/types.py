"""Results: what the tracker says of one face in one frame. The border between both halves.

Everything before a `FaceState` produces it; records, drawing and scores only read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bauta import schemes
from bauta.assets.face import face_model
from bauta.checks import InputError, check_array, check_choice
from bauta.fit.blink import Blink
from bauta.fit.result import HeadFit
from bauta.geometry.frames import quaternion
from bauta.geometry.rotation import is_rotation, to_angles

POINT_SETS = {"ibug68": "points68", "ibug68-3d": "points68_3d", "mesh478": "mesh"}
"""Scheme -> field of `FaceState` that holds its points."""
LID_MIDDLES478 = ((159, 145), (386, 374))
"""Middles of the upper and lower lid in the mesh, right eye first."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Rotation of the head. `matrix` (4, 4) head-to-camera in centimetres, or None when unknown."""

    R_camera_head: np.ndarray
    """(3, 3) float32; axes in docs/conventions.md."""
    matrix: np.ndarray | None = None

    def __post_init__(self) -> None:
        R = check_array(self.R_camera_head, (3, 3), "R_camera_head")
        if not is_rotation(R):
            raise InputError("R_camera_head: expected a proper rotation")
        object.__setattr__(self, "R_camera_head", R)
        if self.matrix is not None:
            object.__setattr__(self, "matrix", check_array(self.matrix, (4, 4), "matrix"))

    @property
    def angles(self) -> tuple[float, float, float]:
        """(yaw, pitch, roll) in degrees."""
        return to_angles(self.R_camera_head.astype(np.float64))

    @property
    def quaternion(self) -> np.ndarray:
        """(4,) w x y z, w >= 0, of `R_camera_head`."""
        return quaternion(self.R_camera_head.astype(np.float64))

    @property
    def yaw(self) -> float:
        """Degrees; > 0 when the subject turns to their own left (to the right in the image)."""
        return self.angles[0]

    @property
    def pitch(self) -> float:
        """Degrees; > 0 looking up."""
        return self.angles[1]

    @property
    def roll(self) -> float:
        """Degrees; > 0 when the head tilts to the right in the image."""
        return self.angles[2]


@dataclass(frozen=True, eq=False)
class FaceState:
    """One face in one frame. Pixels of the picture that was given in; z grows away from the camera.

    Point sets are zero-mean in z, each on its own. A set that the model does not predict is empty,
    (0, 3); at least one is not.
    """

    id: int
    """Stable over a clip, from 0; a person who was lost and found again may get a new one."""
    time: float
    """Seconds."""
    box: np.ndarray
    """(4,) float32 x1 y1 x2 y2, the box of the mesh points; without a mesh, that of the points and
    of the canonical face that fits them, forehead to chin."""
    score: float
    """0..1, the regressor's belief that its crop holds a face."""
    mesh: np.ndarray
    """(478, 3) float32, scheme `mesh478`."""
    points68: np.ndarray
    """(68, 3) float32, scheme `ibug68`: the visible contour. z is that of the anatomical points, or
    of the canonical face where the model does not predict these: a hint of depth only."""
    points68_3d: np.ndarray
    """(68, 3) float32, scheme `ibug68-3d`: the jaw on the bone."""
    pose: Pose
    sigma: dict[str, np.ndarray] = field(default_factory=dict)
    """Scheme name -> (points,) float32, expected distance from the truth in pixels."""
    fit: HeadFit | None = None
    """The head of the face model that explains the points; None with `fit=False`, or when the model
    does not predict the mesh."""
    blink: Blink | None = None
    """A blink that ended in this frame, or in the one before."""
    seen_shapes: np.ndarray | None = None
    """(E,) float32 0..1 in the order of the face model: what the network believes of the expression
    besides the points, which the fit takes into account; None where it says nothing. Records do
    not have it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", check_array(self.box, (4,), "box"))
        for scheme, name in POINT_SETS.items():
            points = getattr(self, name)
            count = schemes.get(scheme).count if np.size(points) else 0
            object.__setattr__(self, name, check_array(points, (count, 3), name))
        if not any(len(getattr(self, name)) for name in POINT_SETS.values()):
            raise InputError(f"points: expected at least one of {', '.join(POINT_SETS.values())}")
        sigma = {
            key: check_array(s, (schemes.get(key).count,), f"sigma[{key}]")
            for key, s in self.sigma.items()
        }
        object.__setattr__(self, "sigma", sigma)
        if self.seen_shapes is not None:
            count = len(face_model().expression_names)
            shapes = check_array(self.seen_shapes, (count,), "seen_shapes")
            object.__setattr__(self, "seen_shapes", shapes)
        if not np.isfinite(self.time):
            raise InputError(f"time: expected finite seconds, got {self.time}")
        if (self.box[2:] < self.box[:2]).any():
            raise InputError(f"box: expected x1 <= x2 and y1 <= y2, got {self.box.tolist()}")
        if not 0.0 <= self.score <= 1.0:
            raise InputError(f"score: expected 0..1, got {self.score}")

    def with_head(self, pose: Pose, fit: HeadFit | None, blink: Blink | None) -> FaceState:
        """The same face with what the face model says of it. Its points have been checked."""
        new = object.__new__(FaceState)
        vars(new).update(vars(self) | {"pose": pose, "fit": fit, "blink": blink})
        return new

    def points(self, scheme: str) -> np.ndarray:
        """(points, 3) of any scheme of `bauta.schemes`, pixels.

        `ibug68`, `ibug68-3d` and `mesh478` as the model predicts them, (0, 3) when it does not;
        the others read off these (docs/schemes.md says how exact). InputError when unknown.
        """
        if scheme in POINT_SETS:
            return getattr(self, POINT_SETS[scheme])
        check_choice(scheme, schemes.names(), "scheme")
        for step in schemes.maps():
            if step.target == scheme and step.exact and step.source in POINT_SETS:
                source = self.points(step.source)
                if len(source):
                    return schemes.convert(source, step.source, scheme)
        if len(self.mesh):
            return schemes.embedding(scheme).apply(self.mesh).astype(np.float32)
        if not len(self.points68):
            return np.zeros((0, 3), np.float32)
        return schemes.convert(self.points68, "ibug68", scheme)

    @property
    def blendshapes(self) -> Mapping[str, float]:
        """The 52 ARKit weights by name, 0..1; empty without a fit."""
        return self.fit.blendshapes if self.fit else {}

    @property
    def identity(self) -> np.ndarray:
        """(I,) coefficients of the face model, standard deviations; (0,) without a fit."""
        return self.fit.identity if self.fit else np.zeros(0)

    def eye_gap(self) -> tuple[float, float]:
        """Gap between the lids of the (right, left) eye in millimetres, in space: of the mesh's
        lids, at the depths they have on the fitted head. NaN without a fit."""
        if self.fit is None:
            return (float("nan"), float("nan"))
        rows = np.ravel(LID_MIDDLES478)
        there = self.fit.lifted(face_model(), rows, self.mesh[rows, :2].astype(np.float64))
        right, left = (10 * np.linalg.norm(there[::2] - there[1::2], axis=1)).tolist()
        return right, left

    @property
    def eye_openness(self) -> tuple[float, float]:
        """Lid gap over eye width of the subject's (right, left) eye; about 0.3 open, < 0.1 shut.

        From the mesh; without one from the 68 points.
        """
        points, eyes = self.mesh, (schemes.RIGHT_EYE478, schemes.LEFT_EYE478)
        if not len(points):
            points = self.points68 if len(self.points68) else self.points68_3d
            eyes = (np.arange(36, 42), np.arange(42, 48))
        right, left = (float(schemes.eye_aspect_ratio(points[eye])) for eye in eyes)
        return right, left

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and names: the face as a line of JSONL has it (docs/records.md),
        rounded as there, with its `time`. InputError when a sigma is not finite."""
        record: dict[str, Any] = {
            "time": round(float(self.time), 6),
            "id": int(self.id),
            "score": round(float(self.score), 4),
            "box": _rounded(self.box, 2),
            **{name: round(getattr(self.pose, name), 3) for name in ("yaw", "pitch", "roll")},
            "rotation": _rounded(self.pose.R_camera_head, 6),
        }
        if self.pose.matrix is not None:
            record["matrix"] = _rounded(self.pose.matrix, 6)
        record |= {name: _rounded(getattr(self, name), 2) for name in POINT_SETS.values()}
        record["sigma"] = {
            name: _rounded(check_array(sigma, (None,), f"sigma[{name}]"), 3)
            for name, sigma in self.sigma.items()
        }
        if self.fit is not None:
            record["fit"] = self.fit.to_dict()
        if self.blink is not None:
            moments = (self.blink.start, self.blink.closed, self.blink.end)
            record["blink"] = [round(t, 6) for t in moments]
        return record


def _rounded(values: np.ndarray, decimals: int) -> list[Any]:
    return np.round(values.astype(np.float64), decimals).tolist()
