"""Batches seen through further maps: pixels, points and pose agree afterwards."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from bauta import schemes
from bauta.data.batch import Batch
from bauta.geometry import affine
from bauta.train.recrop import mirror, recrop, repeat


def marked() -> Batch:
    """Two crops of 40 px, point 36 of the 68 on a white pixel, point 45 on a grey one."""
    images = np.zeros((2, 40, 40, 3), np.uint8)
    images[:, 12, 10], images[:, 14, 29] = 255, 128
    points = np.tile(np.float32(20), (2, 68, 2))
    points[:, 36], points[:, 45] = [10.5, 12.5], [29.5, 14.5]
    weights = np.ones((2, 68), np.float32)
    weights[:, 36] = 3
    pose = np.array([[25.0, 5, -8], [0, 0, 0]], np.float32)
    return Batch(images, {"ibug68": points}, {"ibug68": weights}, pose=pose)


def test_recrop_moves_pixels_and_points_alike():
    turn = affine.similarity(np.array([20.0, 20]), 30.0, np.radians(90), 40)  # closer, turned
    shift = np.array([[1.0, 0, 5], [0, 1, -3]])
    batch = recrop(marked(), np.stack([turn, shift]), 40)
    for row in range(2):
        image, point = batch.images[row, ..., 0].astype(float), batch.points["ibug68"][row, 36]
        y, x = np.mgrid[0:40, 0:40] + 0.5
        light = image * (np.hypot(x - point[0], y - point[1]) < 3)
        centre = np.array([(x * light).sum(), (y * light).sum()]) / light.sum()
        assert centre == pytest.approx(point, abs=0.1)
    assert batch.points["ibug68"][1, 36].tolist() == [15.5, 9.5]
    assert batch.pose[:, 2] == pytest.approx([-8 - 90, 0], abs=1e-3)


def test_a_crop_turned_clockwise_shows_the_head_turned_back():
    """Roll is clockwise on screen: in a crop turned by it the head is upright, roll 0."""
    T = affine.similarity(np.array([20.0, 20]), 40.0, np.radians(-8), 40)
    assert recrop(marked(), np.stack([T, T]), 40).pose[0, 2] == pytest.approx(0, abs=1e-3)


def test_mirrored_rows_swap_sides_and_others_stay():
    before = marked()
    after = mirror(before, np.array([True, False]))
    assert after.points["ibug68"][0, 45].tolist() == [29.5, 12.5]  # the white pixel, mirrored
    assert after.images[0, 12, 29, 0] == 255
    assert after.weights["ibug68"][0, 45] == 3
    assert after.pose[0].tolist() == [-25, 5, 8]
    assert np.array_equal(after.points["ibug68"][1], before.points["ibug68"][1])
    assert np.array_equal(after.images[1], before.images[1])
    assert after.pose[1].tolist() == [0, 0, 0]
    again = mirror(after, np.array([True, False]))
    assert np.array_equal(again.points["ibug68"], before.points["ibug68"])
    assert schemes.get("ibug68").mirror[36] == 45


def test_a_depth_that_is_not_known_stays_so_and_harms_nothing():
    before = marked()
    deep = np.concatenate([before.points["ibug68"], np.full((2, 68, 1), 4, np.float32)], 2)
    deep[1, :, 2] = np.nan
    given = Batch(before.images, {"ibug68": deep}, before.weights, pose=before.pose)
    closer = affine.similarity(np.array([20.0, 20]), 20.0, 0.3, 40)
    turned, flat = (recrop(b, np.stack([closer, closer]), 40) for b in (given, before))
    assert turned.points["ibug68"][..., :2] == pytest.approx(flat.points["ibug68"])
    assert turned.points["ibug68"][0, :, 2] == pytest.approx(np.full(68, 8), rel=1e-5)
    assert np.isnan(turned.points["ibug68"][1, :, 2]).all()
    both = mirror(given, np.array([True, True])).points["ibug68"]
    assert both[..., :2] == pytest.approx(mirror(before, np.array([True, True])).points["ibug68"])
    assert (both[0, :, 2] == 4).all()
    assert np.isnan(both[1, :, 2]).all()


def test_repeat_keeps_rows_together():
    batch = repeat(marked(), 3)
    assert batch.pose[:, 0].tolist() == [25, 25, 25, 0, 0, 0]
    assert batch.points["ibug68"].shape == (6, 68, 2)
