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


def test_an_error_at_the_limit_is_not_a_failure():
    assert metrics.failure_rate(np.array([10.0, 10.001]), 10.0) == 50.0


def test_ced_counts_what_was_not_found_in_the_whole():
    errors = np.array([2.0, 4.0, np.nan, 4.0])
    at = np.array([1.9, 2.0, 3.0, 4.0, 100.0])
    assert metrics.ced(errors, at).tolist() == [0.0, 0.25, 0.25, 0.75, 0.75]


def test_auc_of_known_curves():
    assert metrics.auc(np.zeros(3), 8.0) == 1.0
    assert metrics.auc(np.array([4.0]), 8.0) == pytest.approx(0.5)  # a step at half the way
    assert metrics.auc(np.array([9.0, np.nan]), 8.0) == 0.0
    # errors 2 and 6 up to 8: the curve is 0, then 1/2 from 2, then 1 from 6: (4/2 + 2) / 8
    assert metrics.auc(np.array([6.0, 2.0]), 8.0) == pytest.approx(0.5)
    # and with a third face at 20: (4/3 + 2 * 2/3) / 8
    assert metrics.auc(np.array([6.0, 2.0, 20.0]), 8.0) == pytest.approx(1 / 3)


def test_auc_of_evenly_spread_errors_by_both_rules():
    errors = (np.arange(10000) + 0.5) / 1000  # 0 .. 10 evenly: the curve is e / 10
    assert metrics.auc(errors, 10.0) == pytest.approx(0.5, abs=1e-9)
    assert metrics.auc(errors, 7.0) == pytest.approx(0.35, abs=1e-4)
    assert metrics.auc_trapezoid(errors, 7.0) == pytest.approx(0.35, abs=1e-4)


def test_the_trapezoid_sees_a_step_half_a_cell_early():
    # step at 4 = 400 cells: the cell before it adds half of its width too much
    assert metrics.auc_trapezoid(np.array([4.0]), 8.0) == pytest.approx(0.5 + 0.5 * 0.01 / 8)
