"""Colours of what a photograph does not show."""

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.synth.profile.colours import skin_colours

MEAN = face_model().mean
PLACES = MEAN[:, :2] * (8, -8) + 128
"""The head from the front, 8 pixels a centimetre."""
BACK = int(np.where(np.abs(MEAN[:, 1] - 4) < 3, MEAN[:, 2], 0).argmin())
NECK = int(np.where(np.abs(MEAN[:, 1] + 12) < 2, MEAN[:, 2], 0).argmin())


def photograph(top: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    """A face of brightness 150 with dark brows and, above 7.5 cm, hair of `level`; and what is
    shown: the front below the height `top`."""
    picture = np.full((256, 256, 3), 150, np.uint8)
    picture[: int(128 - 8 * 7.5)] = level
    for name in ("brow_left", "brow_right"):
        for x, y in PLACES[face_model().regions[name]]:
            cv2.circle(picture, (int(x), int(y)), 5, (20, 20, 20), -1)
    return picture, ((MEAN[:, 2] > -3) & (MEAN[:, 1] < top)).astype(float)


def test_what_is_shown_keeps_its_colour():
    picture, shown = photograph(20.0, 60)
    colours = skin_colours(picture, PLACES, shown)
    chin = int(np.where(MEAN[:, 2] > 0, MEAN[:, 1], 9).argmin())
    np.testing.assert_allclose(colours[chin], 150, atol=1)


def test_the_back_of_the_head_has_the_colour_of_the_hair_that_is_seen():
    picture, shown = photograph(20.0, 200)
    colours = skin_colours(picture, PLACES, shown)
    np.testing.assert_allclose(colours[BACK], 200, atol=10)


def test_where_no_hair_is_seen_the_brows_tell_its_colour_and_the_neck_is_skin():
    picture, shown = photograph(7.0, 150)
    colours = skin_colours(picture, PLACES, shown)
    assert colours[BACK].max() < 60
    assert colours[NECK].min() > 100


def test_a_head_that_is_not_shown_at_all_has_the_colours_of_the_picture():
    picture = np.full((256, 256, 3), 77, np.uint8)
    np.testing.assert_allclose(skin_colours(picture, PLACES, np.zeros(len(MEAN))), 77)
