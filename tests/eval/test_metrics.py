import numpy as np
import pytest

from bauta.eval import metrics


def test_nme_by_hand():
    truth = np.zeros((1, 2, 2))
    predicted = np.array([[[3.0, 4.0], [0.0, 0.0]]])
    assert metrics.nme(predicted, truth, np.array([50.0])) == pytest.approx([5.0])


def test_points_without_truth_do_not_count():
    truth = np.array([[[0.0, 0.0], [np.nan, np.nan]]])
    predicted = np.array([[[3.0, 4.0], [9.0, 9.0]]])
    assert metrics.nme(predicted, truth, np.array([50.0])) == pytest.approx([10.0])


def test_a_face_that_was_not_found_is_nan_and_a_failure():
    errors = metrics.nme(np.full((1, 2, 2), np.nan), np.zeros((1, 2, 2)), np.array([50.0]))
    assert np.isnan(errors).all()
    assert metrics.failure_rate(np.array([5.0, 12.0, np.nan, 9.0])) == 50.0


def test_norms_by_hand():
    truth = np.zeros((1, 68, 2))
    truth[0, 36], truth[0, 45] = (10, 10), (40, 50)
    assert metrics.outer_eyes68(truth) == pytest.approx([50.0])
    assert metrics.box_size(truth) == pytest.approx([np.sqrt(40 * 50)])
