"""The sweep finds where the loss falls fastest, and the plot puts curves where they belong."""

import csv

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from toy_task import ToyTask

from bauta.checks import InputError
from bauta.train.curves import Curve, draw_curves, nice_ticks
from bauta.train.settings import TrainSettings
from bauta.train.sweep import evaluate, sweep

SETTINGS = TrainSettings(batch=16, optimiser="sgd", momentum=0.0, device="cpu")


def test_a_sweep_suggests_a_rate_that_learns_and_not_one_that_explodes(tmp_path):
    found = sweep(ToyTask(), SETTINGS, tmp_path, low=1e-5, high=100.0, steps=200)
    assert len(found.rates) < 200, "it goes on after the loss exploded"
    assert 1e-4 < found.suggested < 1.0
    assert found.smoothed.min() < 0.5 * found.smoothed[0]
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(r["rate"]) for r in rows] == pytest.approx(found.rates, rel=1e-4)
    picture = cv2.imread(str(tmp_path / "sweep.png"))
    assert picture is not None
    assert picture.shape == (540, 960, 3)
    assert not (tmp_path / "last.pt").exists()


def test_the_suggestion_is_where_the_loss_falls_steepest():
    """A loss that drops around a rate of 1e-3, with the lag of the smoothing."""
    rates = np.geomspace(1e-6, 1.0, 600)
    losses = 1 / (1 + (rates / 1e-3) ** 2)
    assert 1e-3 / 2 < evaluate(rates, losses).suggested < 1e-3 * 4


def test_a_loss_that_never_falls_suggests_nothing():
    rates = np.geomspace(1e-6, 1.0, 100)
    assert np.isnan(evaluate(rates, np.linspace(1, 2, 100)).suggested)


def bowl(rates: np.ndarray, at: float, drop: float) -> np.ndarray:
    """A loss that falls by a share around the rate `at` and rises again past six times that."""
    x = np.log10(rates / at)
    return 30 * (1 - drop / (1 + np.exp(-4 * x)) + 0.5 * np.maximum(0, x - np.log10(6)) ** 2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("noise", "drop"), [(0.02, 0.15), (0.05, 0.15), (0.05, 0.6)])
def test_batches_that_differ_do_not_hide_the_decade_of_the_fall(seed, noise, drop):
    rates = np.geomspace(1e-6, 1.0, 300)
    noisy = bowl(rates, 2e-3, drop) * (1 + noise * np.random.default_rng(seed).normal(size=300))
    assert abs(np.log10(evaluate(rates, noisy).suggested / 2e-3)) < 0.5


def test_the_wobble_of_the_first_batches_is_no_fall():
    """As in a run that suggested 1.7e-6: a bad second batch, and a true fall from 1e-3 on."""
    rates = np.geomspace(1e-6, 1.0, 300)
    losses = bowl(rates, 2e-3, 0.15) * (1 + 0.04 * np.random.default_rng(3).normal(size=300))
    losses[:12] += np.linspace(6, 0, 12)
    found = evaluate(rates, losses)
    assert 6e-4 < found.suggested < 7e-3
    assert found.suggested < found.lowest < 5e-2


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_suggests_nothing(seed):
    rates = np.geomspace(1e-6, 1.0, 300)
    losses = 30 * (1 + 0.05 * np.random.default_rng(seed).normal(size=300))
    assert np.isnan(evaluate(rates, losses).suggested)


def test_a_range_upside_down_is_refused(tmp_path):
    with pytest.raises(InputError, match="0 < low < high"):
        sweep(ToyTask(), SETTINGS, tmp_path, low=1.0, high=0.1)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 10.0, [0, 2, 4, 6, 8, 10]), (0.03, 0.11, [0.04, 0.06, 0.08, 0.1])],
)
def test_ticks_are_round_numbers_within_the_range(low, high, expected):
    assert nice_ticks(low, high) == pytest.approx(expected)


def test_a_rising_curve_rises_in_the_picture():
    image = draw_curves([Curve("up", np.arange(5.0), np.arange(5.0))], "title", "epoch").astype(int)
    red, blue = image[..., 0], image[..., 2]
    rows, columns = np.nonzero((blue - red > 100) & (np.arange(960) < 700))
    left, right = rows[columns < 200].mean(), rows[columns > 600].mean()
    assert left > right + 200


def test_what_is_not_finite_is_left_out_of_the_picture():
    values = np.array([1.0, np.nan, 2.0])
    draw_curves([Curve("a", np.arange(3.0), values)], "t", "x")
    draw_curves([], "nothing", "x")
