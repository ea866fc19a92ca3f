"""What every filter does, and what those that know a head do besides."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from bauta.checks import InputError
from bauta.crop import roi_of_mesh
from bauta.filters.base import Filter
from bauta.filters.flow import HeadFlow
from bauta.filters.head import HeadConfig, HeadFilter
from bauta.filters.kalman import Kalman, KalmanConfig
from bauta.filters.kinds import CONFIGS, filter_maker
from bauta.filters.one_euro import OneEuroConfig
from bauta.filters.seen import Seen, layout_of
from bauta.filters.smoother import smooth
from bauta.schemes import get
from bauta.types import FaceState
from faces import synthetic_face

LAYOUT = layout_of(("mesh478",))
DT, SIZE = 0.04, 120.0
LIDS = get("mesh478").regions["right_eye"]
NAMES = tuple(CONFIGS)


def make(name: str) -> Filter:
    maker = filter_maker(name)
    assert maker is not None
    return maker()


@cache
def skin() -> np.ndarray:
    """A picture with structure everywhere, as skin has under a camera."""
    rng = np.random.default_rng(3)
    rough = rng.uniform(60, 200, (30, 40)).astype(np.float32)
    return cv2.resize(rough, (640, 480), interpolation=cv2.INTER_CUBIC)


def photograph(face: FaceState, start: FaceState, blank: bool = False) -> dict[str, np.ndarray]:
    """Crop of a face, whose skin moves with it in the plane from where it was at the `start`."""
    shift = face.mesh[:468, :2].mean(0) - start.mesh[:468, :2].mean(0)
    T = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    image = cv2.warpAffine(skin(), T, (640, 480), borderMode=cv2.BORDER_REFLECT)
    if blank:
        image = np.full_like(image, 128)
    T_crop = roi_of_mesh(start.mesh).transform(112)
    crop = cv2.warpAffine(image, T_crop, (112, 112))
    crop = np.repeat(np.clip(crop, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return {"crop": crop, "T_crop_image": T_crop}


def clip(
    speed: float, noise: float, count: int = 60, blank: bool = False, yaw: float = 0.0
) -> tuple[list[Seen], np.ndarray]:
    """A face that moves by `speed` pixels a frame (and turns by `yaw` degrees a frame), seen with
    `noise`; and where it truly is (T, 478, 3)."""
    rng = np.random.default_rng(0)
    faces = [
        synthetic_face(yaw * t, center=(180 + speed * t, 150), size=SIZE) for t in range(count)
    ]
    frames = [
        Seen(
            (face.mesh + rng.normal(0, noise, (478, 3)) * [1, 1, 0]).astype(np.float32),
            t * DT,
            SIZE,
            np.full(478, 2.0),
            LAYOUT,
            **photograph(face, faces[0], blank),
        )
        for t, face in enumerate(faces)
    ]
    return frames, np.stack([face.mesh for face in faces])


def run(filter: Filter, frames: list[Seen]) -> np.ndarray:
    return np.stack([filter(seen) for seen in frames])


@pytest.mark.parametrize("name", NAMES)
def test_the_first_frame_passes_through(name):
    frames, _ = clip(0, 1.0, 1)
    assert make(name)(frames[0]) == pytest.approx(frames[0].points, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_still_face_shakes_less(name):
    frames, truth = clip(0, 0.5)
    out = run(make(name), frames)[20:, :, :2]
    assert out.std(0).mean() < 0.75 * 0.5
    assert np.abs(out.mean(0) - truth[0, :, :2]).mean() < 0.2


@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_turns_and_moves_hardly_lags(name):
    """Two face sizes a second and 50 degrees a second: less than half a frame late."""
    frames, truth = clip(0.08 * SIZE, 0.0, 20, yaw=2.0)
    late = np.abs(run(make(name), frames)[-1, :468, :2] - truth[-1, :468, :2]).mean()
    step = np.linalg.norm(truth[-1] - truth[-2], axis=1)[:468].mean()
    assert late < 0.5 * step


@pytest.mark.parametrize("name", NAMES)
def test_a_blink_is_not_damped(name):
    frames, _ = clip(0, 0.0, 30)
    shut = frames[0].points[LIDS, 1].mean()
    for t, closed in {14: 0.5, 15: 1.0, 16: 1.0, 17: 0.5}.items():
        frames[t].points[LIDS, 1] += closed * (shut - frames[t].points[LIDS, 1])
    gap = np.ptp(run(make(name), frames)[:, LIDS, 1], axis=1)
    assert gap[15:17].min() < 0.2 * gap[5]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("time", [-3.0, 50.0], ids=["back", "after a gap"])
def test_a_break_in_time_starts_anew(name, time):
    filter = make(name)
    (frame, *_), _ = clip(0, 0.0, 2)
    filter(frame)
    other = Seen(frame.points + 9, time, SIZE, frame.sigma, LAYOUT)
    assert filter(other) == pytest.approx(other.points, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_times_that_repeat_are_steps_all_the_same(name):
    """A clock that stands still neither freezes the points nor lets the noise through."""
    frames, _ = clip(0, 0.5)
    stuck = [Seen(f.points, 1.0, SIZE, f.sigma, LAYOUT, f.crop, f.T_crop_image) for f in frames]
    out = run(make(name), stuck)[20:, :, :2]
    assert 0.01 < out.std(0).mean() < 0.75 * 0.5


@pytest.mark.parametrize("name", NAMES)
def test_another_number_of_points_starts_anew(name):
    filter = make(name)
    (frame, *_), _ = clip(0, 0.0, 2)
    filter(frame)
    few = Seen(np.ones((68, 3), np.float32), DT, SIZE, None, layout_of(("ibug68",)))
    assert filter(few) == pytest.approx(few.points)


def test_pixels_carry_a_head_with_less_noise_than_its_points_do():
    """Noise that the whole face shares, as networks have it: the filter cannot average it away."""
    rng = np.random.default_rng(1)
    frames, truth = clip(1.0, 0.0)
    for frame in frames:
        frame.points[:, :2] += rng.normal(0, 0.6, 2).astype(np.float32)
    shake = {}
    for name in ("flow", "head"):
        error = (run(make(name), frames) - truth)[10:, :468, :2].mean(1)
        shake[name] = np.abs(np.diff(error, axis=0)).mean()
    assert shake["flow"] < 0.4 * shake["head"]


@pytest.mark.parametrize("blank", [False, True], ids=["skin", "no structure"])
def test_flow_says_how_the_head_moved_or_that_it_does_not_know(blank):
    frames, truth = clip(2.0, 0.0, 2, blank=blank)
    flow = HeadFlow()
    flow.remember(frames[0])
    motion = flow(truth[0], frames[1])
    if blank:
        assert motion is None or np.abs(motion(truth[0])).max() < 0.5
    else:
        assert motion is not None
        assert motion(truth[0])[:468] == pytest.approx(np.tile([2.0, 0.0], (468, 1)), abs=0.15)


def test_a_hand_that_passes_does_not_take_the_head_along():
    frames, truth = clip(0.0, 0.0, 2)
    crop = frames[1].crop
    assert crop is not None
    crop[72:] = np.roll(crop[72:], 4, axis=1)
    flow = HeadFlow()
    flow.remember(frames[0])
    motion = flow(truth[0], frames[1])
    assert motion is not None
    assert np.abs(motion(truth[0])[:468]).mean() < 0.2 * 4 * SIZE / 90


def test_the_smoother_neither_lags_nor_leads():
    """Of a motion that speeds up and slows down, nothing is left in front or behind."""
    frames, _ = clip(0.0, 0.0, 80)
    sway = 30 * np.sin(np.arange(80) * 2 * np.pi / 40)
    for frame, shift in zip(frames, sway, strict=True):
        frame.points[:, 0] += shift
    maker = filter_maker("one_euro", OneEuroConfig(min_cutoff=1.0, beta=1.0))
    assert maker is not None
    ahead = run(maker(), frames)[:, 0, 0] - frames[0].points[0, 0] + sway[0]
    both = np.stack(smooth(frames, maker))[:, 0, 0] - frames[0].points[0, 0] + sway[0]

    def delay(signal: np.ndarray) -> float:
        scores = [signal[20 + s : 60 + s] @ sway[20:60] for s in range(-9, 10)]
        return float(np.argmax(scores) - 9)

    assert delay(ahead) >= 2
    assert delay(both) == 0


def test_the_smoother_is_steadier_than_its_filter():
    rng = np.random.default_rng(1)
    frames, _ = clip(0, 0.0)
    for frame in frames:
        frame.points[:, :2] += rng.normal(0, 0.6, 2).astype(np.float32)
    maker = filter_maker("one_euro", OneEuroConfig(min_cutoff=1.0, beta=1.0))
    assert maker is not None
    alone = run(maker(), frames)[10:-10].std(0).mean()
    assert np.stack(smooth(frames, maker))[10:-10].std(0).mean() < 0.85 * alone


def test_kalman_follows_the_uncertainty_of_the_network():
    def spread(sigma: float) -> float:
        frames, _ = clip(0, 0.5)
        filter = Kalman()
        sure = [Seen(f.points, f.time, SIZE, np.full(478, sigma), LAYOUT) for f in frames]
        return float(run(filter, sure)[20:, :, :2].std(0).mean())

    assert spread(6.0) < 0.7 * spread(1.0)


def test_points_on_the_head_are_known_in_every_scheme():
    for name in ("mesh478", "ibug68", "ibug68-3d", "wflw98"):
        layout = layout_of((name,))
        assert 8 <= len(layout.rigid) < get(name).count
        assert layout.eyes.sum() >= 12
        assert not layout.eyes[layout.rigid].any()


@pytest.mark.parametrize(
    ("config", "bad"),
    [
        (HeadConfig, {"cutoff": 0}),
        (HeadConfig, {"lip_beta": -1}),
        (KalmanConfig, {"share": 0}),
    ],
)
def test_impossible_settings_are_refused(config: Callable, bad: dict):
    with pytest.raises(InputError):
        config(**bad)


def test_a_filter_takes_its_own_settings_only():
    assert isinstance(make("head"), HeadFilter)
    with pytest.raises(InputError, match="KalmanConfig"):
        filter_maker("kalman", OneEuroConfig())
    with pytest.raises(InputError, match="no effect"):
        filter_maker("none", OneEuroConfig())
