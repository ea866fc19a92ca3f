"""Where each frame of the demo clip puts the photograph.

    p_frame = c(t) + s(t) R(roll(t)) diag(q(t), 1) (p_picture - PIVOT)

with the place c, the scale s, the roll and the squeeze q (below 1 narrows the face, as a turn of
the head does) as monotone cubics through `KEYS` (Fritsch and Carlson 1980): smooth, without
overshoot, and exactly constant between equal keys. Time t counts frames; frame k is shown at
k / RATE seconds.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bauta.checks import InputError
from bauta.geometry import affine

FRAMES = 220
RATE = 25.0
"""Frames a second."""
SIZE_WH = (640, 480)
PICTURE_WH = (512, 512)

PIVOT = (224.0, 130.0)
"""Middle of the face in the picture, pixels: the point that `KEYS` place."""
FACE = (180.0, 70.0, 272.0, 180.0)
"""Box x1 y1 x2 y2 of the face in the picture, from the fringe to under the chin."""
HEAD = (150.0, 12.0, 304.0, 190.0)
"""Box of the head with its hair."""

STILL = range(26, 58)
"""Frames in which nothing moves and the light stays: only the noise differs."""
FAST = range(138, 146)
"""Frames of the fast move, 230 pixels in 8 frames."""

# frame, x and y of the pivot in the frame (pixels), scale, roll (degrees, > 0 clockwise), squeeze
KEYS = np.array(
    [
        (0, 300, 225, 1.45, -4, 1.00),
        (22, 320, 240, 1.60, 0, 1.00),
        (58, 320, 240, 1.60, 0, 1.00),
        (76, 360, 250, 1.50, 25, 1.00),
        (92, 280, 235, 1.70, -10, 0.94),
        (104, 265, 240, 1.75, -25, 0.94),
        (124, 380, 265, 1.80, 4, 1.00),
        (134, 430, 235, 1.30, 6, 1.00),
        (137, 430, 235, 1.30, 6, 1.00),
        (145, 200, 250, 1.30, -6, 1.00),
        (160, 240, 235, 1.50, 0, 1.00),
        (176, 780, 230, 1.45, 10, 1.00),
        (190, 780, 230, 1.45, 10, 1.00),
        (204, 330, 245, 1.60, -5, 1.00),
        (219, 320, 235, 1.60, 0, 1.00),
    ],
    dtype=np.float64,
)


@cache
def _slopes() -> np.ndarray:
    """Slope of each value at each key: 0 at a turn or a rest, else both sides' harmonic mean."""
    rise = np.diff(KEYS[:, 1:], axis=0) / np.diff(KEYS[:, :1], axis=0)
    before, after = rise[:-1], rise[1:]
    same = before * after > 0
    inner = 2 * before * after / np.where(same, before + after, 1.0)
    slopes = np.zeros_like(KEYS[:, 1:])
    slopes[1:-1] = np.where(same, inner, 0.0)
    return slopes


def _values(time: float) -> np.ndarray:
    """x, y, scale, roll, squeeze at a time in frames, by cubic Hermite interpolation."""
    if not -0.5 <= time <= FRAMES - 0.5:
        raise InputError(f"index: expected 0 to {FRAMES - 1}, got {time}")
    time = min(max(time, KEYS[0, 0]), KEYS[-1, 0])
    left = min(int(np.searchsorted(KEYS[:, 0], time, side="right")) - 1, len(KEYS) - 2)
    step = KEYS[left + 1, 0] - KEYS[left, 0]
    u = (time - KEYS[left, 0]) / step
    value = KEYS[left, 1:] + (3 - 2 * u) * u * u * (KEYS[left + 1, 1:] - KEYS[left, 1:])
    start, stop = _slopes()[left], _slopes()[left + 1]
    return value + step * u * (1 - u) * ((1 - u) * start - u * stop)


def T_frame_picture(index: float) -> np.ndarray:
    """Affine map (2, 3) float64 from pixels of the picture to pixels of frame `index`.

    A fraction gives the time between frames, as while a shutter is open. InputError outside of the
    clip.
    """
    x, y, scale, roll, squeeze = _values(float(index))
    cos, sin = scale * np.cos(np.radians(roll)), scale * np.sin(np.radians(roll))
    linear = np.array([[squeeze * cos, -sin], [squeeze * sin, cos]])
    return np.column_stack([linear, (x, y) - linear @ PIVOT])


def T_frame_frame(to: float, origin: float) -> np.ndarray:
    """Affine map (2, 3), pixels: where a spot of the picture goes from frame `origin` to `to`."""
    return affine.compose(T_frame_picture(to), affine.invert(T_frame_picture(origin)))


def _bounds(index: int, box: tuple[float, float, float, float]) -> np.ndarray:
    """x1 y1 x2 y2 in frame `index` around a box of the picture."""
    x1, y1, x2, y2 = box
    corners = affine.apply(
        T_frame_picture(index), np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    )
    return np.concatenate([corners.min(0), corners.max(0)])


def visibility(index: int) -> str:
    """How much of the face frame `index` shows: "full", "part", or "none" (nor any of the hair)."""
    width, height = SIZE_WH
    x1, y1, x2, y2 = _bounds(index, FACE)
    if x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height:
        return "full"
    x1, y1, x2, y2 = _bounds(index, HEAD)
    return "none" if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height else "part"


@cache
def frames_showing(how: str) -> np.ndarray:
    """Indices of the frames whose `visibility` is "full", "part" or "none"."""
    if how not in ("full", "part", "none"):
        raise InputError(f"how: unknown {how!r}; choose one of full, part, none")
    return np.array([index for index in range(FRAMES) if visibility(index) == how])
