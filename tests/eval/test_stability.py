"""Faces of two points, 100 x 100 pixels in the truth unless said."""

import numpy as np
import pytest

from bauta.eval import stability


def square(*offsets: tuple[float, float]) -> np.ndarray:
    """(T, 2, 2): the corners of a square of 100 px, moved by the offset of each frame."""
    return np.array([[(x, y), (x + 100, y + 100)] for x, y in offsets], float)


def test_a_constant_error_is_stable():
    truth = square((0, 0), (5, 1), (2, 8))
    assert stability.stability_3ddfa(truth + 7, truth) == pytest.approx(0)
    assert stability.nmj(truth + 7, truth) == pytest.approx(0)


def test_stability_by_hand():
    truth = square((0, 0), (10, 0), (20, 0))
    predicted = truth.copy()
    predicted[1, 0] += (3, 4)  # one of two points jumps 5 px there and back: 5, 0, 5, 0
    assert stability.stability_3ddfa(predicted, truth) == pytest.approx(2.5)
    # root of the mean of squares, in hundredths of a pixel of a face of 256: 5 px * 256 / 100
    assert stability.nmj(predicted, truth) == pytest.approx(100 * 5 * 2.56 / np.sqrt(2))


def test_the_size_is_the_true_one_of_the_later_frame():
    truth = np.array([[(0, 0), (10, 40)], [(0, 0), (20, 80)]], float)
    predicted = truth + np.array([[[0.0, 0]], [[4.0, 0]]])
    assert stability.stability_3ddfa(predicted, truth) == pytest.approx(4 / 40 * 100)


def test_e1_is_the_share_of_a_frame_that_the_prediction_stays_behind():
    truth = square((0, 0), (10, 0), (20, 0), (30, 0))
    behind = square((0, 0), (5, 0), (15, 0), (25, 0))
    assert stability.fhr(behind, truth).e1 == pytest.approx(0.5)
    assert stability.fhr(truth, truth).e1 == 0
    ahead = square((0, 0), (12, 0), (22, 0), (32, 0))
    assert stability.fhr(ahead, truth).e1 == pytest.approx(-0.2)


def test_e2_is_the_root_mean_square_over_the_longer_side():
    truth = square((0, 0), (0, 0), (0, 0))
    truth[:, 1, 1] = 50  # 100 wide, 50 high
    predicted = truth + np.array((3.0, 4.0))
    assert stability.fhr(predicted, truth).e2 == pytest.approx(5.0)
    predicted[0] = truth[0]
    assert stability.fhr(predicted, truth).e2 == pytest.approx(5 * np.sqrt(2 / 3))


def test_e3_and_e4_look_at_the_prediction_alone():
    truth = square(*[(0, 0)] * 3)
    predicted = square((0, 0), (9, 0), (10, 0))
    found = stability.fhr(predicted, truth)
    assert found.e3 == pytest.approx(4.0)
    assert found.e4 == 0
    assert np.isnan(found.e1)  # nothing moved in truth
