"""Heads of known pose, dots under their points: after a turn they are those of the new pose."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from bauta import schemes
from bauta.data.batch import Batch
from bauta.geometry.rotation import from_angles
from bauta.train.short_clips import ClipSettings, clips_of, draw_turns
from bauta.train.small_turns import moved, turned
from made_faces import FEW, dot_near, dotted, points_of

SIZE = 192
POSE = (12.0, -6.0, 9.0)


def head(scheme="ibug68", pose=POSE):
    return points_of(scheme, pose, scale=7.0, center=(96, 92))


def still(pose=POSE) -> Batch:
    flat, deep = head(pose=pose)[:, :2], head("ibug68-3d", pose)
    return Batch(
        images=dotted(flat[FEW], (SIZE, SIZE))[None],
        points={"ibug68": flat[None].copy(), "ibug68-3d": deep[None].copy()},
        weights={"ibug68": np.ones((1, 68), np.float32), "ibug68-3d": np.ones((1, 68))},
        pose=np.array([pose], np.float32),
    )


def centred(points: np.ndarray) -> np.ndarray:
    return points[:, :2] - points[:, :2].mean(0)


@pytest.mark.parametrize("turn", [(5.0, 0.0), (-5.0, 0.0), (0.0, 5.0), (4.0, -6.0)])
@pytest.mark.parametrize("scheme", ["ibug68", "mesh478", "wflw98"])
def test_points_move_as_those_of_a_rigid_head(scheme, turn):
    new = (POSE[0] + turn[0], POSE[1] + turn[1], POSE[2])
    R = from_angles(*POSE)
    flat = head(scheme)[:, :2]
    there = moved(flat, schemes.layout(scheme), R, from_angles(*new) @ R.T)
    assert centred(there) == pytest.approx(centred(head(scheme, new)), abs=1e-2)
    assert np.abs(there - flat).max() > 2


def test_the_nose_goes_where_the_head_turns():
    """Yaw grows to the right of the picture, pitch upwards: the tip moves against the eyes."""
    for turn, axis, sign in (((8.0, 0.0), 0, 1), ((0.0, 8.0), 1, -1)):
        before = still((0.0, 0.0, 0.0))
        after = turned(before, np.array([turn])).points["ibug68"][0]
        flat = before.points["ibug68"][0]
        ahead = (after[30] - flat[30]) - (after[[36, 45]] - flat[[36, 45]]).mean(0)
        assert sign * ahead[axis] > 3


@pytest.mark.parametrize("turn", [(10.0, 0.0), (-15.0, 8.0), (6.0, -12.0)])
def test_dots_stay_under_their_points_and_both_near_the_truth(turn):
    out = turned(still(), np.array([turn]))
    points = out.points["ibug68"][0]
    new = (POSE[0] + turn[0], POSE[1] + turn[1], POSE[2])
    for index in FEW:
        assert np.abs(dot_near(out.images[0], points[index]) - points[index]).max() < 0.5
    apart = np.linalg.norm(centred(points) - centred(head(pose=new)), axis=1)
    moved = np.linalg.norm(centred(head(pose=new)) - centred(head()), axis=1)
    assert apart.mean() < 0.2 * moved.mean()
    assert out.pose[0] == pytest.approx(new, abs=1e-3)
    depth, true = (
        p[:, 2] - p[:, 2].mean() for p in (out.points["ibug68-3d"][0], head("ibug68-3d", new))
    )
    assert depth == pytest.approx(true, abs=0.05)


def test_what_is_not_turned_or_not_known_stays_as_it_was():
    same = turned(still(), np.zeros((1, 2)))
    assert np.array_equal(same.images, still().images)
    lost = still()
    lost.pose[:] = np.nan
    none = turned(lost, np.array([[5.0, 5.0]]))
    assert np.array_equal(none.images, lost.images)
    assert np.array_equal(none.points["ibug68"], lost.points["ibug68"])
    assert np.isnan(none.pose).all()


def test_points_that_are_not_known_turn_nothing_and_profiles_stay():
    whole, half = still(), still()
    half.points["ibug68"][0, :17], half.weights["ibug68"][0, :17] = 0, 0
    del half.points["ibug68-3d"], half.weights["ibug68-3d"]
    a, b = (turned(batch, np.array([[8.0, 0.0]])).points["ibug68"][0] for batch in (whole, half))
    inner = np.arange(17, 68)
    assert np.abs(centred(a[inner]) - centred(b[inner])).mean() < 0.5
    profile = still((58.0, 0.0, 0.0))
    assert np.array_equal(turned(profile, np.array([[5.0, 0.0]])).images, profile.images)
    assert not np.array_equal(turned(profile, np.array([[-5.0, 0.0]])).images, profile.images)


def test_a_depth_that_is_not_known_stays_so():
    known, unknown = still(), still()
    unknown.points["ibug68-3d"][..., 2] = np.nan
    a, b = (turned(batch, np.array([[8.0, -4.0]])) for batch in (known, unknown))
    assert np.array_equal(a.images, b.images)
    assert np.array_equal(a.points["ibug68-3d"][..., :2], b.points["ibug68-3d"][..., :2])
    assert np.isnan(b.points["ibug68-3d"][..., 2]).all()
    assert np.isfinite(a.points["ibug68-3d"]).all()


def test_the_border_stays_and_the_batch_given_is_not_written_to():
    batch = still()
    batch.images[0, :2] = 200
    out = turned(batch, np.array([[12.0, 0.0]]))
    assert np.array_equal(batch.points["ibug68"], still().points["ibug68"])
    assert np.abs(out.images[0, 0].astype(int) - 200).max() <= 2


def test_turns_add_up_and_keep_within_their_reach():
    settings = ClipSettings(frames=400, turn=5.0, turn_most=15.0)
    angles = draw_turns(np.random.default_rng(1), settings)
    assert angles[0].tolist() == [0, 0]
    assert 4.5 < np.abs(np.diff(angles, axis=0)).max() <= 5
    assert np.abs(angles).max(0).tolist() == [15, 15]
    assert angles.min() == -15


def test_a_clip_has_turns_among_its_steps():
    quiet = ClipSettings(frames=6, scale=0.0, roll=0.0, shift=0.0, noise=0.0, blur=0)
    batch = clips_of(still(), [np.random.default_rng(2)], quiet)
    assert batch.pose[0] == pytest.approx(POSE)
    assert np.ptp(batch.pose[:, 0]) > 3
    assert np.ptp(batch.pose[:, 1]) > 3
    for image, points in zip(batch.images, batch.points["ibug68"], strict=True):
        for index in FEW:
            assert np.abs(dot_near(image, points[index]) - points[index]).max() < 0.5
