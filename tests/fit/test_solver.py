import numpy as np
import pytest

from bauta.fit.equations import Equations, project, robust_root
from bauta.fit.solver import (
    Prior,
    Solution,
    SolverSettings,
    bounded_step,
    exp_so3,
    free_rows,
    solve,
)
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from sure import sure

CAMERA = Camera.of_fov(640, 480)
RNG = np.random.default_rng(4)
STILL = RNG.uniform(-8, 8, (3, 60))
BASES = RNG.normal(size=(5, 3, 60)).astype(np.float32)
R0, T0 = from_angles(12.0, -8.0, 5.0), np.array([3.0, -2.0, 60.0])
C0 = np.array([0.0, 0.3, 1.0, 0.6, 0.1])


def prior(price=0.0, precision=1e-4):
    return Prior(np.zeros(5), np.ones(5), np.zeros(5), np.full(5, precision), np.full(5, price))


def made(c=C0, bases=BASES):
    return STILL + np.einsum("nxk,n->xk", bases, c)


def seen(c=C0, R=R0, t=T0):
    return project(CAMERA, R, t, made(c))[1]


def recover(observed, sigma=1.0, settings=None, given=None):
    start = Solution(from_angles(4.0, 0.0, 0.0), np.array([0.0, 0, 70]), np.full(5, 0.5))
    settings = settings or SolverSettings(steps=20, small=1e-9)
    sigmas = np.full(observed.shape[1], sigma)
    return solve(CAMERA, STILL, BASES, observed, sigmas, start, given or prior(), settings)


def test_projection_is_the_cameras():
    there, pixels = project(CAMERA, R0, T0, STILL)
    assert np.abs(there - (R0 @ STILL + T0[:, None])).max() < 1e-9
    assert np.abs(pixels.T - CAMERA.project(there.T)).max() < 1e-9


NONE = np.zeros((0, 2, 60), np.float32)


def equations(residual, root, gaps=NONE):
    there, _ = project(CAMERA, R0, T0, made())
    return Equations(CAMERA, R0, there, made(), residual, root, gaps)


def numerical_jacobian():
    """(11, 2, 60) of a turn and a shift along the head's axes, and the coefficients."""
    J = np.empty((11, 2, 60))
    for row in range(11):
        step = np.zeros(11)
        step[row] = 1e-5
        moved = seen(C0 + step[6:], R0 @ exp_so3(step[:3]), T0 + R0 @ step[3:6])
        J[row] = (moved - seen()) / 1e-5
    return J


def test_the_equations_are_those_of_the_numerical_derivative():
    rng = np.random.default_rng(5)
    residual, root = rng.normal(size=(2, 60)), rng.uniform(0.3, 2, 60)
    J = (numerical_jacobian() * root).reshape(11, -1)
    A, g = equations(residual, root).of(BASES)
    scale = np.sqrt(np.diag(J @ J.T))
    expected = J @ (residual * root).ravel()
    assert np.abs((A - J @ J.T) / np.outer(scale, scale)).max() < 1e-4
    assert np.abs((g - expected) / scale).max() < 1e-3
    pull = equations(residual, root).pull(BASES)
    assert np.abs((pull - expected[6:]) / scale[6:]).max() < 1e-3


def test_gaps_are_sums_of_pixels_that_weigh_one():
    rng = np.random.default_rng(6)
    residual, root = rng.normal(size=(2, 60)), rng.uniform(0.3, 2, 60)
    gaps = np.zeros((2, 2, 60), np.float32)
    gaps[0, :, 3], gaps[0, :, 7] = (0.6, 0.8), (-0.6, -0.8)
    gaps[1, 1, 20] = 4.0
    J = numerical_jacobian().reshape(11, -1)
    J_gap = J @ gaps.reshape(2, -1).T
    bare, with_gaps = equations(residual, root), equations(residual, root, gaps)
    more, expected = with_gaps.of(BASES)[0] - bare.of(BASES)[0], J_gap @ J_gap.T
    scale = np.sqrt(np.diag(with_gaps.of(BASES)[0]))
    assert np.abs((more - expected) / np.outer(scale, scale)).max() < 1e-3
    expected = J_gap @ (gaps.reshape(2, -1) @ residual.ravel())
    assert np.abs((with_gaps.of(BASES)[1] - bare.of(BASES)[1] - expected) / scale).max() < 1e-3
    pull = with_gaps.pull(BASES) - bare.pull(BASES)
    assert np.abs((pull - expected[6:]) / scale[6:]).max() < 1e-3


