import numpy as np
import pytest

from bauta.fit.solver import (
    Gaps,
    Prior,
    Solution,
    SolverSettings,
    bounded_step,
    exp_so3,
    jacobian,
    normal_equations,
    project,
    robust_weight,
    solve,
)
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from sure import sure

CAMERA = Camera.of_fov(640, 480)
RNG = np.random.default_rng(4)
STILL = RNG.uniform(-8, 8, (3, 60))
BASES = RNG.normal(size=(3, 60, 5)).astype(np.float32)
R0, T0 = from_angles(12.0, -8.0, 5.0), np.array([3.0, -2.0, 60.0])
C0 = np.array([0.0, 0.3, 1.0, 0.6, 0.1])


def prior(price=0.0, precision=1e-4):
    return Prior(np.zeros(5), np.ones(5), np.zeros(5), precision * np.eye(5), np.full(5, price))


def seen(c=C0, R=R0, t=T0):
    return project(CAMERA, R, t, STILL + BASES @ c)[1]


def recover(observed, sigma=1.0, settings=None, given=None):
    start = Solution(from_angles(4.0, 0.0, 0.0), np.array([0.0, 0, 70]), np.full(5, 0.5))
    settings = settings or SolverSettings(steps=20, small=1e-9)
    sigmas = np.full(observed.shape[1], sigma)
    return solve(CAMERA, STILL, BASES, observed, sigmas, start, given or prior(), settings)


def test_projection_is_the_cameras():
    turned, pixels = project(CAMERA, R0, T0, STILL)
    assert np.abs(pixels.T - CAMERA.project(turned.T + T0)).max() < 1e-9


def test_the_jacobian_is_the_numerical_derivative():
    turned, base = project(CAMERA, R0, T0, STILL + BASES @ C0)
    J = jacobian(CAMERA, R0, T0, turned, BASES).reshape(2, 60, 11)
    for column in range(11):
        step = np.zeros(11)
        step[column] = 1e-5
        moved = seen(C0 + step[6:], exp_so3(step[:3]) @ R0, T0 + step[3:6])
        expected = (moved - base) / 1e-5
        scale = np.abs(expected).max()
        assert np.abs(J[:, :, column] - expected).max() < 2e-4 * scale, column


def test_normal_equations_are_those_of_the_whole_jacobian():
    """Summed over blocks; K chosen so that the last block is a small one."""
    rng = np.random.default_rng(5)
    J = rng.normal(size=(2 * 61, 150)).astype(np.float32)
    residual, weight = rng.normal(size=(2, 61)), rng.uniform(0.1, 3, 61)
    W = np.diag(np.concatenate([weight, weight]))
    A, g = normal_equations(J, residual, weight)
    assert pytest.approx(J.T @ W @ J, abs=1e-3) == A
    assert pytest.approx(J.T @ W @ residual.ravel(), abs=1e-3) == g


def test_without_noise_the_truth_comes_back():
    found = recover(seen())
    assert np.abs(found.R - R0).max() < 1e-4
    assert np.abs(found.t - T0).max() < 1e-2
    assert np.abs(found.c - C0).max() < 2e-3
    assert np.abs(sure(found.residual)).max() < 0.02


def test_bounds_hold_although_the_points_ask_for_more():
    found = recover(seen(np.array([-1.0, 0.3, 2.0, 0.5, 0.5])))
    assert found.c.min() >= 0
    assert found.c.max() <= 1
    assert found.c[0] == 0
    assert found.c[2] == 1


def test_one_point_in_ten_may_be_nonsense():
    observed = seen() + RNG.normal(size=(2, 60)) * 0.3
    observed[:, ::10] += RNG.choice([-60.0, 60.0], (2, 6))
    found = recover(observed, sigma=0.5)
    assert np.abs(found.c - C0).max() < 0.1
    assert np.abs(found.t - T0).max() < 0.5


