"""The demo clip moves as `bauta.demo.motion` says; its scores are what hand computation gives."""

import av
import cv2
import numpy as np
import pytest

from bauta.checks import InputError
from bauta.demo import clip_path, motion, truth
from bauta.geometry import affine
from bauta.schemes import REGIONS68

FULL = motion.frames_showing("full")
GONE = motion.frames_showing("none")


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """Green channel of every frame (FRAMES, 480, 640)."""
    with av.open(str(clip_path())) as container:
        frames = container.decode(video=0)
        return np.stack([frame.to_ndarray(format="rgb24")[..., 1] for frame in frames])


def faces(clip: np.ndarray, to: int, origin: int) -> tuple[np.ndarray, np.ndarray]:
    """The box around the truth's points in frame `to`, and frame `origin` moved there; float32."""
    T = affine.for_opencv(motion.T_frame_frame(to, origin))
    moved = cv2.warpAffine(clip[origin], T, motion.SIZE_WH, flags=cv2.INTER_CUBIC)
    low = np.floor(truth.truth68(to).min(0)).astype(int)
    high = np.ceil(truth.truth68(to).max(0)).astype(int)
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    return clip[to][box].astype(np.float32), moved[box].astype(np.float32)


def test_clip_is_small_and_complete(clip):
    assert clip.shape == (motion.FRAMES, motion.SIZE_WH[1], motion.SIZE_WH[0])
    assert motion.FRAMES >= 150
    assert clip_path().stat().st_size <= 2_000_000
    with av.open(str(clip_path())) as container:
        assert container.streams.video[0].average_rate == motion.RATE


@pytest.mark.parametrize("origin", [0, 76, 98, 104, 118, 128, 142, 160, 200, 219])
def test_frames_move_as_the_motion_says(clip, origin):
    still, moved = faces(clip, motion.STILL.start, origin)
    assert np.corrcoef(still.ravel(), moved.ravel())[0, 1] > 0.93
    window = cv2.createHanningWindow((still.shape[1], still.shape[0]), cv2.CV_32F)
    still, moved = cv2.GaussianBlur(still, (0, 0), 2), cv2.GaussianBlur(moved, (0, 0), 2)
    (dx, dy), _ = cv2.phaseCorrelate(still, moved, window)
    assert max(abs(dx), abs(dy)) < 0.3  # 0.02 where nothing blurs; blur and light pull a little


def test_nothing_but_noise_in_the_still_frames(clip):
    still = clip[motion.STILL.start : motion.STILL.stop].astype(np.float32)
    assert np.ptp(still.mean(axis=(1, 2))) < 0.5
    assert 0.3 < still.std(axis=0).mean() < 3
    for index in motion.STILL:
        np.testing.assert_array_equal(
            motion.T_frame_picture(index), motion.T_frame_picture(motion.STILL.start)
        )


def test_marks_are_where_a_face_has_them():
    marks = truth.marks68()
    assert marks.shape == (68, 2)
    assert (marks > 0).all()
    assert (marks < motion.PICTURE_WH).all()
    assert marks[36, 0] < marks[39, 0] < marks[42, 0] < marks[45, 0]
    assert (np.diff(marks[:17, 0])[3:] > 0).all()
    assert marks[8, 1] == marks[:, 1].max()
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46), (51, 62), (62, 66), (66, 57)):
        assert marks[upper, 1] < marks[lower, 1]


def test_known_places_of_the_picture():
    T = motion.T_frame_picture(motion.STILL.start)
    np.testing.assert_allclose(T, [[1.6, 0, 320 - 1.6 * 224], [0, 1.6, 240 - 1.6 * 130]])
    np.testing.assert_allclose(
        affine.apply(motion.T_frame_picture(76), np.array(motion.PIVOT)), (360, 250)
    )
    angle = np.degrees(np.arctan2(*motion.T_frame_picture(76)[1::-1, 0]))
    assert angle == pytest.approx(25)  # clockwise on screen


