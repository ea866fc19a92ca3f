"""One head for all: it turns 30 degrees to its own left and looks 20 degrees up, at
(-10 or) 10 right, 5 above, 60 before the camera: (10, -5, 60) cm in our axes.

By hand (c30 = .8660, s30 = .5, c20 = .9397, s20 = .3420), the columns of the rotation
Ry(-30) Rx(-20) F are where the head's axes point, in camera axes right, down, forward:

    the subject's left:  Ry(-30) (1, 0, 0)             = ( .8660,  0,      .5   )
    up:                  Ry(-30) (0, -c20, s20)        = (-.1710, -.9397,  .2962)
    out of the face:     Ry(-30) (0, -s20, -c20)       = ( .4698, -.3420, -.8138)

with Ry(-30) (x, y, z) = (c30 x - s30 z, y, s30 x + c30 z): e.g. for up
-s30 s20 = -.1710, c30 s20 = .2962; for out s30 c20 = .4698, -c30 c20 = -.8138.
So the face points to the image's right (its own left), up, and back to the camera.
"""

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry import frames
from bauta.geometry.rotation import from_angles
from bauta.tables import mesh478

LEFT, UP, OUT = (0.8660, 0, 0.5), (-0.1710, -0.9397, 0.2962), (0.4698, -0.3420, -0.8138)
"""Where the head's own left, up and nose point: right, down, forward of the camera."""
POSE = frames.pose_matrix(from_angles(30, 20, 0), np.array([10.0, -5, 60]))
CANONICAL = frames.pose_matrix(np.eye(3), np.array([0, 0.5, 5.5]))


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_ours_is_as_computed_by_hand():
    close(POSE[:3, 0], LEFT)
    close(POSE[:3, 1], UP)
    close(POSE[:3, 2], OUT)


@pytest.mark.parametrize(
    ("convert", "unit"), [(frames.to_opengl, 1), (frames.to_gltf, 0.01), (frames.to_arkit, 0.01)]
)
def test_opengl_gltf_and_arkit_look_along_minus_z(convert, unit):
    T = convert(POSE)  # right, up, backward: the 2nd and 3rd change sign
    close(T[:3, 0], (0.8660, 0, -0.5))
    close(T[:3, 1], (-0.1710, 0.9397, -0.2962))
    close(T[:3, 2], (0.4698, 0.3420, 0.8138))
    close(T[:3, 3], np.array([10, 5, -60]) * unit)


def test_mediapipe_starts_from_its_canonical_face():
    T = frames.to_mediapipe(POSE, CANONICAL)
    close(T[:3, 2], (0.4698, 0.3420, 0.8138))
    # its origin lies .5 above and 5.5 before ours: (10, 5, -60) + .5 up + 5.5 out
    # = 10 - .0855 + 2.5839, 5 + .4699 + 1.8810, -60 - .1481 + 4.4759
    np.testing.assert_allclose(T[:3, 3], (12.4984, 7.3508, -55.6722), atol=1e-3)


def test_unity_is_left_handed_and_looks_along_plus_z():
    T = frames.to_unity(POSE)  # camera right, up, forward; the head's x is its right: -left
    close(T[:3, 0], (-0.8660, 0, -0.5))
    close(T[:3, 1], (-0.1710, 0.9397, 0.2962))
    close(T[:3, 2], (0.4698, 0.3420, -0.8138))
    close(T[:3, 3], (0.10, 0.05, 0.60))
    # Unity's Euler angles, R = Ry Rx Rz: forward = (sin y cos x, -sin x, cos y cos x)
    pitch, yaw = np.degrees([np.arcsin(-T[1, 2]), np.arctan2(T[0, 2], T[2, 2])])
    assert pitch == pytest.approx(-20)  # Unity's x turns the nose down
    assert yaw == pytest.approx(180 - 30)  # 180: it faces the camera


def test_unreal_is_left_handed_and_looks_along_plus_x():
    T = frames.to_unreal(POSE)  # camera forward, right, up = our z, x, -y; head out, right, up
    close(T[:3, 0], (-0.8138, 0.4698, 0.3420))
    close(T[:3, 1], (-0.5, -0.8660, 0))
    close(T[:3, 2], (0.2962, -0.1710, 0.9397))
    close(T[:3, 3], (60, 10, 5))
    # FRotator: yaw from x towards y, pitch up
    assert np.degrees(np.arctan2(T[1, 0], T[0, 0])) == pytest.approx(180 - 30)
    assert np.degrees(np.arcsin(T[2, 0])) == pytest.approx(20)


