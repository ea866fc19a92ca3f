import numpy as np
import pytest

from bauta.checks import InputError
from bauta.eval import norms

NO_BOX = np.full((1, 4), np.nan)


def ibug68() -> np.ndarray:
    """One face (1, 68, 2): all points at (25, 25) but those that the norms are made of."""
    truth = np.full((1, 68, 2), 25.0)
    truth[0, 36], truth[0, 45] = (10, 10), (40, 50)  # outer corners: 3-4-5 times 10
    return truth


def test_outer_eye_corners_of_each_order():
    assert norms.norm("outer_eyes", ibug68(), "ibug68", NO_BOX) == pytest.approx([50.0])
    for scheme, count, right, left in (("wflw98", 98, 60, 72), ("cofw29", 29, 8, 9)):
        truth = np.full((1, count, 2), 7.0)
        truth[0, right], truth[0, left] = (0, 0), (5, 12)
        assert norms.norm("outer_eyes", truth, scheme, NO_BOX) == pytest.approx([13.0])


def test_pupils_are_the_means_of_the_eyes():
    truth = ibug68()
    truth[0, 36:42] = [(0, 0), (2, 0), (4, 0), (6, 0), (4, 0), (2, 0)]  # mean (3, 0)
    truth[0, 42:48] = [(30, 40)] * 3 + [(36, 40)] * 3  # mean (33, 40)
    assert norms.norm("pupils", truth, "ibug68", NO_BOX) == pytest.approx([50.0])
    for scheme, count, right, left in (("wflw98", 98, 96, 97), ("cofw29", 29, 16, 17)):
        other = np.full((1, count, 2), 7.0)
        other[0, right], other[0, left] = (0, 0), (3, 4)
        assert norms.norm("pupils", other, scheme, NO_BOX) == pytest.approx([5.0])


def test_box_and_diagonal_by_hand():
    truth = ibug68()
    truth[0, 8] = (13, 100)  # x 10..40, y 10..100
    assert norms.norm("box", truth, "ibug68", NO_BOX) == pytest.approx([np.sqrt(30 * 90)])
    assert norms.norm("diagonal", truth, "ibug68", NO_BOX) == pytest.approx([np.hypot(30, 90)])


def test_unknown_points_do_not_widen_the_box_and_no_points_have_none():
    truth = ibug68().repeat(2, axis=0)
    truth[0, 8] = np.nan
    truth[1] = np.nan
    sizes = norms.norm("box", truth, "ibug68", NO_BOX)
    assert sizes[0] == pytest.approx(np.sqrt(30 * 40))
    assert np.isnan(sizes[1])


def test_schemes_without_eyes_say_so():
    with pytest.raises(InputError, match="celeba5 has none"):
        norms.norm("outer_eyes", np.zeros((1, 5, 2)), "celeba5", NO_BOX)
    with pytest.raises(InputError, match="choose one of"):
        norms.norm("iod", ibug68(), "ibug68", NO_BOX)


def test_the_sets_own_box_is_taken_as_it_is_and_a_single_point_has_no_length():
    boxes = np.array([[10.0, 20, 40, 140], [np.nan] * 4])
    lengths = norms.norm("own_box", ibug68().repeat(2, axis=0), "ibug68", boxes)
    assert lengths[0] == pytest.approx(60)
    assert np.isnan(lengths[1])
    assert np.isnan(norms.norm("box", np.full((1, 5, 2), 7.0), "celeba5", NO_BOX)).all()