@pytest.mark.parametrize("count", [5, 120])
def test_equations_of_many_coefficients_are_multiplied_in_pieces(count):
    """The last piece is a small one."""
    bases = np.random.default_rng(7).normal(size=(count, 3, 60)).astype(np.float32)
    rng = np.random.default_rng(8)
    one = equations(rng.normal(size=(2, 60)), rng.uniform(0.3, 2, 60))
    whole = one.of(bases)[0]
    some = np.array([0, count // 2, count - 1])
    few = one.of(bases[some])[0]
    rows = np.concatenate([np.arange(6), 6 + some])
    scale = np.sqrt(np.diag(few))
    assert np.abs((whole[rows][:, rows] - few) / np.outer(scale, scale)).max() < 1e-5


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
    root = robust_root(np.array([[0.0, 6.0], [0.0, 0.0]]), np.array([2.0, 2.0]), 3.0)
    assert root**2 == pytest.approx([0.25, 0.0625])


def test_a_bounded_step_is_the_best_within_bounds():
    """Against all points of a fine grid; the pose is elsewhere."""
    A, g = np.eye(8), np.zeros(8)
    A[6:, 6:], g[6:] = [[2.0, 0.8], [0.8, 1.0]], [3.0, -0.5]
    low, high = np.array([-1.0, -0.25]), np.array([0.7, 1.0])
    cost = lambda d: 0.5 * d @ A[6:, 6:] @ d - g[6:] @ d  # noqa: E731
    step = bounded_step(A, g, low, high)
    d = step[6:]
    grid = [np.array([x, y]) for x in np.linspace(-1, 0.7, 86) for y in np.linspace(-0.25, 1, 126)]
    assert (step[:6] == 0).all()
    assert (d >= low).all()
    assert (d <= high).all()
    assert cost(d) <= min(map(cost, grid)) + 1e-9


def test_what_is_pulled_beyond_its_bound_is_not_free():
    low, high = np.array([0.0, 0.0, -0.3, -1.0, -1.0]), np.array([1.0, 1.0, 0.7, 0.0, 0.0])
    assert free_rows(np.array([-1.0, 1.0, -1.0, 1.0, -1.0]), low, high).tolist() == [1, 2, 4]


@pytest.mark.parametrize("together", [None, 3])
def test_the_pull_of_a_prior_is_minus_half_the_slope_of_its_cost(together):
    rng = np.random.default_rng(9)
    mean, precision, price = rng.normal(size=5), rng.uniform(1, 3, 5), rng.uniform(0, 1, 5)
    more = None if together is None else np.cov(rng.normal(size=(3, 9)))
    P = np.diag(precision)
    if more is not None:
        P[2:, 2:] += more
    one = Prior(np.zeros(5), np.ones(5), mean, precision, price, more)
    cost = lambda c: (c - mean) @ P @ (c - mean) + price @ c  # noqa: E731
    c, step = rng.normal(size=5), 1e-6 * np.eye(5)
    slope = [(cost(c + d) - cost(c - d)) / 2e-6 for d in step]
    assert one.pull(c) == pytest.approx(-np.array(slope) / 2, abs=1e-6)
    rows = np.array([1, 2, 4])
    A = np.zeros((9, 9))
    one.add_to(A, rows)
    assert A[6:, 6:] == pytest.approx(P[np.ix_(rows, rows)])
    assert not A[:6].any()


def test_information_is_told_of_coefficients_on_their_bounds_too():
    start = Solution(R0, T0, np.array([0.0, 0.3, 1.0, 0.6, 0.1]))
    pixels, sigma = seen(np.array([-1.0, 0.3, 1.0, 0.6, 0.1])), np.ones(60)
    found = [
        solve(
            CAMERA, STILL, BASES, pixels, sigma, start, prior(), SolverSettings(informed=informed)
        )
        for informed in (True, False)
    ]
    assert found[0].c == pytest.approx(found[1].c, abs=1e-5)
    assert found[0].c[0] == 0
    assert sure(found[0].information).shape == (11, 11)
    assert sure(found[0].information)[6, 6] > 1
    assert found[1].information is None


def test_a_turn_is_a_rotation_about_its_axis():
    quarter = exp_so3(np.array([0.0, 0.0, np.pi / 2]))
    assert quarter @ [1.0, 0, 0] == pytest.approx([0, 1, 0])
    assert np.abs(exp_so3(np.array([1e-10, 0, 0])) - np.eye(3)).max() < 1e-9


def test_a_gap_is_known_better_than_its_ends():
    """Both ends are seen shifted alike: with the gap believed, its coefficient is found."""
    bases = np.zeros((1, 3, 60), np.float32)
    bases[0, 1, 3], bases[0, 1, 7] = 1.0, -1.0
    truth = project(CAMERA, R0, T0, STILL + bases[0] * 0.5)[1]
    observed = truth.copy()
    observed[:, [3, 7]] += 20.0  # outliers as points, right as a gap
    one = Prior(np.zeros(1), np.ones(1), np.zeros(1), np.ones(1), np.zeros(1))
    start = Solution(R0, T0, np.zeros(1))
    settings = SolverSettings(steps=10, small=1e-6)
    sigma = np.ones(60)

    def found(gaps):
        got = solve(CAMERA, STILL, bases, observed, sigma, start, one, settings, gaps)
        return float(got.c[0])

    across = truth[:, 3] - truth[:, 7]
    gaps = np.zeros((1, 2, 60), np.float32)
    gaps[0, :, 3] = across / np.linalg.norm(across) / 0.1
    gaps[0, :, 7] = -gaps[0, :, 3]
    assert found(None) < 0.3
    assert found(gaps) == pytest.approx(0.5, abs=0.02)
