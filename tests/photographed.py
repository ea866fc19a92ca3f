"""A photograph of a head of the face model with coloured dots on some of its points."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.crop import mesh_rotation
from bauta.data.sample import Labels, Sample
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles, to_angles
from bauta.render.raster import rasterise

SIDE = 480
CAMERA = Camera.of_fov(SIDE, SIDE, 20.0)
WHERE = np.array([0.0, 0.0, 110.0])
DOTS = {
    33: (255, 0, 0),
    263: (0, 255, 0),
    1: (0, 0, 255),
    61: (255, 255, 0),
    291: (255, 0, 255),
    152: (0, 255, 255),
}
"""Row of the 478 -> colour: outer eye corners (right, left), nose tip, mouth corners, chin."""
RADIUS = 3


def photographed(
    yaw: float = 0.0, pitch: float = 0.0, person: str = "somebody", lift: float = 0.0
) -> Sample:
    """A grey head before a background that grows brighter to the right.

    `lift` pixels by which the labels of the outer eye corners, with their dots, lie higher than any
    head has them; those about them a little less.
    """
    model = face_model()
    weights = model.weights({"jawOpen": 0.1})
    R = from_angles(yaw, pitch, 0.0)
    head = model.vertices(np.array([1.0, -0.8, 0.5]), weights)
    seen = head @ R.T + WHERE
    raster = rasterise(seen, model.triangles, CAMERA, (SIDE, SIDE), samples=2)
    grey = 120 + 40 * np.sin(head @ np.array([0.9, 0.7, 0.5]))
    colour, cover = raster.shade(model.triangles, np.repeat(grey[:, None], 3, 1))
    behind = np.tile(np.linspace(40, 90, SIDE)[None, :, None], (SIDE, 1, 3))
    image = np.rint(colour + (1 - cover[..., None]) * behind).astype(np.uint8)
    points = model.points("mesh478", seen)
    z = (points[:, 2] - points[:, 2].mean()) * CAMERA.K[0, 0] / points[:, 2].mean()
    mesh = np.column_stack([CAMERA.project(points), z])
    for row in (33, 263):
        away = np.linalg.norm(points - points[row], axis=1)
        mesh[:, 1] -= lift * np.exp(-(away**2) / (2 * 1.5**2))
    bone = CAMERA.project(model.points("ibug68-3d", seen))
    for row, shade in DOTS.items():
        at = np.rint((mesh[row, :2] - 0.5) * 16).astype(int).tolist()
        cv2.circle(image, at, RADIUS * 16, shade, -1, cv2.LINE_AA, 4)
    labels = (Labels(mesh, "mesh478"), Labels(bone, "ibug68-3d"))
    pose = to_angles(mesh_rotation(mesh))
    return Sample("made", lambda: image, labels, pose=pose, person=person, licence="ours")


def dot(image: np.ndarray, row: int) -> np.ndarray | None:
    """Middle (2,) of the dot of a point in a picture, pixels; None where it is not seen."""
    shade = np.array(DOTS[row], int)
    other = image.astype(int)
    bright, dark = other[..., shade == 255].min(-1), other[..., shade == 0].max(-1)
    weight = np.clip(bright - dark, 0, None).astype(float)
    weight[weight < 60] = 0
    if weight.sum() < 255 * 3:
        return None
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
