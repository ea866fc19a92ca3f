"""A lifted photograph with its head turned: the picture, and every label where it then lies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.data.sample import Labels
from bauta.fit.solver import exp_so3
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles, to_angles
from bauta.morphable.contour import JAW, contour68
from bauta.render.raster import Raster, rasterise
from bauta.synth.profile.lift import (
    SIDE,
    Lifted,
    Marks,
    depth_pixels,
    skull_edges,
    turning_shares,
    unhidden,
)
from bauta.synth.profile.surroundings import outline, surroundings

WINDOW = 256
"""Pixels of a turned picture."""
SETTLED = 20.0
"""Degrees of turn from which what was seen at a grazing angle is drawn in smooth colours."""
HAIR = 5.0
"""Centimetres beside the face that are passed over where it turns to, at 90 degrees."""
GRAZING = -0.2
"""Cosine between the view and the skin about a point from which on the point is seen: its skin is
smoothed, and what lies behind an edge is found by the depth buffer."""
NECK_FADES = 0.4
"""Share of the turn below which the neck fades into the picture around it."""
SILHOUETTE = 2.0
"""Centimetres behind the nearest surface within which a point of the outline is not hidden."""


@dataclass(frozen=True, eq=False)
class Turned:
    """A lifted head after a turn. Pixels of the picture that `picture` draws."""

    lifted: Lifted
    turn: np.ndarray
    """(3, 3) rotation about the head's middle, in camera axes."""
    vertices: np.ndarray
    """(V, 3) camera axes, centimetres."""
    corner: np.ndarray
    """(2,) whole pixels of the texture where the picture begins."""

    @property
    def angle(self) -> float:
        """Radians of the turn."""
        return float(np.arccos(np.clip((np.trace(self.turn) - 1) / 2, -1, 1)))

    @property
    def camera(self) -> Camera:
        """The camera of the picture."""
        K = self.lifted.camera.K.copy()
        K[:2, 2] -= self.corner
        return Camera(K)

    @property
    def pose(self) -> tuple[float, float, float]:
        """Yaw, pitch, roll, degrees; the labels' own where nothing was turned."""
        return to_angles(self.turn @ self.lifted.R_labels)

    def raster(self) -> Raster:
        """What of the head is seen."""
        triangles = face_model().triangles
        return rasterise(self.vertices, triangles, self.camera, (WINDOW, WINDOW))

    def labels(self) -> tuple[Labels, ...]:
        """`mesh478`, `ibug68-3d`, `ibug68` with visibility by the depth buffer and the normals."""
        depth = self.raster().depth
        return tuple(self._label(marks, depth) for marks in self.lifted.marks)

    def _label(self, marks: Marks, depth: np.ndarray) -> Labels:
        points, normals = _about(self.lifted, self.turn, marks.points), marks.normals @ self.turn.T
        if marks.scheme == "ibug68":
            points[:JAW] = self._outline()
        seen = self.camera.project(points)
        towards = -(normals * points).sum(1) / np.linalg.norm(points, axis=1)
        free = unhidden(depth, seen, points[:, 2]) & (towards > GRAZING)
        if marks.scheme == "ibug68":
            jaw = unhidden(depth, seen[:JAW], points[:JAW, 2], SILHOUETTE)
            free[:JAW] = jaw
            seen[:JAW] += self.lifted.jaw_offset
        else:
            z = depth_pixels(self.camera, points) + marks.z * max(np.cos(self.angle), 0.0)
            seen = np.column_stack([seen, z])
        return Labels(seen, marks.scheme, visible=free, weight=marks.weight)

    def _outline(self) -> np.ndarray:
        """(17, 3) the visible outline from here, camera axes."""
        lifted = self.lifted
        head = (lifted.vertices - lifted.pivot) @ lifted.R
        R = self.turn @ lifted.R
        return contour68(face_model(), head, R)[:JAW] @ R.T + lifted.pivot

    def picture(self) -> np.ndarray:
        """(WINDOW, WINDOW, 3) uint8 RGB."""
        lifted, raster = self.lifted, self.raster()
        smooth = min(np.degrees(self.angle) / SETTLED, 1.0) * (1 - lifted.shown)
        foot = np.clip(turning_shares() / NECK_FADES, 0, 1)
        values = np.column_stack([lifted.places, foot, smooth, smooth[:, None] * lifted.colours])
        seen = raster.interpolate(face_model().triangles, values)
        places = cv2.split(seen[..., :2] - 0.5)
        photo = cv2.remap(lifted.texture, places[0], places[1], cv2.INTER_LINEAR)
        head = photo * (1 - seen[..., 3:4]) + seen[..., 4:]
        cover = (raster.triangle >= 0).astype(np.float32)
        cover = (np.minimum(cover, cv2.blur(cover, (3, 3))) * seen[..., 2])[..., None]
        return np.rint(head * cover + self._around() * (1 - cover)).astype(np.uint8)

    def _around(self) -> np.ndarray:
        lifted = self.lifted
        centre = lifted.camera.project(lifted.pivot)
        before = outline(_skull(lifted.places), centre)
        after = outline(_skull(lifted.camera.project(self.vertices)), centre)
        ahead = (self.turn @ lifted.R)[:2, 2] - lifted.R[:2, 2]
        ahead = ahead * HAIR * lifted.camera.K[0, 0] / lifted.pivot[2]
        window = (float(self.corner[0]), float(self.corner[1]), WINDOW)
        return surroundings(
            lifted.texture, centre, before, after, (float(ahead[0]), float(ahead[1])), window
        )


def turned(lifted: Lifted, yaw: float, pitch: float) -> Turned:
    """The head turned to `yaw` and `pitch` (degrees, as the labels count them), its roll kept."""
    own = to_angles(lifted.R_labels)
    target = from_angles(yaw, pitch, own[2])
    turn = target @ lifted.R_labels.T
    vertices = _about(lifted, turn, lifted.vertices, turning_shares())
    face = lifted.marks[0].points
    moved = lifted.camera.project(_about(lifted, turn, face)).mean(0)
    corner = np.rint(moved - WINDOW / 2)
    return Turned(lifted, turn, vertices, np.clip(corner, 0, SIDE - WINDOW))


def unturned(lifted: Lifted) -> Turned:
    """The head as it was photographed."""
    yaw, pitch, _ = to_angles(lifted.R_labels)
    return turned(lifted, yaw, pitch)


def _skull(places: np.ndarray) -> np.ndarray:
    """(n, 2) pixels along the edges of the skull, of all vertices' (V, 2): no gap between them."""
    first, second = (places[rows] for rows in skull_edges().T)
    return np.concatenate([first + (second - first) * part for part in (0, 0.25, 0.5, 0.75)])


def _about(
    lifted: Lifted, turn: np.ndarray, points: np.ndarray, share: np.ndarray | None = None
) -> np.ndarray:
    """Points (K, 3) turned about the head's middle, each by its `share` (K,) of the angle."""
    away = points - lifted.pivot
    if share is None or (share == 1).all():
        return away @ turn.T + lifted.pivot
    vector = cv2.Rodrigues(turn)[0].ravel()
    result = away @ turn.T
    levels = np.linspace(0, 1, 9)
    for level in levels[:-1]:
        rows = np.flatnonzero((share >= level) & (share < level + levels[1]))
        if not len(rows):
            continue
        low = away[rows] @ exp_so3(vector * level).T
        high = away[rows] @ exp_so3(vector * (level + levels[1])).T
        part = ((share[rows] - level) / levels[1])[:, None]
        result[rows] = low * (1 - part) + high * part
    return result + lifted.pivot
