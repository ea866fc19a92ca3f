"""Rare poses are repeated as often as their bins say."""

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.data.pose_balance import (
    balance_by_angles,
    balance_by_pdb,
    pose_coefficients,
    procrustes,
    replication,
)
from made_faces import points_of


def test_replication_is_the_fullest_bin_over_the_own_rounded():
    bins = np.array([0] * 10 + [1] * 4 + [3] + [-1])
    # 10 / 10, 10 / 4 = 2.5 -> 2 (to even), 10 / 1, unknown
    assert replication(bins).tolist() == [1.0] * 10 + [2.0] * 4 + [10.0] + [1.0]
    assert replication(np.array([-1, -1])).tolist() == [1, 1]


def test_both_sides_of_a_turn_are_one_bin_and_up_and_down_are_two():
    pose = np.zeros((16, 3))
    pose[8:10, 0] = 40, -40  # two turned, to either side
    pose[10:12, 1] = 30, -30  # one up, one down
    factors = balance_by_angles(pose)
    # |yaw|: 14 in bin 0, 2 in bin 2: 7. Pitch: 14 level, 1 up, 1 down: 14.
    assert factors.tolist() == [1] * 8 + [7, 7] + [14, 14] + [1] * 4


def test_roll_counts_and_a_face_takes_its_rarest_angle():
    pose = np.zeros((6, 3))
    pose[5] = (20, 0, 50)
    pose[4] = (20, 0, 0)
    # |yaw|: 4 and 2: 2; |roll|: 5 and 1: 5
    assert balance_by_angles(pose).tolist() == [1, 1, 1, 1, 2, 5]


def test_unknown_angles_count_once():
    pose = np.zeros((5, 3))
    pose[4] = np.nan
    assert balance_by_angles(pose).tolist() == [1] * 5


def moved(shapes, seed=0):
    """The same shapes, each placed, scaled and turned at random."""
    rng = np.random.default_rng(seed)
    out = []
    for shape in shapes:
        a, s = rng.uniform(-2, 2), rng.uniform(0.2, 5)
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        out.append(s * shape @ R.T + rng.uniform(-100, 100, 2))
    return np.array(out)


YAWS = [0] * 30 + [15, -15] * 6 + [60, -60] * 2


def turned_faces():
    return np.array([points_of("ibug68-3d", (yaw, 0, 0))[:, :2] for yaw in YAWS])


def test_procrustes_takes_away_place_size_and_turn():
    shapes = turned_faces()
    a, b = procrustes(shapes), procrustes(moved(shapes))
    gaps = [np.linalg.norm(x[:, None] - x[None], axis=(-2, -1)) for x in (a, b)]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-6)
    assert a.mean(1) == pytest.approx(np.zeros((len(a), 2)), abs=1e-12)
    assert a[:30] == pytest.approx(np.repeat(a[:1], 30, axis=0), abs=1e-9)


def test_the_main_mode_of_the_shapes_is_the_yaw():
    coefficients = pose_coefficients(moved(turned_faces()))
    assert abs(np.corrcoef(coefficients, np.sin(np.radians(YAWS)))[0, 1]) > 0.99


def test_pdb_repeats_each_bin_up_to_the_fullest():
    """30 frontal, 12 a little turned, 4 far turned, in three bins of the nine: 30 / 12, 30 / 4."""
    factors = balance_by_pdb(moved(turned_faces()))
    assert factors[:30].tolist() == [1] * 30
    assert factors[30:42].tolist() == [2] * 12
    assert factors[42:].tolist() == [8] * 4


def test_pdb_counts_a_face_with_unknown_points_once():
    shapes = turned_faces()
    shapes[-2:, 4] = np.nan  # one to each side
    factors = balance_by_pdb(shapes)
    assert factors[-2:].tolist() == [1, 1]
    assert factors[42:44].tolist() == [15, 15]
    with pytest.raises(InputError, match="bins"):
        balance_by_pdb(shapes, bins=0)
