"""Where the eyes look: the ray through the middle of an iris meets the eyeball."""

from __future__ import annotations

import math

import numpy as np

from bauta.geometry.camera import Camera
from bauta.morphable.model import LOOK_DEGREES, SIDES

WIDEST = np.array([45.0, 35.0])
"""Degrees sideways and up or down beyond which no eye turns."""
MOST_KAPPA, KAPPA_FRAMES = 8.0, 30
"""Degrees; and frames after which half of what was seen is believed."""


class Kappa:
    """How far a person's lines of sight lie inward of the axes of their eyes, which is what irises
    show: about 5 degrees in most (angle kappa; Atchison and Smith, Optics of the Human Eye, 2000).
    On the model's eyeballs, which are larger, it reads as less.

    What the axes of two open eyes part on the average of a clip is taken for it, as far as there
    have been frames; until then it is the `usual`, degrees. With 0 eyes are the model's own.
    """

    def __init__(self, usual: float = 0.0) -> None:
        self._usual = usual
        self._sum, self._frames = usual * KAPPA_FRAMES, 0

    def add(self, angles: np.ndarray) -> None:
        """A frame with both eyes open: `angles` (2, 2) of the axes, right eye first."""
        self._sum += half_apart(angles)
        self._frames += 1

    @property
    def degrees(self) -> float:
        """0 to `MOST_KAPPA`."""
        return min(max(self._sum / (self._frames + KAPPA_FRAMES), 0.0), MOST_KAPPA)

    def inward(self, angles: np.ndarray) -> float:
        """By how much each of two open eyes of `angles` (2, 2) has to turn inward: as much as this
        person's do, and until they part no more, as nobody's lines of sight do."""
        return max(self.degrees, half_apart(angles)) if self._usual else self.degrees


def half_apart(angles: np.ndarray) -> float:
    """Degrees by which each of two eyes, `angles` (2, 2), right one first, looks outward of where
    both would look alike; negative when they look inward."""
    return float(angles[1, 0] - angles[0, 0]) / 2


def gaze_angles(
    camera: Camera,
    R: np.ndarray,
    t: np.ndarray,
    centres: np.ndarray,
    radius: np.ndarray,
    irises: np.ndarray,
) -> np.ndarray:
    """(2, 2) degrees to the subject's left and up of the middle of each iris, seen from the centre
    of its eyeball, in the head.

    `R`, `t` head to camera, eye `centres` (2, 3) and `radius` (2,) in head axes, `irises` (2, 2)
    undistorted pixels. A ray that misses the eyeball counts where it passes nearest.
    """
    ray = camera.at_depth(irises, np.ones(2))
    away = -(t @ R) - centres
    found = zip((ray @ R).tolist(), away.tolist(), radius.tolist(), strict=True)
    return within(np.array([_angles(*eye) for eye in found]), WIDEST)


def within(angles: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Angles no further than `most` from 0."""
    return np.minimum(np.maximum(angles, -most), most)


def _angles(ray: list[float], away: list[float], radius: float) -> tuple[float, float]:
    """Degrees to the left and up of where a ray from `away` meets a ball about the origin first."""
    (x, y, z), (a, b, c) = ray, away
    square = x * x + y * y + z * z
    along = (a * x + b * y + c * z) / square
    inside = along * along - (a * a + b * b + c * c - radius * radius) / square
    way = -along - math.sqrt(max(inside, 0.0))
    x, y, z = a + way * x, b + way * y, c + way * z
    left, up = math.atan2(x, max(z, 1e-6)), math.atan2(y, math.hypot(x, z))
    return math.degrees(left), math.degrees(up)


def angles_of(directions: np.ndarray) -> np.ndarray:
    """(n, 2) degrees to the left and up of directions (n, 3) in head axes, of any length."""
    x, y, z = directions.T
    left = np.arctan2(x, np.maximum(z, 1e-6))
    up = np.arctan2(y, np.sqrt(x * x + z * z))
    return np.degrees(np.stack([left, up], 1))


def gaze_direction(angles: np.ndarray) -> np.ndarray:
    """(..., 3) unit vectors in head axes of angles (..., 2) in degrees to the left and up."""
    left, up = np.radians(angles[..., 0]), np.radians(angles[..., 1])
    return np.stack([np.sin(left) * np.cos(up), np.sin(up), np.cos(left) * np.cos(up)], -1)


def look_weights(angles: np.ndarray) -> dict[str, float]:
    """The eight `eyeLook` weights of gaze angles (2, 2), right eye first."""
    result = {}
    for side, (left, up) in zip(reversed(SIDES), angles.tolist(), strict=True):
        outward = left if side == "Left" else -left
        turn = {"Out": outward, "In": -outward, "Up": up, "Down": -up}
        for way, degrees in turn.items():
            result[f"eyeLook{way}{side}"] = min(max(degrees / LOOK_DEGREES[way], 0.0), 1.0)
    return result
