import numpy as np
import pytest

from bauta.fit.gaze import Kappa, gaze_angles, gaze_direction, look_weights
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.morphable.arkit import LOOKS

CENTRES = np.array([[-3.1, 3.6, 7.9], [3.1, 3.6, 7.9]])
RADIUS = np.array([1.2, 1.2])


def irises(left, up, R, t, camera):
    """Where irises are seen whose eyes look `left`, `up` degrees."""
    at = CENTRES + RADIUS[:, None] * gaze_direction(np.array([left, up], float))
    return camera.project(at @ R.T + t)


@pytest.mark.parametrize("turn", [(0, 0, 0), (30, 0, 0), (-20, 15, 0), (5, -10, 40)])
@pytest.mark.parametrize("fov", [25.0, 60.0, 100.0])
def test_the_gaze_that_was_made_comes_back_whatever_head_and_camera(turn, fov):
    camera, R = Camera.of_fov(640, 480, fov), from_angles(*map(float, turn))
    t = np.array([6.0, -4.0, 55.0])
    for left, up in ((0, 0), (20, 0), (-15, 10), (0, -20), (25, 15)):
        seen = irises(left, up, R, t, camera)
        angles = gaze_angles(camera, R, t, CENTRES, RADIUS, seen)
        assert angles == pytest.approx(np.array([[left, up], [left, up]]), abs=1e-3)


def test_signs_in_the_picture():
    """A face looks into the camera: eyes to the subject's left are irises moved to the right."""
    camera, R, t = Camera.of_fov(640, 480), from_angles(0.0, 0.0, 0.0), np.array([0.0, 0, 60])
    rest = irises(0, 0, R, t, camera)
    left = gaze_angles(camera, R, t, CENTRES, RADIUS, rest + np.array([3.0, 0]))
    up = gaze_angles(camera, R, t, CENTRES, RADIUS, rest - np.array([0, 3.0]))
    assert (left[:, 0] > 5).all()
    assert np.abs(left[:, 1]).max() < 1
    assert (up[:, 1] > 5).all()
    assert np.abs(up[:, 0]).max() < 1


def test_an_iris_off_the_eyeball_counts_at_its_rim_and_never_is_nan():
    camera, R, t = Camera.of_fov(640, 480), from_angles(0.0, 0.0, 0.0), np.array([0.0, 0, 60])
    far = irises(0, 0, R, t, camera) + np.array([200.0, 0])
    angles = gaze_angles(camera, R, t, CENTRES, RADIUS, far)
    assert np.isfinite(angles).all()
    assert (angles[:, 0] == 45).all()


def test_directions_by_hand():
    assert gaze_direction(np.array([90.0, 0])) == pytest.approx([1, 0, 0], abs=1e-12)
    assert gaze_direction(np.array([0.0, 90])) == pytest.approx([0, 1, 0], abs=1e-12)
    assert gaze_direction(np.array([0.0, 0])) == pytest.approx([0, 0, 1])


def test_looks_to_the_left_are_out_for_the_left_eye_and_in_for_the_right():
    weights = look_weights(np.array([[17.5, 0.0], [17.5, 0.0]]))
    on = {name for name, value in weights.items() if value > 0}
    assert on == {"eyeLookOutLeft", "eyeLookInRight"}
    assert weights["eyeLookOutLeft"] == pytest.approx(0.5)  # 17.5 of 35 degrees


def test_up_and_down_have_their_own_range():
    weights = look_weights(np.array([[0.0, 25.0], [0.0, -15.0]]))
    assert weights["eyeLookUpRight"] == 1
    assert weights["eyeLookDownLeft"] == pytest.approx(0.5)
    assert set(weights) == set(LOOKS)


def test_looks_end_at_one():
    assert max(look_weights(np.array([[45.0, 35.0], [-45.0, -35.0]])).values()) == 1


def test_lines_of_sight_that_part_on_average_are_the_eyes_own():
    kappa = Kappa()
    for _ in range(300):
        kappa.add(np.array([[-5.0, 0], [5.0, 0]]))
    assert kappa.degrees == pytest.approx(5, abs=0.6)


def test_at_first_people_are_as_most():
    kappa = Kappa(3.0)
    assert kappa.degrees == 3
    for _ in range(30):
        kappa.add(np.array([[-5.0, 0], [5.0, 0]]))
    assert kappa.degrees == pytest.approx(4)
    for _ in range(3000):
        kappa.add(np.array([[-5.0, 0], [5.0, 0]]))
    assert kappa.degrees == pytest.approx(5, abs=0.1)


def test_two_eyes_never_look_apart():
    kappa = Kappa(3.0)
    for half in (-6.0, 0.0, 2.0, 4.5, 12.0):
        angles = np.array([[10 - half, 4], [10 + half, 4]])
        left = half - kappa.inward(angles)
        assert left == pytest.approx(min(half - 3.0, 0.0))
    assert Kappa().inward(np.array([[-5.0, 0], [5.0, 0]])) == 0  # eyes of the model


def test_eyes_that_meet_or_look_aside_together_have_no_angle_to_take_off():
    meeting, aside = Kappa(), Kappa()
    for _ in range(300):
        meeting.add(np.array([[4.0, 0], [-4.0, 0]]))
        aside.add(np.array([[20.0, 0], [20.0, 0]]))
    assert meeting.degrees == 0
    assert aside.degrees == 0
