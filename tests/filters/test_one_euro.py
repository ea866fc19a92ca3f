import numpy as np
import pytest

from bauta.checks import InputError
from bauta.filters.base import smoothing
from bauta.filters.one_euro import OneEuro, OneEuroConfig
from bauta.filters.seen import Seen

SIZE = 100.0


def run(config: OneEuroConfig, points: np.ndarray, dt: float = 0.04) -> np.ndarray:
    filter = OneEuro(config)
    return np.array([filter(Seen(p, i * dt, SIZE)) for i, p in enumerate(points)])


def test_the_first_value_passes_through():
    x = np.array([[3.0, 4.0]])
    assert OneEuro()(Seen(x, 5.0, SIZE)) == pytest.approx(x)


def test_smoothing_by_hand():
    """f = 1 Hz, dt = 1 / (2 pi): tau = dt, so the share is one half."""
    assert smoothing(1.0, 1 / (2 * np.pi)) == pytest.approx(0.5)


def test_without_beta_it_is_a_low_pass_filter():
    config = OneEuroConfig(min_cutoff=1.0, beta=0.0)
    out = run(config, np.array([[[0.0, 0.0]], [[10.0, 0.0]]]))
    assert out[1, 0, 0] == pytest.approx(10 * smoothing(1.0, 0.04))


def test_a_still_face_shakes_less():
    noisy = np.random.default_rng(0).normal(size=(200, 68, 2)) * 0.3
    assert run(OneEuroConfig(), noisy)[50:].std() < 0.6 * noisy[50:].std()


def test_a_moving_face_hardly_lags():
    """A face that crosses two of its own sizes a second is less than half a frame late."""
    x = np.arange(60)[:, None, None] * 0.04 * 2 * SIZE * np.array([1.0, 0.0])
    late = (x - run(OneEuroConfig(), x))[30:, 0, 0] / (0.04 * 2 * SIZE)
    assert late.max() < 0.5


def test_axes_share_one_cut_off():
    """Noise across the direction of a fast motion passes as the motion does: no bend."""
    x = np.zeros((30, 1, 2))
    x[:, 0, 0] = np.arange(30) * 10
    x[15, 0, 1] = 1.0
    assert run(OneEuroConfig(), x)[15, 0, 1] > 0.8


def test_scale_of_the_face_does_not_matter():
    x = np.random.default_rng(1).normal(size=(40, 5, 2))
    small = run(OneEuroConfig(), x)
    filter = OneEuro(OneEuroConfig())
    large = np.array([filter(Seen(p * 8, i * 0.04, SIZE * 8)) for i, p in enumerate(x)])
    assert large == pytest.approx(small * 8)


@pytest.mark.parametrize("bad", [{"min_cutoff": 0}, {"beta": -1}, {"derivative_cutoff": -1}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError):
        OneEuroConfig(**bad)
