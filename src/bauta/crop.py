"""The upright square of a picture that a regressor looks at, and the way back.

A crop is found from a detector's box (upright, not turned) or from the points of the frame before
(turned with the head). Both give the same framing, whatever the point order: the whole face,
forehead to chin, fills 1 / MARGIN of the side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.checks import InputError
from bauta.geometry import affine, boxes
from bauta.geometry.alignment import umeyama
from bauta.geometry.rotation import upright_angle
from bauta.head_pose import canonical_points, fit_camera, rotation_of
from bauta.tables import mesh478

MARGIN = 1.25
"""Side of the crop over the longer side of the points' box in the turned frame."""

BOX_SCALE = 1.27
BOX_SHIFT = 0.057
"""Side of the crop over sqrt(width * height) of a detector's box, and how far the crop's
centre lies below the box's over its height: medians over 4,773 faces of the two
sets with boxes (spread of the side 6 %, of the centre 2-3 %)."""


@dataclass(frozen=True)
class Roi:
    """A turned square: `center` (2,), `side` in pixels, `angle` in radians clockwise on screen;
    `mirrored` when it is to be seen as in a mirror."""

    center: np.ndarray
    side: float
    angle: float
    mirrored: bool = False

    def transform(self, size: int) -> np.ndarray:
        """T_crop_image (2, 3) for a crop of `size` pixels."""
        T = affine.similarity(self.center, self.side, self.angle, size)
        return affine.compose(affine.mirror(size), T) if self.mirrored else T


def mesh_rotation(mesh: np.ndarray) -> np.ndarray:
    """R_camera_head (3, 3) of a mesh (478, 3) in pixels.

    Similarity of the canonical face to the points (weak perspective), `umeyama`.
    """
    canonical = mesh478()["canonical"].astype(np.float64)
    points = mesh[: len(canonical)].astype(np.float64)
    return umeyama(canonical, points)[1]


def roi_of_points(points: np.ndarray, angle: float) -> Roi:
    """Roi around points (N, 2 or 3) when the head is turned by `angle`."""
    cos, sin = np.cos(angle), np.sin(angle)
    R_image_upright = np.array([[cos, -sin], [sin, cos]])
    low, high = boxes.corners(points[:, :2] @ R_image_upright)
    side = MARGIN * float(max(high - low))
    return Roi(R_image_upright @ ((low + high) / 2), max(side, 1.0), angle)


def roi_of_mesh(mesh: np.ndarray) -> Roi:
    """Roi of a mesh (478, 3) in pixels, turned so that the head is upright."""
    return roi_of_points(mesh[:468], upright_angle(mesh_rotation(mesh)))


@dataclass(frozen=True)
class Placement:
    """How a head lies in a picture, by the points of one scheme."""

    R_camera_head: np.ndarray
    """(3, 3)."""
    outline: np.ndarray
    """(N, 2 or 3) pixels: points that bound the whole face, forehead to chin; the first 468 are the
    canonical face's."""
    scale: float
    """Pixels a centimetre of the canonical face."""

    @property
    def roi(self) -> Roi:
        """The upright square around the face."""
        return roi_of_points(self.outline, upright_angle(self.R_camera_head))


def place(points: np.ndarray, scheme: str) -> Placement:
    """How the head lies, from points (K, 2 or 3) of a scheme in pixels.

    From a whole mesh by `umeyama`; from others by the canonical face seen by the weak-perspective
    camera that fits them, which stands in for the forehead. Points may be NaN. InputError when too
    few are known, or in a plane.
    """
    canonical = mesh478()["canonical"].astype(np.float64)
    if scheme == "mesh478" and points.shape[1] == 3 and np.isfinite(points).all():
        skin = points[: len(canonical)]
        scale, R, _ = umeyama(canonical, skin.astype(np.float64))
        return Placement(R, skin, scale)
    camera = fit_camera(canonical_points(scheme), points[None])[0]
    if not np.isfinite(camera).all():
        raise InputError(f"{scheme}: these points do not say how the whole face lies")
    face = canonical @ camera[:, :3].T + camera[:, 3]
    scale = float(np.linalg.svd(camera[:, :3], compute_uv=False).mean())
    seen = points[np.isfinite(points[:, :2]).all(1), :2]
    return Placement(rotation_of(camera), np.concatenate([face, seen]), scale)


def roi_of_box(box: np.ndarray) -> Roi:
    """Roi of a detector's box (4,) x1 y1 x2 y2, not turned."""
    width, height = box[2:] - box[:2]
    center = (box[:2] + box[2:]) / 2 + BOX_SHIFT * np.array([0.0, height])
    return Roi(center.astype(np.float64), max(BOX_SCALE * float(np.sqrt(width * height)), 1.0), 0.0)
