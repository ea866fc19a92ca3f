import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry.alignment import umeyama
from bauta.geometry.rotation import from_angles, is_rotation, to_angles, upright_angle


@pytest.mark.parametrize(
    ("angles", "nose", "crown"),
    [
        ((0, 0, 0), (0, 0, -1), (0, -1, 0)),
        ((90, 0, 0), (1, 0, 0), (0, -1, 0)),
        ((0, 90, 0), (0, -1, 0), (0, 0, 1)),
        ((0, 0, 90), (0, 0, -1), (1, 0, 0)),
    ],
    ids=["straight", "own left is image right", "up", "tilt to the image's right"],
)
def test_signs_are_those_of_the_conventions_page(angles, nose, crown):
    R = from_angles(*angles)
    assert pytest.approx(nose, abs=1e-9) == R @ (0, 0, 1)
    assert pytest.approx(crown, abs=1e-9) == R @ (0, 1, 0)


def test_angles_come_back():
    rng = np.random.default_rng(0)
    for angles in rng.uniform([-89, -89, -179], [89, 89, 179], (50, 3)):
        assert to_angles(from_angles(*angles)) == pytest.approx(tuple(angles), abs=1e-6)


def test_at_ninety_degrees_of_yaw_the_rotation_survives_its_angles():
    R = from_angles(90, 20, 10)
    assert from_angles(*to_angles(R)) == pytest.approx(R, abs=1e-9)


@pytest.mark.parametrize("yaw", [-90, -60, 0, 60, 90])
def test_upright_angle_is_the_roll_at_every_yaw(yaw):
    assert np.degrees(upright_angle(from_angles(yaw, 0, 25))) == pytest.approx(25)


def test_umeyama_recovers_what_was_made():
    rng = np.random.default_rng(1)
    points, R = rng.normal(size=(20, 3)), from_angles(30, -10, 50)
    scale, found, t = umeyama(points, 3.5 * points @ R.T + (1, 2, 3))
    assert scale == pytest.approx(3.5)
    assert found == pytest.approx(R)
    assert t == pytest.approx(np.array([1, 2, 3]))


def test_umeyama_never_mirrors():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(20, 3))
    _, R, _ = umeyama(points, points * (-1, 1, 1))
    assert np.linalg.det(R) == pytest.approx(1)


def test_umeyama_weight_zero_is_no_point():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(20, 3))
    moved = points.copy()
    moved[0] += 100
    weights = np.ones(20)
    weights[0] = 0
    _, R, t = umeyama(points, moved, weights)
    assert pytest.approx(np.eye(3)) == R
    assert t == pytest.approx(np.zeros(3), abs=1e-9)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_umeyama_of_points_on_a_plane_a_line_or_a_spot_is_a_rotation(rank):
    rng = np.random.default_rng(4)
    points = rng.normal(size=(20, rank)) @ rng.normal(size=(rank, 3)) + 5
    _, R, t = umeyama(points, 2 * points @ from_angles(20, 10, 30).T)
    assert is_rotation(R, 1e-9)
    assert np.isfinite(t).all()


def test_rotations_are_told_from_what_mirrors_shears_or_grows():
    R = from_angles(20, 10, 30)
    assert is_rotation(R)
    assert not is_rotation(-R)
    assert not is_rotation(1.01 * R)
    assert not is_rotation(R[[0, 1, 1]])
    assert not is_rotation(R[[1, 0, 2]])
    R[2, 1] = np.nan
    assert not is_rotation(R)


def test_umeyama_of_nothing_known_is_an_error():
    points = np.ones((5, 3))
    points[2, 1] = np.nan
    for source, target in ((points, np.ones((5, 3))), (np.ones((5, 3)), points)):
        with pytest.raises(InputError, match="finite"):
            umeyama(source, target)
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match="weight"):
        umeyama(np.eye(3), np.eye(3), np.zeros(3))
