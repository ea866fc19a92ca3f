"""Head pose and model coefficients from points in the picture, by Gauss-Newton.

    min over R, t, c:  sum_k rho(|u_k - project(R (x_k + B_k c) + t)| / sigma_k)
                       + (c - m)^T P (c - m) + price . c      with lower <= c <= upper

The coefficients `c` are expression weights, identity, or both. `rho` is Geman and McClure's, as
iteratively reweighted least squares. Bounds are kept by an active set: coefficients that would
leave them are put on the bound and the rest is solved again (projected Newton, Bertsekas 1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry.camera import Camera

NEAR = 1e-3
"""Centimetres in front of the camera at which points are kept."""

BEYOND = 0.01
"""How far beyond its bound a step may put a coefficient and be cut off without another solution."""
BLOCK = 200_000
"""Multiplications in one product of matrices, below the 2^18 from which OpenBLAS takes threads."""


@dataclass(frozen=True)
class SolverSettings:
    """How far points are believed."""

    outlier: float = 3.0
    """Sigmas at which a point counts a quarter."""
    correlated: float = 0.15
    """Share of the points that counts as independent: errors of neighbours are alike."""
    steps: int = 4
    """Gauss-Newton steps at most."""
    small: float = 0.04
    """A step that changes no coefficient by more, and turns the head by less than a tenth of it in
    radians, is the last."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known of the n coefficients before looking: bounds, a Gaussian, a price."""

    lower: np.ndarray
    """(n,)"""
    upper: np.ndarray
    """(n,)"""
    mean: np.ndarray
    """(n,)"""
    precision: np.ndarray
    """(n, n), inverse of the covariance."""
    price: np.ndarray
    """(n,) cost of a coefficient of 1, linear (an L1 norm where the lower bound is 0)."""


@dataclass(frozen=True, eq=False)
class Gaps:
    """Distances in the picture that are known better than the points they lie between: G gaps."""

    rows: np.ndarray
    """(G, K) weights of the points: plus at one end, minus at the other."""
    across: np.ndarray
    """(G, 2) unit vectors along which the gaps are measured."""
    sigma: np.ndarray
    """(G,) pixels."""

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """(G,) of pixels (2, K)."""
        return ((self.rows @ pixels.T) * self.across).sum(1)

    def jacobian(self, J: np.ndarray) -> np.ndarray:
        """(G, n) of the points' `J` (2K, n)."""
        count = self.rows.shape[1]
        u, v = self.rows @ J[:count], self.rows @ J[count:]
        return self.across[:, :1] * u + self.across[:, 1:] * v


@dataclass
class Solution:
    """`R` (3, 3), `t` (3,) head to camera; coefficients `c` (n,); `residual` (2, K) pixels."""

    R: np.ndarray
    t: np.ndarray
    c: np.ndarray
    residual: np.ndarray | None = None
    information: np.ndarray | None = None
    """(6 + n, 6 + n) J^T W J of the points at the last step, without the prior."""


def exp_so3(v: np.ndarray) -> np.ndarray:
    """Rotation matrix of a rotation vector (3,), Rodrigues' formula."""
    angle = float(np.sqrt(v @ v))
    x, y, z = v
    W = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if angle < 1e-8:
        return np.eye(3) + W
    return np.eye(3) + np.sin(angle) / angle * W + (1 - np.cos(angle)) / angle**2 * W @ W


