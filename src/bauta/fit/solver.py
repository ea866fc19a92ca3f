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


@dataclass
class Solution:
    """`R` (3, 3), `t` (3,) head to camera; coefficients `c` (n,); `residual` (K, 2) pixels."""

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


class System:
    """Points, Jacobian and weights at one state. K points, columns: 3 turn, 3 shift, then bases."""

    def __init__(
        self,
        camera: Camera,
        still: np.ndarray,
        bases: np.ndarray,
        c: np.ndarray,
        R: np.ndarray,
        t: np.ndarray,
    ) -> None:
        turned = (still + bases @ c) @ R.T
        P = turned + t
        z = np.maximum(P[:, 2], 1e-3)
        fx, fy = camera.K[0, 0] / z, camera.K[1, 1] / z
        self.uv = np.stack([fx * P[:, 0] + camera.K[0, 2], fy * P[:, 1] + camera.K[1, 2]], 1)
        D = np.zeros((len(P), 2, 3))
        D[:, 0, 0], D[:, 0, 2] = fx, -fx * P[:, 0] / z
        D[:, 1, 1], D[:, 1, 2] = fy, -fy * P[:, 1] / z
        J = np.empty((len(P), 2, 6 + bases.shape[2]))
        x, y, w = turned[:, 0, None], turned[:, 1, None], turned[:, 2, None]
        J[:, :, 0] = D[:, :, 2] * y - D[:, :, 1] * w
        J[:, :, 1] = D[:, :, 0] * w - D[:, :, 2] * x
        J[:, :, 2] = D[:, :, 1] * x - D[:, :, 0] * y
        J[:, :, 3:6] = D
        np.matmul(D @ R, bases, out=J[:, :, 6:])
        self.J = J

    def normal(self, residual: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """J^T W J and J^T W r of residuals (K, 2) with `weight` (K,) of squared pixels."""
        root = np.sqrt(weight)
        J = (self.J * root[:, None, None]).reshape(-1, self.J.shape[2])
        return J.T @ J, J.T @ (residual * root[:, None]).ravel()


def robust_weight(residual: np.ndarray, sigma: np.ndarray, outlier: float) -> np.ndarray:
    """(K,) weights of squared pixels: 1 / sigma^2 / (1 + (r / sigma / outlier)^2)^2."""
    s = np.linalg.norm(residual, axis=1) / (sigma * outlier)
    return 1 / (sigma * (1 + s * s)) ** 2


def bounded_step(A: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Step d of A d = g with low <= d <= high; `A` (n, n) positive definite, the others (n,)."""
    free = np.ones(len(g), bool)
    d = np.zeros(len(g))
    for _ in range(4):
        rows = np.flatnonzero(free)
        if len(rows) == len(g):
            d = np.linalg.solve(A, g)
        else:
            fixed = np.flatnonzero(~free)
            rest = g[rows] - A[np.ix_(rows, fixed)] @ d[fixed]
            d[rows] = np.linalg.solve(A[np.ix_(rows, rows)], rest)
        out = (d < low - 1e-9) | (d > high + 1e-9)
        d = np.clip(d, low, high)
        if not out.any():
            break
        free &= ~out
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
) -> Solution:
    """The state that explains `observed` (K, 2), undistorted pixels with `sigma` (K,), best.

    `still` (K, 3) points of the mean, `bases` (K, 3, n) what coefficients add, `start` not too far.
    """
    R, t, c = start.R, start.t, start.c
    unbound = np.full(6, np.inf)
    information = np.zeros((6 + len(c), 6 + len(c)))
    for _ in range(settings.steps):
        system = System(camera, still, bases, c, R, t)
        residual = observed - system.uv
        weight = robust_weight(residual, sigma, settings.outlier) * settings.correlated
        information, g = system.normal(residual, weight)
        A = information.copy()
        A[6:, 6:] += prior.precision
        A[np.arange(6), np.arange(6)] += 1e-9
        g[6:] += prior.precision @ (prior.mean - c) - prior.price / 2
        low = np.concatenate([-unbound, prior.lower - c])
        high = np.concatenate([unbound, prior.upper - c])
        d = bounded_step(A, g, low, high)
        R, t, c = exp_so3(d[:3]) @ R, t + d[3:6], c + d[6:]
        turn = float(np.abs(d[:3]).max())
        if max(10 * turn, float(np.abs(d[6:]).max(initial=0.0))) < settings.small:
            break
    final = camera.project((still + bases @ c) @ R.T + t)
    return Solution(R, t, c, observed - final, information)
