"""Angles from points: known rotations come back, with their signs."""

import numpy as np
import pytest

from bauta.head_pose import canonical_points, estimate_pose, fit_camera, rotation_of
from bauta.schemes import get
from made_faces import points_of

SCHEMES = ["ibug68", "ibug68-3d", "mesh478", "wflw98", "jd106", "cofw29", "aflw19", "helen194"]
POSES = [(0, 0, 0), (25, 0, 0), (0, 20, 0), (0, 0, 35), (-60, 10, -15), (40, -25, 130)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("pose", POSES)
def test_the_angles_of_a_known_camera_come_back(scheme, pose):
    points = points_of(scheme, pose, scale=3.7, center=(40, 90))[None]
    assert estimate_pose(points[..., :2], scheme)[0] == pytest.approx(pose, abs=0.02)
    assert estimate_pose(points, scheme)[0] == pytest.approx(pose, abs=0.02)


def test_the_signs_are_those_of_the_conventions():
    """To their own left is to the right of the image; up is up; clockwise is clockwise."""
    front = points_of("ibug68")[:, :2]
    eyes, nose = front[[36, 45]].mean(0), front[30]
    nearer = front.copy()
    nearer[27:36] += (6, 0)  # the nose moves to the right of the image
    assert estimate_pose(nearer[None], "ibug68")[0, 0] > 5
    raised = front.copy()
    raised[27:36] -= (0, 6)  # the nose moves up
    assert estimate_pose(raised[None], "ibug68")[0, 1] > 5
    cos, sin = np.cos(0.3), np.sin(0.3)
    turned = (front - nose) @ np.array([[cos, sin], [-sin, cos]])
    assert turned[[36, 45]].mean(0)[0] > 0  # the eyes, above the nose, go to the right
    assert estimate_pose(turned[None], "ibug68")[0, 2] == pytest.approx(np.degrees(0.3), abs=0.1)
    assert eyes[1] < nose[1]


def test_the_contour_does_not_count():
    """Where the jaw is drawn changes nothing: on a turned head it slides."""
    points = points_of("ibug68", (30, 5, 0))[None, :, :2]
    moved = points.copy()
    moved[:, :17] += 9
    assert estimate_pose(moved, "ibug68") == pytest.approx(estimate_pose(points, "ibug68"))
    jaw = get("wflw98").regions["jaw"]
    assert np.isnan(canonical_points("wflw98")[jaw]).all()


def test_unknown_points_are_left_out_and_too_few_give_nothing():
    points = points_of("ibug68", (-20, 10, 5))[None, :, :2].copy()
    points[:, 42:48] = np.nan
    assert estimate_pose(points, "ibug68")[0] == pytest.approx((-20, 10, 5), abs=0.02)
    points[:, 22:] = np.nan
    assert np.isnan(estimate_pose(points, "ibug68")).all()
    assert np.isnan(estimate_pose(points_of("celeba5")[None], "celeba5")).all()


def test_points_of_one_plane_say_nothing():
    flat = np.random.default_rng(0).uniform(-5, 5, (12, 3)) * (1, 1, 0)
    assert np.isnan(fit_camera(flat, flat[None, :, :2])).all()


def test_a_stretched_face_still_gives_a_rotation():
    points = points_of("ibug68", (20, 0, 0))[None, :, :2] * (1.0, 1.15)
    R = rotation_of(fit_camera(canonical_points("ibug68"), points)[0])
    assert pytest.approx(np.eye(3), abs=1e-9) == R @ R.T
    assert np.linalg.det(R) == pytest.approx(1)
