"""Tracks whose shake, lag and drift are known beforehand."""

import numpy as np
import pytest

from bauta.eval import steadiness

T = np.arange(200)


def track(x: np.ndarray, y: np.ndarray | float = 0.0) -> np.ndarray:
    """(T, 1, 2)"""
    return np.stack(np.broadcast_arrays(x, y), axis=-1)[:, None].astype(float)


def test_a_straight_line_does_not_shake():
    line = track(3.0 * T, -2.0 * T)
    assert steadiness.jitter(line, 50.0) == pytest.approx(0, abs=1e-9)
    assert steadiness.zigzag(line, 50.0) == pytest.approx(0, abs=1e-9)


def test_a_zigzag_of_one_pixel_shakes_by_two():
    shaking = track(3.0 * T, (-1.0) ** T)  # each frame 2 px off the middle of its neighbours
    assert steadiness.jitter(shaking, 50.0) == pytest.approx(2 / 50 * 100)
    assert steadiness.zigzag(shaking, 50.0) == pytest.approx(2 / 50 * 100)


def test_zigzag_forgives_speed_and_jitter_does_not():
    braking = track(np.array([0.0, 9.0, 10.0]))  # straight, 4 px off the middle
    assert steadiness.jitter(braking, 1.0) == pytest.approx(400)
    assert steadiness.zigzag(braking, 1.0) == 0
    overshoot = track(np.array([0.0, 13.0, 10.0]))  # 3 px beyond the segment's end
    assert steadiness.zigzag(overshoot, 1.0) == pytest.approx(300)


def test_the_norm_is_that_of_the_middle_frame():
    bump = track(np.array([0.0, 1.0, 0.0]))
    assert steadiness.jitter(bump, np.array([1.0, 10.0, 100.0])) == pytest.approx(10.0)


def test_frames_without_a_face_do_not_count():
    points = track(3.0 * T, (-1.0) ** T)
    points[50:60] = np.nan
    assert steadiness.jitter(points, 50.0) == pytest.approx(4.0)


def test_still_spread_by_hand():
    points = np.zeros((4, 2, 2))
    points[:, 0] = [(3, 4), (-3, -4), (3, 4), (-3, -4)]  # var 9 + 16: 5 px; the other point 0
    assert steadiness.still_spread(points, 50.0) == pytest.approx(5.0)
    assert np.isnan(steadiness.still_spread(points[:1], 50.0))


def test_copies_have_the_noise_that_was_asked_for():
    image = np.full((40, 50, 3), 128, np.uint8)
    copies = np.stack(list(steadiness.noisy_copies(image, 20, 8.0))).astype(float)
    assert copies.std() == pytest.approx(8.0, rel=0.02)
    assert np.corrcoef(copies[0].ravel(), copies[1].ravel())[0, 1] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.25, 1.0, 2.6])
def test_lag_of_a_shifted_wave_is_its_shift(shift):
    def wave(t):
        return track(20 * np.sin(t / 9), 12 * np.cos(t / 7) + 100)

    assert steadiness.lag(wave(T - shift), wave(T)) == pytest.approx(shift, abs=0.03)


def test_lag_survives_lost_frames_and_needs_movement():
    late, true = track(20 * np.sin((T - 2) / 9)), track(20 * np.sin(T / 9))
    late[100:110] = np.nan
    assert steadiness.lag(late, true) == pytest.approx(2, abs=0.05)
    assert np.isnan(steadiness.lag(track(0.0 * T), true))


def test_drift_compares_the_same_frame_on_the_way_out_and_back():
    forward = track(T[:5] * 10.0)
    backward = forward[::-1] + np.array((0.0, 2.0))
    assert steadiness.drift(forward, backward, 50.0) == pytest.approx([4.0] * 5)
    backward[-1, 0] = (7.0, 0.0)  # the clip's first frame comes last
    assert steadiness.drift(forward, backward, 50.0)[0] == pytest.approx(14.0)
