"""Clips made of stills: the points stay on what they mark, and steadiness is what it says."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train.short_clips import (
    ClipSettings,
    clips_of,
    disturb,
    draw_steps,
    smear,
    steadiness_loss,
)

SIZE = 80
DOTS = np.array([[30.0, 28.0], [52.0, 30.0], [40.0, 50.0]])
QUIET = ClipSettings(noise=0.0, blur=0, turn=0.0)


def dotted() -> np.ndarray:
    """Soft bright dots on black."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    glow = np.sum([np.exp(-((x - u) ** 2 + (y - v) ** 2) / 8) for u, v in DOTS], axis=0)
    return np.repeat((glow * 250)[..., None], 3, 2).clip(0, 255).astype(np.uint8)


def dots() -> Batch:
    points = np.concatenate([DOTS, np.full((3, 1), 7.0)], 1).astype(np.float32)
    return Batch(
        images=dotted()[None],
        points={"flat": DOTS[None].astype(np.float32), "deep": points[None]},
        weights={"flat": np.array([[1.0, 2.0, 3.0]], np.float32), "deep": np.ones((1, 3))},
        pose=np.array([[10.0, 5.0, -3.0]], np.float32),
        present=np.ones(1, np.float32),
        attributes={"smile": np.array([1.0])},
        rows=np.array([17]),
    )


def centre_near(image: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Centre of the light within 6 pixels."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    light = image[..., 0] * (np.hypot(x - point[0], y - point[1]) < 6)
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum()


def test_points_follow_the_dots_through_the_clip():
    batch = clips_of(dots(), [np.random.default_rng(3)], QUIET)
    assert batch.images.shape == (8, SIZE, SIZE, 3)
    moved = np.linalg.norm(batch.points["flat"][-1] - DOTS, axis=-1)
    assert moved.max() > 3
    for image, points in zip(batch.images, batch.points["flat"], strict=True):
        for point in points:
            assert centre_near(image, point) == pytest.approx(point, abs=0.15)


def test_what_moves_along_and_what_stays():
    batch = clips_of(dots(), [np.random.default_rng(4)], QUIET)
    flat = batch.points["flat"].astype(np.float64)
    axis = flat[:, 1] - flat[:, 0]
    roll = np.degrees(np.arctan2(axis[:, 1], axis[:, 0]))
    assert batch.pose[:, 2] - (-3) == pytest.approx(roll - roll[0], abs=1e-2)
    assert np.ptp(batch.pose[:, 2]) > 1
    assert np.array_equal(batch.pose[:, :2], np.tile([10.0, 5.0], (8, 1)))
    length = np.linalg.norm(axis, axis=-1)
    assert batch.points["deep"][:, 0, 2] == pytest.approx(7 * length / length[0], rel=1e-4)
    assert np.array_equal(batch.weights["flat"], np.tile([1.0, 2.0, 3.0], (8, 1)))
    assert batch.rows.tolist() == [17] * 8
    assert batch.attributes["smile"].tolist() == [1.0] * 8


def test_steps_stay_within_their_ranges_and_accumulate():
    settings = ClipSettings(frames=200, scale=0.05, roll=3.0, shift=4.0)
    maps = draw_steps(np.random.default_rng(0), settings, 100)
    assert np.array_equal(maps[0], np.eye(2, 3))
    full = np.concatenate([maps, np.tile([[[0, 0, 1]]], (200, 1, 1))], 1)
    steps = full[1:] @ np.linalg.inv(full[:-1])
    zoom = np.sqrt(np.linalg.det(steps[:, :2, :2]))
    roll = np.degrees(np.arctan2(steps[:, 1, 0], steps[:, 0, 0]))
    shift = (steps @ [50, 50, 1])[:, :2] - 50
    assert 0.94 < zoom.min() < 0.96
    assert 1.04 < zoom.max() < 1.06
    assert 2.8 < np.abs(roll).max() <= 3.0
    assert roll.min() < 0 < roll.max()
    assert 3.5 < np.abs(shift).max() < 4.3


def test_noise_has_its_strength_and_blur_its_direction():
    grey = np.full((SIZE, SIZE, 3), 128, np.uint8)
    rng = np.random.default_rng(0)
    noisy = np.stack([disturb(rng, grey, np.zeros(2), ClipSettings(noise=3.0)) for _ in range(3)])
    assert noisy.astype(float).std() == pytest.approx(3.0, rel=0.05)
    assert not np.array_equal(noisy[0], noisy[1])
    line = np.zeros((21, 21, 3), np.uint8)
    line[10, 10] = 250
    along = smear(line, np.array([3.0, 0.0]), 5)
    assert along[10, :, 0].tolist() == [0] * 8 + [50] * 5 + [0] * 8
    assert np.count_nonzero(along[:, :, 0].sum(1)) == 1
    down = smear(line, np.array([0.0, -1.0]), 5)
    assert np.count_nonzero(down[:, :, 0].sum(0)) == 1
    assert np.array_equal(smear(line, np.zeros(2), 5), line)


def test_the_same_seed_gives_the_same_clip():
    settings = ClipSettings(turn=0.0)
    a, b = (clips_of(dots(), [np.random.default_rng(9)], settings) for _ in range(2))
    assert np.array_equal(a.images, b.images)


def test_clips_of_no_frame_are_refused():
    with pytest.raises(InputError, match="frames"):
        ClipSettings(frames=0)


def test_steadiness_by_hand():
    """Two clips of three frames in a crop of 50 px: 1 px is 2 percent."""
    target = torch.zeros(6, 1, 2)
    predicted = torch.tensor([[0.0, 0], [3, 4], [3, 4], [7, 7], [7, 7], [7, 7]])[:, None]
    weights = torch.ones(6, 1)
    loss = steadiness_loss(predicted, target, weights, 3, 50)
    assert loss.item() == pytest.approx(2 * 5 / 4, abs=2e-3)  # one of four steps, 5 px
    weights[1] = 0  # its clip has no two known frames beside each other
    assert steadiness_loss(predicted, target, weights, 3, 50).item() == pytest.approx(0, abs=2e-3)


def test_steadiness_needs_no_depth():
    """Neither where the labels have none, nor where some of them do not know it."""
    target = torch.zeros(6, 1, 2)
    predicted = torch.tensor([[0.0, 0], [3, 4], [3, 4], [7, 7], [7, 7], [7, 7]])[:, None]
    deep = torch.cat([predicted, torch.randn(6, 1, 1)], -1)
    unknown = torch.cat([target, torch.full((6, 1, 1), torch.nan)], -1)
    expected = steadiness_loss(predicted, target, torch.ones(6, 1), 3, 50)
    for labels in (target, unknown):
        assert steadiness_loss(deep, labels, torch.ones(6, 1), 3, 50) == expected


def test_steadiness_asks_to_move_as_the_truth_does():
    target = torch.tensor([[0.0, 0], [3, 4]])[:, None]
    still = torch.zeros(2, 1, 2, requires_grad=True)
    loss = steadiness_loss(still, target, torch.ones(2, 1), 2, 100)
    loss.backward()
    assert loss.item() == pytest.approx(5, abs=2e-3)
    assert still.grad[1, 0].tolist() == pytest.approx([-0.6, -0.8], abs=1e-3)
    assert math.isclose(still.grad.sum().item(), 0, abs_tol=1e-6)
    follows = target + 9
    assert steadiness_loss(follows, target, torch.ones(2, 1), 2, 100).item() < 2e-3
