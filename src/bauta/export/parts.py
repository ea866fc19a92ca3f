"""Plain colours of the model's parts, for heads without a texture and for what no picture shows."""

from __future__ import annotations

import numpy as np

from bauta.morphable.model import FaceModel

SKIN = (0.80, 0.60, 0.50)
COLOURS = {
    "teeth": (0.86, 0.83, 0.76),
    "mouth_socket": (0.35, 0.10, 0.10),
    "eye_socket_left": (0.62, 0.42, 0.38),
    "eye_socket_right": (0.62, 0.42, 0.38),
    "eyeball_left": (0.88, 0.87, 0.85),
    "eyeball_right": (0.88, 0.87, 0.85),
}
"""Linear RGB 0..1; parts that are not named are skin."""
IRIS, PUPIL = (0.16, 0.09, 0.05), (0.01, 0.01, 0.01)
IRIS_DEGREES, PUPIL_DEGREES = 28.0, 10.0
"""Seen from the middle of the eye, from its axis: an iris of 11.7 mm on an eyeball of 24 mm."""


def inner_parts(model: FaceModel) -> list[str]:
    """The parts that are neither skin nor an eyeball."""
    return [name for name in model.part_names if name in COLOURS and not name.startswith("eyeball")]


def srgb(linear: np.ndarray) -> np.ndarray:
    """Linear RGB 0..1 as sRGB 0..1 (IEC 61966-2-1)."""
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def part_colours(model: FaceModel, neutral: np.ndarray) -> np.ndarray:
    """(V, 3) linear RGB 0..1 of vertices: by their part, and the irises of eyes, which look along z
    in `neutral` (V, 3)."""
    table = np.array([COLOURS.get(name, SKIN) for name in model.part_names])
    colours = table[model.part]
    for eye in model.eyes.values():
        spokes = neutral[eye.rows] - eye.weight @ neutral[eye.rows]
        away = np.degrees(np.arccos(spokes[:, 2] / np.linalg.norm(spokes, axis=1)))
        colours[eye.rows[away < IRIS_DEGREES]] = IRIS
        colours[eye.rows[away < PUPIL_DEGREES]] = PUPIL
    return colours
