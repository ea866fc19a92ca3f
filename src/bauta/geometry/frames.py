"""The head's pose in the axes of other programs.

Ours: `T_camera_head` (4, 4) takes head points (x to the subject's left, y up, z out of the face) to
camera axes (x right, y down, z forward: OpenCV's), in centimetres. Each function returns the same
pose, (4, 4) float64, a proper rotation and a translation, in another program's axes on both sides
and in its unit of length. Column vectors throughout; a program that multiplies rows from the left
takes the transpose.

| program | camera axes x y z | head axes x y z | hand | unit |
|---|---|---|---|---|
| ours, OpenCV | right, down, forward | left, up, out of the face | right | cm |
| OpenGL | right, up, backward | left, up, out | right | cm |
| glTF, ARKit | right, up, backward | left, up, out | right | m |
| MediaPipe | right, up, backward | left, up, out; origin of the canonical face | right | cm |
| Unity | right, up, forward | right, up, out | left | m |
| Unreal | forward, right, up | out, right, up | left | cm |
| OpenFace | right, down, forward | right, down, into the face | right | mm |

Left and right of the head are the subject's own in all but OpenFace's row, whose head axes are the
camera's when the face looks straight into it: its x runs to the image's right.
"""

from __future__ import annotations

import numpy as np

from bauta.checks import InputError
from bauta.geometry.alignment import umeyama
from bauta.tables import mesh478

