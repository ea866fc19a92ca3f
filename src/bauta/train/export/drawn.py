"""Drawn faces: crops to compare and check files with, where no picture of anyone is at hand."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.crop import place
from bauta.geometry import affine
from bauta.geometry.rotation import from_angles
from bauta.tables import mesh478

PARTS = (
    ("face_oval", (196, 148, 122)),
    ("left_eyebrow", (70, 48, 40)),
    ("right_eyebrow", (70, 48, 40)),
    ("left_eye", (236, 232, 228)),
    ("right_eye", (236, 232, 228)),
    ("lips", (168, 74, 78)),
)
"""Edges of the mesh whose hull is filled, and RGB."""


def drawn_crops(size: int, count: int = 8, seed: int = 0) -> np.ndarray:
    """(count, size, size, 3) uint8: the canonical face in plain colours, turned and lit at random,
    framed as the tracker frames a face."""
    rng = np.random.default_rng(seed)
    return np.stack([_drawn(rng, size) for _ in range(count)])


def _drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    face = mesh478()["canonical"].astype(np.float64)
    yaw, pitch, roll = rng.uniform(-25, 25), rng.uniform(-15, 15), rng.uniform(-10, 10)
    mesh = (face @ from_angles(yaw, pitch, roll).T) * 20
    points = affine.apply(place(mesh, "mesh478").roi.transform(size), mesh)[:, :2]
    across = np.linspace(0, 1, size)[:, None] * rng.uniform(0.3, 1) + rng.uniform(0, 0.5)
    image = (np.tile(across[..., None], (1, size, 3)) * rng.uniform(60, 160, 3)).astype(np.uint8)
    for name, colour in PARTS:
        part = points[np.unique(mesh478()[f"edges_{name}"]).astype(int)]
        hull = cv2.convexHull(np.round((part - 0.5) * 16).astype(np.int32))
        cv2.fillConvexPoly(image, hull, colour, cv2.LINE_AA, 4)
    for iris in (points[[33, 133]].mean(0), points[[263, 362]].mean(0)):
        centre = np.round((iris - 0.5) * 16).astype(int).tolist()
        cv2.circle(image, centre, round(size * 0.35), (50, 40, 36), -1, cv2.LINE_AA, 4)
    light = rng.uniform(0.7, 1.15) + rng.uniform(-0.3, 0.3) * np.linspace(-1, 1, size)
    noise = rng.normal(0, 4, (size, size, 1))
    return np.clip(image * light[None, :, None] + noise, 0, 255).astype(np.uint8)
