"""What the fit says of one face in one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bauta.fit.gaze import gaze_direction
from bauta.geometry.camera import Camera
from bauta.morphable.arkit import ARKIT52, UNSUPPORTED
from bauta.morphable.model import FaceModel


@dataclass(frozen=True, eq=False)
class HeadFit:
    """The head of the face model that explains the points. Axes in docs/conventions.md."""

    R_camera_head: np.ndarray
    """(3, 3)"""
    t_camera_head: np.ndarray
    """(3,) centimetres: the model's origin in camera axes."""
    size: float
    """Size of the head over the mean head's: vertices of the model times this are centimetres."""
    identity: np.ndarray
    """(I,) coefficients of the model's first modes, standard deviations."""
    weights: np.ndarray
    """(E,) 0..1, in the order of `names`."""
    names: tuple[str, ...]
    """(E,) the model's expressions."""
    gaze: np.ndarray
    """(2, 2) degrees to the subject's left and up, in the head, of the right and the left eye."""
    visible: np.ndarray
    """(478,) bool: which points of the mesh face the camera."""
    residual: float
    """Root mean square distance of the fitted points from the seen, pixels."""
    camera: Camera
    shapes: np.ndarray | None = None
    """(E,) the weights as a profile calibrates them; None without one. `weights` make the mesh."""

    @property
    def matrix(self) -> np.ndarray:
        """(4, 4) T_camera_head, centimetres."""
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = self.R_camera_head, self.t_camera_head
        return T

    @cached_property
    def blendshapes(self) -> Mapping[str, float]:
        """The 52 ARKit weights by name, 0..1, calibrated where a profile was given; those of
        `UNSUPPORTED` are 0."""
        return self._named(self.weights if self.shapes is None else self.shapes)

    @property
    def mesh_shapes(self) -> Mapping[str, float]:
        """The same of the weights that make the mesh, whatever the profile."""
        return self._named(self.weights)

    def _named(self, weights: np.ndarray) -> dict[str, float]:
        own = dict(zip(self.names, weights.tolist(), strict=True))
        return {name: 0.0 if name in UNSUPPORTED else own.get(name, 0.0) for name in ARKIT52}

    def gaze_directions(self) -> np.ndarray:
        """(3, 3) unit vectors in camera axes: right eye, left eye, both together."""
        each = gaze_direction(self.gaze)
        both = gaze_direction(self.gaze.mean(0))
        return np.concatenate([each, both[None]]) @ self.R_camera_head.T

    def vertices(self, model: FaceModel) -> np.ndarray:
        """(V, 3) the model's vertices in head axes, centimetres."""
        return model.vertices(self.identity, self.weights) * np.float32(self.size)

    def project(self, head: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of points (..., 3) in head axes, centimetres."""
        return self.camera.project(head @ self.R_camera_head.T + self.t_camera_head)

    def lifted(self, model: FaceModel, rows: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """(n, 3) centimetres in camera axes of what is seen at `pixels` (n, 2), at the depths that
        the points `rows` (n,) of the mesh have on the fitted head."""
        embedding = model.embeddings["mesh478"]
        corners = model.triangles[embedding.triangle[rows]]
        head = model.vertices(self.identity, self.weights, corners.ravel()).reshape(-1, 3, 3)
        points = (head * embedding.weight[rows][:, :, None]).sum(1) * self.size
        z = points @ self.R_camera_head[2] + self.t_camera_head[2]
        return self.camera.at_depth(self.camera.undistorted(pixels), z)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and names, rounded as in docs/records.md."""
        K = self.camera.K
        record = {
            "blendshapes": {name: round(value, 4) for name, value in self.blendshapes.items()},
            "identity": np.round(self.identity.astype(np.float64), 4).tolist(),
            "size": round(self.size, 5),
            "gaze": np.round(self.gaze.astype(np.float64), 3).tolist(),
            "hidden": np.flatnonzero(~self.visible).tolist(),
            "residual": round(self.residual, 3),
            "camera": np.round([K[0, 0], K[1, 1], K[0, 2], K[1, 2]], 3).tolist(),
        }
        if self.shapes is not None:
            record["weights"] = np.round(self.weights.astype(np.float64), 4).tolist()
        if len(self.camera.distortion):
            record["distortion"] = self.camera.distortion.tolist()
        return record