def test_motion_of_a_frame_to_itself_is_none_and_back_is_the_inverse():
    for a, b in ((0, 0), (98, 98), (5, 104), (142, 210)):
        there, back = motion.T_frame_frame(b, a), motion.T_frame_frame(a, b)
        np.testing.assert_allclose(affine.compose(back, there), np.eye(3)[:2], atol=1e-9)
    np.testing.assert_allclose(motion.T_frame_frame(98, 98), np.eye(3)[:2], atol=1e-12)


def test_motion_is_continuous_and_only_the_fast_move_is_fast():
    steps = np.linalg.norm(np.diff(truth.truth(), axis=0), axis=-1).mean(-1)
    before = np.arange(len(steps)) < 158  # then it speeds up to leave
    fast = np.isin(np.arange(len(steps)), np.arange(motion.FAST.start - 1, motion.FAST.stop))
    assert 30 < steps[fast].max() < 60
    assert steps[before & ~fast].max() < 15


@pytest.mark.parametrize("index", [-1, motion.FRAMES])
def test_frames_outside_of_the_clip_are_refused(index):
    with pytest.raises(InputError, match="index"):
        motion.T_frame_picture(index)


def test_visibility_agrees_with_the_points():
    points = truth.truth()
    inside = np.asarray(np.logical_and(points > 0, points < motion.SIZE_WH).all(axis=-1))
    assert inside[FULL].all()
    assert not inside[GONE].any()
    assert len(GONE) >= 15
    assert (np.diff(GONE) == 1).all()
    assert GONE[0] > 0
    assert FULL[-1] == motion.FRAMES - 1
    with pytest.raises(InputError, match="full, part, none"):
        motion.frames_showing("half")


def found_points() -> np.ndarray:
    """The truth, NaN where no face is shown."""
    points = truth.truth().astype(np.float64)
    points[GONE] = np.nan
    return points


def test_the_truth_scores_nothing():
    score = truth.score(found_points())
    assert score.nme == pytest.approx(0)
    assert score.steadiness == pytest.approx(0)
    assert set(score.regions) == set(REGIONS68)
    assert score.presence == truth.Presence(len(FULL), len(FULL), 0, 0)


def test_an_offset_of_five_pixels():
    points = found_points() + np.array([3, 4])
    expected = np.mean(500 / truth.eye_distance(truth.truth()[FULL].astype(np.float64)))
    assert truth.nme(points) == pytest.approx(expected, rel=1e-6)
    assert truth.steadiness(points) == pytest.approx(0, abs=1e-6)  # a constant error is steady


def test_an_error_of_one_region_is_told_apart():
    points = found_points()
    points[:, 36:42] += 2
    errors = truth.nme_regions(points)
    assert errors.pop("right_eye") > 1
    assert max(errors.values()) == pytest.approx(0)


def test_steadiness_of_points_that_jump_by_one_pixel():
    points = found_points()
    points[::2, :, 0] += 2  # +-1 around the mean
    still = truth.truth68(motion.STILL.start)
    expected = 100 / np.hypot(*(still[36] - still[45]))
    assert truth.steadiness(points) == pytest.approx(expected, rel=1e-6)
    points[motion.STILL.start : motion.STILL.stop] = np.nan
    assert np.isnan(truth.steadiness(points))


def test_presence_counts_frames():
    found = np.ones(motion.FRAMES, bool)
    found[FULL[:7]] = False
    back = FULL[GONE[-1] < FULL]
    found[GONE[3] : back[5]] = False
    found[back[9]] = False
    assert truth.presence(found) == truth.Presence(len(FULL), len(FULL) - 13, 3, 5)
    assert truth.presence(np.ones(motion.FRAMES, bool)).until_dropped is None
    never = truth.presence(np.zeros(motion.FRAMES, bool))
    assert (never.found, never.until_dropped, never.until_found) == (0, 0, None)


def test_a_clip_without_any_face_has_no_error():
    nothing = np.full((motion.FRAMES, 68, 2), np.nan)
    assert np.isnan(truth.nme(nothing))


@pytest.mark.parametrize("shape", [(10, 68, 2), (motion.FRAMES, 68, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="expected shape"):
        truth.score(np.zeros(shape))
