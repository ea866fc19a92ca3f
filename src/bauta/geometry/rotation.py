"""Head rotation: matrices, the three angles of docs/conventions.md, and the face's upright."""

from __future__ import annotations

import numpy as np

F = np.diag([1.0, -1.0, -1.0])
"""Head axes (x to the subject's left, y up, z out of the face) of a face that looks straight into
the camera, in camera axes (x right, y down, z forward)."""


def _about(axis: int, radians: float) -> np.ndarray:
    cos, sin = np.cos(radians), np.sin(radians)
    a, b = [k for k in range(3) if k != axis]
    R = np.eye(3)
    sign = -1.0 if axis == 1 else 1.0
    R[a, a] = R[b, b] = cos
    R[a, b], R[b, a] = -sign * sin, sign * sin
    return R


def from_angles(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """R_camera_head = Rz(roll) Ry(-yaw) Rx(-pitch) F; degrees in, (3, 3) out."""
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    return _about(2, roll) @ _about(1, -yaw) @ _about(0, -pitch) @ F


def to_angles(R_camera_head: np.ndarray) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in degrees; the inverse of `from_angles` for |yaw| < 90.

    At |yaw| = 90 roll and pitch turn about one axis; roll is then returned as 0.
    """
    M = R_camera_head @ F
    sin_yaw = float(np.clip(M[2, 0], -1.0, 1.0))
    if abs(sin_yaw) > 1 - 1e-9:
        pitch, roll = np.arctan2(M[1, 2], M[1, 1]), 0.0
    else:
        pitch, roll = np.arctan2(-M[2, 1], M[2, 2]), np.arctan2(M[1, 0], M[0, 0])
    return float(np.degrees(np.arcsin(sin_yaw))), float(np.degrees(pitch)), float(np.degrees(roll))


def is_rotation(R: np.ndarray, tolerance: float = 1e-3) -> bool:
    """Whether (3, 3) is a proper rotation: two rows of length 1 at right angles, and the third one
    their cross product."""
    (a, b, c), (d, e, f), third = R.tolist()
    crossed = (b * f - c * e, c * d - a * f, a * e - b * d)
    away = [p - q for p, q in zip(third, crossed, strict=True)]
    away += [a * a + b * b + c * c - 1, d * d + e * e + f * f - 1, a * d + b * e + c * f]
    return all(abs(value) <= tolerance for value in away)


def upright_angle(R_camera_head: np.ndarray) -> float:
    """Angle in radians, clockwise on screen, of the head's up axis in the image; 0 = upright.

    Well defined at every yaw, unlike roll; arbitrary only when the face looks straight up or down.
    """
    up = R_camera_head[:, 1]
    return float(np.arctan2(up[0], -up[1]))
