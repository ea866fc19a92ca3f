"""Appearance never moves a point, and draws are reproducible."""

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.train import augment

EFFECTS = [effect for _, effect in augment._CHAIN]


def picture() -> np.ndarray:
    image = np.full((112, 112, 3), 90, np.uint8)
    cv2.circle(image, (60, 50), 12, (230, 200, 190), -1, cv2.LINE_AA)
    return image


def centre(image: np.ndarray) -> np.ndarray:
    grey = image.astype(float).mean(-1)
    bright = grey > (np.percentile(grey, 50) + grey.max()) / 2
    return np.argwhere(bright).mean(0)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
def test_an_effect_keeps_shape_dtype_and_place(effect):
    """The middle of a disc stays within a pixel, whatever happens to its colour."""
    image = picture()
    for seed in range(12):
        out = effect(np.random.default_rng(seed), image.copy())
        assert out.shape == image.shape
        assert out.dtype == np.uint8
        if effect.__name__ not in ("noise", "shade", "dark"):
            assert np.abs(centre(out) - centre(image)).max() < 1.0


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
def test_an_effect_changes_something(effect):
    image = picture()
    assert any(
        (effect(np.random.default_rng(seed), image.copy()) != image).any() for seed in range(5)
    )


def test_the_same_seed_gives_the_same_picture():
    a, b = (augment.appearance(np.random.default_rng(5), picture()) for _ in range(2))
    assert (a == b).all()


def test_a_map_without_jitter_is_the_face_s_own_square():
    jitter = augment.Jitter(roll=0, shift=0, scale=0, wide=0)
    T = augment.draw_map(np.random.default_rng(0), jitter, 192, 1.7, 112)
    corner = T[:, :2] @ (np.array([96, 96]) - 192 / 1.7 / 2) + T[:, 2]
    assert corner == pytest.approx(np.zeros(2), abs=1e-9)