def shifts(bases: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(3, K) what coefficients `c` (n,) of `bases` (3, K, n) add; on one thread."""
    return np.einsum("xkn,n->xk", bases, c.astype(np.float32))


def project(
    camera: Camera, R: np.ndarray, t: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (3, K) turned by `R` (3, K), and their undistorted pixels (2, K)."""
    turned = R @ points
    x, y, z = turned + t[:, None]
    z = np.maximum(z, NEAR)
    K = camera.K
    return turned, np.stack([K[0, 0] * x / z + K[0, 2], K[1, 1] * y / z + K[1, 2]])


def jacobian(
    camera: Camera,
    R: np.ndarray,
    t: np.ndarray,
    turned: np.ndarray,
    bases: np.ndarray,
) -> np.ndarray:
    """(2K, 6 + n) float32 derivative of the pixels, first u of all points.

    Columns: a turn exp(w) R about the camera's axes, radians; a shift; `n` coefficients of `bases`
    (3, K, n). `turned` as `project` gives it. With g the gradient of a pixel in camera axes:
    dw = x cross g, dt = g, dc = (R^T g) . basis.
    """
    z = np.maximum(turned[2] + t[2], NEAR)
    J = np.empty((2, turned.shape[1], 6 + bases.shape[2]), np.float32)
    for row in (0, 1):
        g = np.zeros_like(turned)
        g[row] = camera.K[row, row] / z
        g[2] = -g[row] * (turned[row] + t[row]) / z
        J[row, :, 0] = turned[1] * g[2] - turned[2] * g[1]
        J[row, :, 1] = turned[2] * g[0] - turned[0] * g[2]
        J[row, :, 2] = turned[0] * g[1] - turned[1] * g[0]
        J[row, :, 3:6] = g.T
        h = (R.T @ g).astype(np.float32)
        np.einsum("xk,xkn->kn", h, bases, out=J[row, :, 6:])
    return J.reshape(-1, J.shape[2])


def normal_equations(
    J: np.ndarray, residual: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """J^T W J (n, n) and J^T W r (n,) of `J` (2K, n), residuals (2, K) and weights (K,).

    In blocks so small that linear algebra libraries leave them to the one thread that is ours:
    waking others costs more than the product.
    """
    count = J.shape[1]
    whole = np.empty((2, len(weight), count + 1), np.float32)
    whole[:, :, :count], whole[:, :, count] = J.reshape(2, -1, count), residual
    whole *= np.sqrt(weight).astype(np.float32)[:, None]
    whole = whole.reshape(-1, count + 1)
    rows = max(BLOCK // (count * (count + 1)), 1)
    result = np.zeros((count, count + 1))
    for first in range(0, len(J), rows):
        block = whole[first : first + rows]
        result += block[:, :count].T @ block
    return result[:, :count], result[:, count]


def robust_weight(residual: np.ndarray, sigma: np.ndarray, outlier: float) -> np.ndarray:
    """(K,) weights of squared pixels of residuals (2, K): 1 / sigma^2 / (1 + s^2)^2 with
    s = |r| / sigma / outlier."""
    square = (residual[0] ** 2 + residual[1] ** 2) / (sigma * outlier) ** 2
    return 1 / (sigma * (1 + square)) ** 2


def bounded_step(A: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Step d of A d = g with low <= d <= high; `A` (n, n) positive definite, the others (n,).

    What lies on a bound and is pulled beyond it stays; what the step puts beyond is put on it.
    """
    free = ~(((low >= 0) & (g < 0)) | ((high <= 0) & (g > 0)))
    d = np.where(free, 0.0, np.minimum(np.maximum(low, 0.0), high))
    for _ in range(4):
        rows, fixed = np.flatnonzero(free), np.flatnonzero(~free & (d != 0))
        rest = g[rows] - A[np.ix_(rows, fixed)] @ d[fixed] if len(fixed) else g[rows]
        d[rows] = np.linalg.solve(A[np.ix_(rows, rows)], rest)
        inside = np.minimum(np.maximum(d, low), high)
        out = np.abs(d - inside)
        d = inside
        if out.max() <= BEYOND:
            break
        free &= out == 0
    return d


def solve(
    camera: Camera,
    still: np.ndarray,
    bases: np.ndarray,
    observed: np.ndarray,
    sigma: np.ndarray,
    start: Solution,
    prior: Prior,
    settings: SolverSettings,
    gaps: Gaps | None = None,
) -> Solution:
    """The state that explains `observed` (2, K), undistorted pixels with `sigma` (K,), best.

    `still` (3, K) points of the mean, `bases` (3, K, n) float32, what coefficients add to them;
    `start` not too far.
    """
    R, t, c = start.R, start.t, start.c
    unbound = np.full(6, np.inf)
    information = np.zeros((6 + len(c), 6 + len(c)))
    turned, seen = project(camera, R, t, still + shifts(bases, c))
    for _ in range(settings.steps):
        residual = observed - seen
        weight = robust_weight(residual, sigma, settings.outlier) * settings.correlated
        J = jacobian(camera, R, t, turned, bases)
        information, g = normal_equations(J, residual, weight)
        if gaps is not None:
            J_gap = gaps.jacobian(J)
            information += (J_gap.T / gaps.sigma**2) @ J_gap
            g += J_gap.T @ (gaps.of(residual) / gaps.sigma**2)
        A = information.copy()
        A[6:, 6:] += prior.precision
        A[np.arange(6), np.arange(6)] += 1e-6
        g[6:] += prior.precision @ (prior.mean - c) - prior.price / 2
        low = np.concatenate([-unbound, prior.lower - c])
        high = np.concatenate([unbound, prior.upper - c])
        d = bounded_step(A, g, low, high)
        R, t, c = exp_so3(d[:3]) @ R, t + d[3:6], c + d[6:]
        turned, seen = project(camera, R, t, still + shifts(bases, c))
        turn = float(np.abs(d[:3]).max())
        if max(10 * turn, float(np.abs(d[6:]).max(initial=0.0))) < settings.small:
            break
    return Solution(R, t, c, observed - seen, information)
