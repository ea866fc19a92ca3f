"""Brows that move against brows that only seem to."""

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.eval.brows import SHAPES, resting_height
from bauta.eval.eyes import beyond, brow_height
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles

CAMERA = Camera(np.array([[600.0, 0, 64], [0, 600.0, 64], [0, 0, 1]]))


def seen(angles, identity, **weights):
    """`ibug68-3d` in pixels, with z, of a head 60 centimetres away."""
    model = face_model()
    vertices = model.vertices(identity, model.weights(weights))
    points = model.points("ibug68-3d", vertices) @ from_angles(*angles).T + (0, 0, 60)
    return np.concatenate([CAMERA.project(points), points[:, 2:] * 10], 1)[None]


@pytest.mark.parametrize("angles", [(0, 0, 0), (25, -20, 0), (-20, 15, 30)])
@pytest.mark.parametrize(
    "raised",
    [
        {"browInnerUp": 1.0, "browOuterUpLeft": 0.7, "browOuterUpRight": 0.7},
        {"browDownLeft": 0.8, "browDownRight": 0.8},
    ],
)
def test_brows_put_back_to_rest_lie_where_they_rest(angles, raised):
    identity = np.random.default_rng(3).normal(0, 0.7, face_model().modes)
    points = seen(angles, identity, eyeBlinkLeft=1.0, jawOpen=0.3, **raised)
    still = brow_height(seen(angles, identity, eyeBlinkLeft=1.0, jawOpen=0.3))
    weights = np.array([[raised.get(name, 0.0) for name in SHAPES]])
    moved = brow_height(points) - still
    assert np.abs(moved) > 0.015
    rest = resting_height(points, np.array([angles]), weights)
    assert rest == pytest.approx(still, abs=0.1 * abs(float(moved[0])))
    unknown = resting_height(points, np.array([angles]), np.full_like(weights, np.nan))
    assert np.isnan(unknown).all()


def test_who_sees_the_pose_alone_has_nothing_and_half_is_half():
    rng = np.random.default_rng(0)
    rest, moved = rng.normal(0.3, 0.04, 4000), rng.normal(0.01, 0.02, 4000)
    blind = beyond(rest + rng.normal(0, 0.005, 4000), moved, rest)
    assert abs(blind.correlation) < 0.05
    assert abs(blind.kept) < 0.05
    half = beyond(0.8 * rest + 0.5 * moved, moved, rest)
    assert half.kept == pytest.approx(0.5)
    assert half.correlation == pytest.approx(1)
    noisy = beyond(rest + moved + rng.normal(0, 0.02, 4000), moved, rest)
    assert noisy.correlation == pytest.approx(2**-0.5, abs=0.03)
    assert noisy.kept == pytest.approx(1, abs=0.05)


def test_movement_that_goes_with_the_rest_is_not_taken_for_sight():
    """Nodding people raise their brows: who only sees the nod is still blind."""
    rng = np.random.default_rng(1)
    rest = rng.normal(0.3, 0.04, 500)
    moved = 0.5 * (rest - 0.3) + rng.normal(0, 0.02, 500)
    found = beyond(1.5 * rest, moved, rest)
    assert found.kept == pytest.approx(0, abs=1e-6)
