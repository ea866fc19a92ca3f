"""What is believed of an expression, beyond what is always believed of a face."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.fit.belief import MOST, Belief


def follow(frames: np.ndarray) -> np.ndarray:
    """(T, E) what one face is believed to do, of what the network says (T, E)."""
    belief = Belief()
    return np.stack([belief(shapes) for shapes in frames])


def test_the_first_frame_is_believed():
    first = follow(np.array([[0.0, 0.3, 1.0]]))[0]
    assert first == pytest.approx([0.0, 0.3, 1.0], abs=0.01)


def test_what_a_face_always_does_is_not_believed_after_some_seconds():
    frames = np.random.default_rng(0).normal(0.2, 0.01, (200, 1))
    found = follow(frames)
    assert found[0, 0] > 0.15
    assert found[-50:].mean() < 0.02


def test_a_smile_now_and_then_is_believed_to_the_end():
    frames = np.full((600, 1), 0.05)
    frames[::3] = 0.8
    found = follow(frames)
    assert found[-3:].max() > 0.7
    assert found[-3:].min() < 0.03


def test_who_smiles_for_a_minute_smiles_still_and_is_blank_soon_after():
    frames = np.full((1600, 1), 0.9)
    frames[1500:] = 0.02
    found = follow(frames)
    assert found[1499, 0] == pytest.approx((0.9 - MOST) / (1 - MOST), abs=0.01)
    frames[1560:] = 0.5
    assert follow(frames)[1561, 0] > 0.45


def test_pictures_that_are_no_clip_teach_nothing():
    belief, shapes = Belief(), np.array([0.0, 0.3, 1.0])
    for _ in range(100):
        assert (belief(shapes, learn=False) == shapes).all()


def test_weights_stay_between_0_and_1():
    frames = np.random.default_rng(1).random((500, 20)).round()
    found = follow(frames)
    assert found.min() >= 0
    assert found.max() <= 1
