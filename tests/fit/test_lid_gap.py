"""`FaceState.eye_gap`: millimetres in space, whatever way the head is turned."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.types import LID_MIDDLES478, FaceState, Pose
from made_heads import expression, fit_last, fitter, head_points, see, somebody

CAMERA = Camera.of_fov(640, 480)
PLACE = np.array([3.0, 2.0, 50.0])


def gap_over_truth(weights, yaw: float, pitch: float, camera: Camera = CAMERA) -> np.ndarray:
    """(2,) of somebody's eyes, right and left, for the head's own size."""
    who = somebody(np.random.default_rng(3))
    frame = see(who, weights, from_angles(yaw, pitch, 0.0), PLACE, camera)
    fit = fit_last(fitter(), [frame] * 8)
    none = np.zeros((0, 3))
    pose = Pose(fit.R_camera_head)
    state = FaceState(0, 0.0, np.array([0, 0, 1, 1]), 1.0, frame.mesh, none, none, pose, fit=fit)
    points = head_points(who, weights)
    true = [10 * np.linalg.norm(points[a] - points[b]) for a, b in LID_MIDDLES478]
    return np.array(state.eye_gap()) / true / (fit.t_camera_head[2] / PLACE[2])


@pytest.mark.parametrize("turn", [(0, 0), (0, 20), (0, -20), (0, 30), (0, -30), (30, 0)])
@pytest.mark.parametrize("shapes", [{}, {"eyeWideLeft": 0.5, "eyeWideRight": 0.5}])
def test_the_gap_is_that_of_the_lids_in_space(turn, shapes):
    """In the picture a nod by 30 degrees takes a fifth off it."""
    assert gap_over_truth(expression(**shapes), *turn) == pytest.approx(1, abs=0.035)


def test_a_lens_is_no_part_of_the_gap():
    bent = Camera(CAMERA.K, np.array([-0.3, 0.1, 0.0, 0.0]))
    assert gap_over_truth(expression(), 0.0, 0.0, bent) == pytest.approx(1, abs=0.035)


def test_half_shut_eyes_have_half_of_the_gap():
    half = expression(eyeBlinkLeft=0.5, eyeBlinkRight=0.5)
    for pitch in (0.0, -20.0):
        assert gap_over_truth(half, 0.0, pitch) == pytest.approx(1, abs=0.06)