FLIP_YZ = np.diag([1.0, -1.0, -1.0, 1.0])
FLIP_X = np.diag([-1.0, 1.0, 1.0, 1.0])
FLIP_Y = np.diag([1.0, -1.0, 1.0, 1.0])
UNREAL_CAMERA = np.array([[0.0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""Unreal's camera axes (forward, right, up) of ours."""
UNREAL_HEAD = np.array([[0.0, -1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
"""Our head axes of Unreal's (out of the face, the subject's right, up)."""


def check_pose(T_camera_head: np.ndarray) -> np.ndarray:
    """(4, 4) float64 copy; InputError unless it is a proper rotation and a translation."""
    T = np.array(T_camera_head, np.float64)
    if T.shape != (4, 4) or not np.isfinite(T).all():
        raise InputError(f"pose: expected a finite (4, 4) matrix, got shape {T.shape}")
    R = T[:3, :3]
    rigid = np.abs(R @ R.T - np.eye(3)).max() < 1e-3 and np.linalg.det(R) > 0
    if not rigid or np.abs(T[3] - (0, 0, 0, 1)).max() > 1e-6:
        raise InputError("pose: expected a rotation without scale and a last row of 0 0 0 1")
    return T


def pose_matrix(R_camera_head: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """(4, 4) float64 of a rotation (3, 3) and a translation (3,)."""
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R_camera_head, translation
    return T


def to_opengl(T_camera_head: np.ndarray) -> np.ndarray:
    """Camera with y up that looks along -z; centimetres."""
    return FLIP_YZ @ check_pose(T_camera_head)


def from_opengl(T: np.ndarray) -> np.ndarray:
    """The inverse of `to_opengl`."""
    return FLIP_YZ @ check_pose(T)


def to_gltf(T_camera_head: np.ndarray) -> np.ndarray:
    """As `to_opengl`, in metres: a node whose parent is the camera's. Faces look along +z."""
    return _scaled(to_opengl(T_camera_head), 0.01)


def from_gltf(T: np.ndarray) -> np.ndarray:
    """The inverse of `to_gltf`."""
    return from_opengl(_scaled(check_pose(T), 100.0))


def to_arkit(T_camera_head: np.ndarray) -> np.ndarray:
    """`inverse(camera.transform) * faceAnchor.transform`, in metres, of a camera that is held with
    the long side of its sensor along x (ARKit's camera axes are those of the sensor, landscape)."""
    return to_gltf(T_camera_head)


def from_arkit(T: np.ndarray) -> np.ndarray:
    """The inverse of `to_arkit`."""
    return from_gltf(T)


def canonical_in_head(points: np.ndarray) -> np.ndarray:
    """T_head_canonical (4, 4), rigid: where MediaPipe's canonical face lies on a head whose 468 or
    478 mesh points are `points` (>= 468, 3), centimetres in head axes (Umeyama 1991, scale 1)."""
    canonical = mesh478()["canonical"].astype(np.float64)
    head = np.asarray(points, np.float64)[: len(canonical)]
    if head.shape != canonical.shape:
        raise InputError(f"points: expected (468, 3) or (478, 3), got {np.shape(points)}")
    _, R, _ = umeyama(canonical, head)
    return pose_matrix(R, head.mean(0) - R @ canonical.mean(0))


def to_mediapipe(T_camera_head: np.ndarray, T_head_canonical: np.ndarray) -> np.ndarray:
    """`facial_transformation_matrixes`: from the canonical face (468 points, centimetres, origin in
    the head) to OpenGL's camera. `T_head_canonical` as `canonical_in_head` gives it.

    MediaPipe's own matrix also assumes a camera of 63 degrees from top to bottom and one face."""
    return to_opengl(T_camera_head) @ check_pose(T_head_canonical)


def from_mediapipe(T: np.ndarray, T_head_canonical: np.ndarray) -> np.ndarray:
    """The inverse of `to_mediapipe`."""
    return from_opengl(check_pose(T) @ np.linalg.inv(check_pose(T_head_canonical)))


def to_unity(T_camera_head: np.ndarray) -> np.ndarray:
    """Left-handed, y up, metres; camera and head look along their +z."""
    return _scaled(FLIP_Y @ check_pose(T_camera_head) @ FLIP_X, 0.01)


def from_unity(T: np.ndarray) -> np.ndarray:
    """The inverse of `to_unity`."""
    return FLIP_Y @ _scaled(check_pose(T), 100.0) @ FLIP_X


def to_unreal(T_camera_head: np.ndarray) -> np.ndarray:
    """Left-handed, z up, centimetres; camera and head look along their +x."""
    return UNREAL_CAMERA @ check_pose(T_camera_head) @ UNREAL_HEAD


def from_unreal(T: np.ndarray) -> np.ndarray:
    """The inverse of `to_unreal`."""
    return UNREAL_CAMERA.T @ check_pose(T) @ UNREAL_HEAD.T


def to_openface(
    T_camera_head: np.ndarray, origin: tuple[float, float, float] | np.ndarray = (0.0, 0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """(pose_Tx Ty Tz in millimetres, pose_Rx Ry Rz in radians) of OpenFace's files.

    `R = Rx Ry Rz` (Utilities/RotationHelpers.h); 0 for a face that looks straight into the camera.
    Rx > 0 looks down, Ry > 0 turns to the image's left, Rz > 0 tilts to the right in the image.
    `origin` (3,) centimetres in head axes: the point whose place T is. OpenFace takes the middle
    of its 68 points.
    """
    T = check_pose(T_camera_head)
    place = T[:3, :3] @ np.asarray(origin, np.float64) + T[:3, 3]
    R = T[:3, :3] @ FLIP_YZ[:3, :3]
    y = np.arcsin(np.clip(R[0, 2], -1, 1))
    if abs(R[0, 2]) > 1 - 1e-9:  # x and z turn about one axis; z is then 0
        return 10 * place, np.array([np.arctan2(R[2, 1], R[1, 1]), y, 0.0])
    x, z = np.arctan2(-R[1, 2], R[2, 2]), np.arctan2(-R[0, 1], R[0, 0])
    return 10 * place, np.array([x, y, z])


def from_openface(
    translation: np.ndarray,
    angles: np.ndarray,
    origin: tuple[float, float, float] | np.ndarray = (0.0, 0.0, 0.0),
) -> np.ndarray:
    """The inverse of `to_openface`."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    Rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    Ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    Rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    R = Rx @ Ry @ Rz @ FLIP_YZ[:3, :3]
    return pose_matrix(R, np.asarray(translation, np.float64) / 10 - R @ np.asarray(origin))


def to_arkit_angles(R: np.ndarray) -> np.ndarray:
    """(yaw, pitch, roll) in radians of a rotation (3, 3) in ARKit's axes, `R = Ry Rx Rz`.

    The head's three angles in Live Link Face, of `to_arkit(T)[:3, :3]`; an eye's, of R_head_eye.
    Yaw > 0 turns to the subject's left, pitch > 0 looks down, roll > 0 tilts to their right.
    """
    pitch = np.arcsin(np.clip(-R[1, 2], -1, 1))
    if abs(R[1, 2]) > 1 - 1e-9:  # yaw and roll turn about one axis; roll is then 0
        return np.array([np.arctan2(-R[2, 0], R[0, 0]), pitch, 0.0])
    return np.array([np.arctan2(R[0, 2], R[2, 2]), pitch, np.arctan2(R[1, 0], R[1, 1])])


def quaternion(R: np.ndarray) -> np.ndarray:
    """(4,) w x y z, w >= 0, of a proper rotation (3, 3) (Shepperd 1978: largest term first)."""
    trace = np.trace(R)
    squares = np.array([trace, *np.diag(R)])
    k = int(squares.argmax())
    if k == 0:
        q = np.array([1 + trace, R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    else:
        i, j, m = k - 1, k % 3, (k + 1) % 3
        q = np.zeros(4)
        q[0] = R[m, j] - R[j, m]
        q[1 + i] = 1 + R[i, i] - R[j, j] - R[m, m]
        q[1 + j], q[1 + m] = R[i, j] + R[j, i], R[i, m] + R[m, i]
    q /= np.linalg.norm(q)
    return -q if q[0] < 0 else q


def _scaled(T: np.ndarray, factor: float) -> np.ndarray:
    result = T.copy()
    result[:3, 3] *= factor
    return result
