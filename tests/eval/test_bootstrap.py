import numpy as np
import pytest

from bauta.checks import InputError
from bauta.eval import bootstrap


def test_weights_of_one_give_the_plain_statistics():
    values = np.array([5.0, 1.0, np.nan, 2.0, 9.0])
    ones = np.ones((1, 5))
    assert bootstrap.mean(values)(ones)[0] == np.nanmean(values)
    assert bootstrap.median(values)(ones)[0] == np.nanmedian(values) == 3.5


def test_a_weight_is_how_often_a_value_is_there():
    values = np.array([4.0, 1.0, 3.0, 8.0])
    weights = np.array([[2.0, 0.0, 3.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    repeated = [4.0, 4.0, 3.0, 3.0, 3.0, 8.0]
    assert bootstrap.mean(values)(weights)[0] == pytest.approx(np.mean(repeated))
    assert bootstrap.median(values)(weights)[0] == np.median(repeated) == 3.5
    assert np.isnan(bootstrap.median(values)(weights)[1])


def test_people_are_drawn_whole():
    unit = bootstrap.units(np.array(["a", "b", "a", "", ""]), np.array(["1", "2", "3", "4", "5"]))
    assert len(set(unit.tolist())) == 4  # a, b, and two pictures of nobody known
    weights = np.concatenate(list(bootstrap.draws(unit, 200)))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert not (weights[:, 3] == weights[:, 4]).all()
    each = weights[:, [0, 1, 3, 4]].sum(1)
    assert (each == 4).all()  # as many people as there are


def test_the_interval_has_the_width_of_the_mean_over_people():
    rng = np.random.default_rng(1)
    levels = rng.normal(5, 2, 400)
    values = np.repeat(levels, 10)  # ten equal pictures each: 400 facts, not 4,000
    unit = np.repeat(np.arange(400), 10)
    found = bootstrap.estimates({"mean": bootstrap.mean(values)}, unit)["mean"]
    width = 2 * 1.96 * levels.std() / np.sqrt(400)
    assert found.value == pytest.approx(levels.mean())
    assert found.high - found.low == pytest.approx(width, rel=0.1)
    alone = bootstrap.estimates({"mean": bootstrap.mean(values)}, np.arange(4000))["mean"]
    assert alone.high - alone.low == pytest.approx(width / np.sqrt(10), rel=0.1)


def test_a_paired_difference_is_far_surer_than_both_of_its_sides():
    rng = np.random.default_rng(2)
    first = rng.normal(5, 2, 300)
    second = first - 0.1 + rng.normal(0, 0.01, 300)
    gap = bootstrap.difference(bootstrap.mean(first), bootstrap.mean(second))
    found = bootstrap.estimates({"gap": gap}, np.arange(300))["gap"]
    assert found.value == pytest.approx(0.1, abs=0.005)
    assert 0.09 < found.low < found.high < 0.11


def test_the_mean_of_bins_weighs_bins_not_pictures():
    parts = [bootstrap.mean(np.array([1.0, 1.0, 1.0])), bootstrap.mean(np.array([np.nan, 5, 7]))]
    assert bootstrap.mean_of(parts)(np.ones((1, 3)))[0] == 3.5


def test_nobody_cannot_be_drawn():
    with pytest.raises(InputError, match="no pictures"):
        bootstrap.estimates({}, np.zeros(0, int))
