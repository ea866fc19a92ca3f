"""Optical flow of a picture that moves by a known amount; what is believed of it; its loss."""

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.train.registration import Gate, Tracks, flow, registration_loss, track

SIZE = 96
SHIFT = np.array([0.75, -0.5], np.float32)  # exact in the 1/32 pixels of cv2.warpAffine


def wallpaper() -> np.ndarray:
    """A textured picture, larger than what is seen of it."""
    rng = np.random.default_rng(1)
    noise = rng.uniform(0, 255, (SIZE * 2, SIZE * 2, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip((soft - soft.mean()) * 6 + 127, 0, 255).astype(np.uint8)


def view(shift: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, 3): the wallpaper's middle, its content moved by `shift` pixels."""
    move = np.array([[1, 0, shift[0] - SIZE / 2], [0, 1, shift[1] - SIZE / 2]], np.float64)
    return cv2.warpAffine(wallpaper(), move, (SIZE, SIZE), flags=cv2.INTER_CUBIC)


def grid() -> np.ndarray:
    return np.stack(np.meshgrid([20, 40.5, 60, 75], [22, 45, 70.25]), -1).reshape(-1, 2)


FRAMES = np.stack([view(i * SHIFT) for i in range(3)])
MOVING = np.stack([grid() + i * SHIFT for i in range(3)]).astype(np.float32)


def test_flow_is_the_shift_to_a_tenth_of_a_pixel():
    before, after = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in FRAMES[:2])
    where, found = flow(before, after, grid())
    assert found.all()
    assert where - grid() == pytest.approx(np.tile(SHIFT, (12, 1)), abs=0.1)


def test_points_that_follow_the_pixels_cost_nothing():
    tracks = track(FRAMES, MOVING, Gate())
    loss, share = registration_loss(torch.from_numpy(MOVING), tracks, SIZE)
    assert share == 1
    assert loss.item() < 0.05


def test_points_that_stay_behind_pay_their_distance():
    """Still points on a moving picture: each is one step short of its track, both ways."""
    still = np.repeat(MOVING[:1], 3, 0)
    tracks = track(FRAMES, still, Gate())
    assert tracks.onward - still[:-1] == pytest.approx(np.broadcast_to(SHIFT, (2, 12, 2)), abs=0.1)
    assert tracks.back - still[1:] == pytest.approx(np.broadcast_to(-SHIFT, (2, 12, 2)), abs=0.1)
    points = torch.from_numpy(still).requires_grad_()
    loss, _ = registration_loss(points, tracks, SIZE)
    step = np.linalg.norm(SHIFT) * 100 / SIZE
    assert loss.item() == pytest.approx(step, rel=0.1)
    loss.backward()
    assert (points.grad[2, :, 0] < 0).all()  # the last frame's points are drawn along, to the right
    assert (points.grad[2, :, 1] > 0).all()  # and up
    assert (points.grad[0, :, 0] > 0).all()  # the first's the other way


def test_tracks_that_do_not_come_home_are_not_believed():
    """One patch is covered by something else in the second frame: no way back from there."""
    frames = FRAMES[:2].copy()
    rng = np.random.default_rng(5)
    frames[1, 10:36, 8:34] = cv2.GaussianBlur(
        rng.integers(0, 255, (26, 26, 3), np.uint8), (0, 0), 2
    )
    points = MOVING[:2]
    tracks = track(frames, points, Gate(reach=100.0))
    covered = np.linalg.norm(points[0] - [20, 22], axis=-1) < 1
    assert not tracks.onward_valid[0, covered].any()
    far = np.linalg.norm(points[0] - [20, 22], axis=-1) > 30
    assert tracks.onward_valid[0, far].all()


def test_what_moves_too_far_or_is_not_sure_is_not_believed():
    length = float(np.linalg.norm(SHIFT)) * 100 / SIZE
    assert track(FRAMES, MOVING, Gate(reach=length * 1.2)).onward_valid.all()
    assert not track(FRAMES, MOVING, Gate(reach=length * 0.8)).onward_valid.any()
    sure = np.ones((3, 12), bool)
    sure[1, 4] = False
    tracks = track(FRAMES, MOVING, Gate(), sure)
    assert np.argwhere(~tracks.onward_valid).tolist() == [[1, 4]]
    assert np.argwhere(~tracks.back_valid).tolist() == [[0, 4]]


def test_points_outside_of_the_crop_are_not_believed():
    points = MOVING.copy()
    points[:, 0] = [-3.0, 50.0]
    tracks = track(FRAMES, points, Gate())
    assert not tracks.onward_valid[:, 0].any()
    assert tracks.onward_valid[:, 1:].all()


def test_nothing_believed_costs_nothing():
    nothing = np.zeros((2, 12), bool)
    tracks = Tracks(MOVING[1:] + 9, nothing, MOVING[:-1] + 9, nothing)
    points = torch.from_numpy(MOVING).requires_grad_()
    loss, share = registration_loss(points, tracks, SIZE)
    loss.backward()
    assert (loss.item(), share.item()) == (0, 0)
    assert not points.grad.any()