def test_a_price_makes_small_weights_nothing():
    small = np.array([0.01, 0.0, 0.8, 0.0, 0.01])
    assert np.count_nonzero(recover(seen(small), 8.0, given=prior(price=2.0)).c) == 1
    assert np.count_nonzero(recover(seen(small), 8.0).c > 1e-4) >= 3


def test_points_of_little_worth_count_little():
    """Half of the points say another pose; their sigma is large."""
    observed = seen()
    observed[:, 30:] = seen(R=from_angles(16.0, -8.0, 5.0))[:, 30:]
    sigma = np.where(np.arange(60) < 30, 0.5, 50.0)
    start = Solution(R0, T0, C0)
    found = solve(
        CAMERA, STILL, BASES, observed, sigma, start, prior(), SolverSettings(steps=10, small=1e-9)
    )
    assert np.abs(found.R - R0).max() < 2e-3


def test_a_robust_weight_by_hand():
    # at the outlier distance s = 1: a quarter of 1 / sigma^2
    weight = robust_weight(np.array([[0.0, 6.0], [0.0, 0.0]]), np.array([2.0, 2.0]), 3.0)
    assert weight == pytest.approx([0.25, 0.0625])


def test_a_bounded_step_is_the_best_within_bounds():
    """Against all points of a fine grid."""
    A, g = np.array([[2.0, 0.8], [0.8, 1.0]]), np.array([3.0, -0.5])
    low, high = np.array([-1.0, -0.25]), np.array([0.7, 1.0])
    cost = lambda d: 0.5 * d @ A @ d - g @ d  # noqa: E731
    d = bounded_step(A, g, low, high)
    grid = [np.array([x, y]) for x in np.linspace(-1, 0.7, 86) for y in np.linspace(-0.25, 1, 126)]
    assert (d >= low).all()
    assert (d <= high).all()
    assert cost(d) <= min(map(cost, grid)) + 1e-9


def test_a_turn_is_a_rotation_about_its_axis():
    quarter = exp_so3(np.array([0.0, 0.0, np.pi / 2]))
    assert quarter @ [1.0, 0, 0] == pytest.approx([0, 1, 0])
    assert np.abs(exp_so3(np.array([1e-10, 0, 0])) - np.eye(3)).max() < 1e-9


def test_the_jacobian_of_a_gap_is_the_numerical_derivative():
    rows = np.zeros((1, 60), np.float32)
    rows[0, [3, 7]] = 1, -1
    gaps = Gaps(rows, np.array([[0.6, 0.8]]), np.ones(1))
    turned, base = project(CAMERA, R0, T0, STILL + BASES @ C0)
    J = gaps.jacobian(jacobian(CAMERA, R0, T0, turned, BASES))
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-5
        expected = (gaps.of(seen(C0 + step)) - gaps.of(base)) / 1e-5
        assert J[0, 6 + column] == pytest.approx(expected[0], rel=1e-3)


def test_a_gap_is_known_better_than_its_ends():
    """Both ends are seen shifted alike: with the gap believed, its coefficient is found."""
    bases = np.zeros((3, 60, 1), np.float32)
    bases[1, 3], bases[1, 7] = 1.0, -1.0
    truth = project(CAMERA, R0, T0, STILL + bases[:, :, 0] * 0.5)[1]
    observed = truth.copy()
    observed[:, [3, 7]] += 20.0  # outliers as points, right as a gap
    rows = np.zeros((1, 60), np.float32)
    rows[0, [3, 7]] = 1, -1
    one = Prior(np.zeros(1), np.ones(1), np.zeros(1), np.eye(1), np.zeros(1))
    start = Solution(R0, T0, np.zeros(1))
    settings = SolverSettings(steps=10, small=1e-6)
    sigma = np.ones(60)

    def found(gaps):
        got = solve(CAMERA, STILL, bases, observed, sigma, start, one, settings, gaps)
        return float(got.c[0])

    across = truth[:, 3] - truth[:, 7]
    gaps = Gaps(rows, (across / np.linalg.norm(across))[None], np.full(1, 0.1))
    assert found(None) < 0.3
    assert found(gaps) == pytest.approx(0.5, abs=0.02)
