"""One face as a network will see it, and the one map that moves all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from bauta import schemes
from bauta.geometry import affine

Image = np.ndarray
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class View:
    """A picture and everything that is known of the face in it, in pixels of the picture."""

    image: Image
    """(H, W, 3) uint8 RGB."""
    points: dict[str, np.ndarray]
    """Scheme -> (K, 2 or 3) float32, NaN where unknown. Points outside of the picture stay."""
    weights: dict[str, np.ndarray]
    """Scheme -> (K,) >= 0."""
    visible: dict[str, np.ndarray] = field(default_factory=dict)
    """Scheme -> (K,) float32: 1 visible, 0 hidden, NaN unknown."""
    pose: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    """Yaw, pitch, roll in degrees."""
    frame: tuple[float, float, float, float] = (np.nan, np.nan, np.nan, np.nan)
    """Centre x, y, side and angle (radians, clockwise) of the face's own square."""
    outline: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    """(M, 2) outline of the face, forehead included."""
    mirrored: bool = False
    """A mirror image of what was packed."""

    def with_image(self, image: Image) -> View:
        """The same face in other pixels."""
        return dataclasses.replace(self, image=image)


def wrapped(degrees: float) -> float:
    """The same angle in -180..180."""
    return (degrees + 180.0) % 360.0 - 180.0


def turn_of(T: np.ndarray) -> float:
    """Radians by which T (2, 3) turns clockwise on screen, before the mirror image if it is one."""
    sign = -1.0 if is_mirrored(T) else 1.0
    return float(np.arctan2(T[1, 0], sign * T[0, 0]))


def is_mirrored(T: np.ndarray) -> bool:
    """Whether T (2, 3) swaps left and right: its determinant is negative."""
    return bool(T[0, 0] * T[1, 1] < T[0, 1] * T[1, 0])


def moved(view: View, T: np.ndarray, paint: Callable[[Image], Image]) -> View:
    """The view under T (2, 3), a similarity or the mirror image of one; `paint` moves the pixels.

    A mirror image puts every point in the place of its partner, negates yaw and roll, and the
    face's angle. A turn adds to roll and angle. z is scaled.
    """
    mirrored, turn = is_mirrored(T), turn_of(T)
    points, weights, visible = {}, {}, {}
    for scheme, old in view.points.items():
        new = affine.apply(T, old)
        order = schemes.get(scheme).mirror if mirrored else slice(None)
        points[scheme], weights[scheme] = new[order], view.weights[scheme][order]
        if scheme in view.visible:
            visible[scheme] = view.visible[scheme][order]
    sign = -1.0 if mirrored else 1.0
    x, y, side, angle = view.frame
    center = T[:, :2] @ (x, y) + T[:, 2]
    yaw, pitch, roll = view.pose
    return View(
        paint(view.image),
        points,
        weights,
        visible,
        (sign * yaw, pitch, sign * wrapped(roll + float(np.degrees(turn)))),
        (float(center[0]), float(center[1]), side * affine.scale_of(T), sign * (angle + turn)),
        affine.apply(T, view.outline),
        view.mirrored != mirrored,
    )


def warp(view: View, T: np.ndarray, size: int, border: int = cv2.BORDER_CONSTANT) -> View:
    """The view in a crop of `size` pixels, T = T_crop_view; `border` fills what lies outside."""

    def paint(image: Image) -> Image:
        return cv2.warpAffine(image, affine.for_opencv(T), (size, size), borderMode=border)

    return moved(view, T, paint)