def test_openface_gives_millimetres_and_radians():
    # R F = Ry(-30) Rx(-20) = [[.8660, .1710, -.4698], [0, .9397, .3420], [.5, -.2962, .8138]]
    # must be Rx Ry Rz: y = asin(-.4698) = -28.02 degrees, x = atan2(-.3420, .8138) = -22.80,
    # z = atan2(-.1710, .8660) = -11.17
    T, angles = frames.to_openface(POSE)
    close(T, (100, -50, 600))
    np.testing.assert_allclose(np.degrees(angles), (-22.80, -28.02, -11.17), atol=0.01)
    T, _ = frames.to_openface(POSE, (0, -1, 0))  # a point 1 cm below: minus up
    close(T, (100 + 1.710, -50 + 9.397, 600 - 2.962))


@pytest.mark.parametrize(
    ("pose", "angles"),
    [((0, 0, 0), (0, 0, 0)), ((0, 20, 0), (-20, 0, 0)), ((30, 0, 0), (0, -30, 0)),
     ((0, 0, 15), (0, 0, 15)), ((90, 0, 0), (0, -90, 0))],
    ids=["straight", "up", "own left", "tilted right", "profile"],
)  # fmt: skip
def test_openface_has_these_signs(pose, angles):
    T = frames.pose_matrix(from_angles(*pose), np.zeros(3))
    np.testing.assert_allclose(np.degrees(frames.to_openface(T)[1]), angles, atol=1e-6)


def test_every_conversion_has_its_inverse_and_stays_a_rotation():
    rng = np.random.default_rng(0)
    for _ in range(20):
        pose = frames.pose_matrix(
            from_angles(*rng.uniform([-85, -85, -170], [85, 85, 170])), rng.normal(size=3) * 30
        )
        for name in ("opengl", "gltf", "arkit", "unity", "unreal"):
            there = getattr(frames, f"to_{name}")(pose)
            assert np.linalg.det(there[:3, :3]) == pytest.approx(1)
            close(getattr(frames, f"from_{name}")(there), pose)
        close(frames.from_mediapipe(frames.to_mediapipe(pose, CANONICAL), CANONICAL), pose)
        origin = rng.normal(size=3)
        close(frames.from_openface(*frames.to_openface(pose, origin), origin), pose)


def test_the_canonical_face_is_found_on_a_head():
    canonical = mesh478()["canonical"].astype(float)
    R = from_angles(0, 3, 0) @ np.diag([1, -1, -1])
    head = 1.05 * canonical @ R.T + (0, 0.5, 5.5)
    T = frames.canonical_in_head(head)
    close(T[:3, :3], R)
    moved = canonical @ T[:3, :3].T + T[:3, 3]
    close(moved.mean(0), head.mean(0))
    with pytest.raises(InputError, match="468"):
        frames.canonical_in_head(np.zeros((68, 3)))


@pytest.mark.parametrize(
    ("pose", "angles"),
    [((0, 0, 0), (0, 0, 0)), ((30, 0, 0), (30, 0, 0)), ((0, 20, 0), (0, -20, 0)),
     ((0, 0, 15), (0, 0, -15)), ((30, 20, 0), (30, -20, 0))],
    ids=["straight", "own left", "up", "to the image's right: own left", "both"],
)  # fmt: skip
def test_arkit_angles_turn_about_its_axes(pose, angles):
    T = frames.to_arkit(frames.pose_matrix(from_angles(*pose), np.zeros(3)))
    np.testing.assert_allclose(np.degrees(frames.to_arkit_angles(T[:3, :3])), angles, atol=1e-6)


def test_quaternions_turn_as_their_matrix():
    # 90 degrees about z: w = z = cos 45
    close(
        frames.quaternion(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])), (0.70711, 0, 0, 0.70711)
    )
    close(frames.quaternion(np.diag([1.0, -1, -1])), (0, 1, 0, 0))
    close(frames.quaternion(np.diag([-1.0, 1, -1])), (0, 0, 1, 0))
    close(frames.quaternion(np.diag([-1.0, -1, 1])), (0, 0, 0, 1))
    rng = np.random.default_rng(1)
    for angles in rng.uniform(-180, 180, (50, 3)):
        R = from_angles(*angles)
        w, x, y, z = frames.quaternion(R)
        u = np.array([x, y, z])
        v = rng.normal(size=3)
        close(v + 2 * w * np.cross(u, v) + 2 * np.cross(u, np.cross(u, v)), R @ v)


def test_what_is_no_pose_is_refused():
    for bad in (np.eye(3), 2 * np.eye(4), np.full((4, 4), np.nan), np.diag([-1.0, 1, 1, 1])):
        with pytest.raises(InputError, match="pose"):
            frames.to_opengl(bad)
