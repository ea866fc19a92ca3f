"""What 300W-LP and AFLW2000-3D share: the pose of a 3D face model fitted to each picture.

Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016. A vertex V of the model (x
to the right of the image, y up, z out of the face) lies at s R V + t, y counted from the bottom.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from bauta.data.readers.files import numbers, read_mat
from bauta.geometry.rotation import F, to_angles


def rotation_of_3ddfa(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """R_camera_head (3, 3) of 3DDFA's angles in radians: F Rx(pitch) Ry(yaw) Rz(roll).

    3DDFA's rotations turn the other way round than right-handed ones (its RotationMatrix.m; the
    same in face3d, `angle2matrix_3ddfa`), and its axes are those of our head. Its yaw is positive
    towards the left of the image, ours to the right; pitch (up) and roll (clockwise on screen)
    agree in sign, but not in value where more than one angle is large: the order differs.
    """
    (cx, cy, cz), (sx, sy, sz) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    X = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    Y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    Z = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    return F @ X @ Y @ Z


def read_pose(path: Path) -> tuple[tuple[float, float, float], dict[str, float]]:
    """Pose of a `.mat`: (yaw, pitch, roll) in degrees as ours, and 3DDFA's own angles.

    `Pose_Para` is 1 x 7: pitch, yaw, roll in radians, tx, ty, tz, scale. The second value holds
    `pitch_3ddfa`, `yaw_3ddfa`, `roll_3ddfa` in degrees, for protocols that compare these. Ours are
    of the same rotation with |yaw| <= 90: a head turned further has pitch and roll near 180.
    """
    stored = numbers(read_mat(path, "Pose_Para")["Pose_Para"], (1, 7), path, "Pose_Para")
    pitch, yaw, roll = map(float, stored[0, :3])
    own = {"pitch_3ddfa": pitch, "yaw_3ddfa": yaw, "roll_3ddfa": roll}
    degrees = {name: math.degrees(angle) for name, angle in own.items()}
    return to_angles(rotation_of_3ddfa(pitch, yaw, roll)), degrees
