import numpy as np
import pytest

from bauta.fit.scale import IRIS, Size


def test_the_mean_head_when_nothing_is_seen():
    assert Size().value == 1.0


def test_irises_that_are_surely_seen_say_the_size():
    """Irises 1.04 cm wide on the mean head: the head is 1.17 / 1.04 of it."""
    size = Size()
    for _ in range(50):
        size.add(np.array([1.04, 1.04]), np.array([0.005, 0.005]))
    assert size.value == pytest.approx(IRIS / 1.04, rel=0.005)


def test_blurred_irises_are_believed_less():
    sharp, blurred = Size(), Size()
    for _ in range(50):
        sharp.add(np.array([1.0, 1.0]), np.array([0.01, 0.01]))
        blurred.add(np.array([1.0, 1.0]), np.array([0.2, 0.2]))
    assert 1 < blurred.value < 1.06 < sharp.value


def test_frames_repeat_each_others_errors():
    """A thousand frames of doubtful irises are not worth a sharp one."""
    size = Size()
    for _ in range(1000):
        size.add(np.array([1.0]), np.array([0.3]))
    assert size.value < 1.05


@pytest.mark.parametrize("wrong", [0.1, 0.4, 3.0, float("nan"), float("inf")])
def test_what_cannot_be_an_iris_is_left_out(wrong):
    size = Size()
    size.add(np.array([wrong]), np.array([0.01]))
    assert size.value == 1.0


def test_a_known_size_is_taken():
    size = Size(1.1)
    size.add(np.array([1.0]), np.array([0.01]))
    assert size.value == 1.1
