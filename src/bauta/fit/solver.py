"""Head pose and model coefficients from points in the picture, by Gauss-Newton.

    min over R, t, c:  sum_k rho(|u_k - project(R (x_k + B_k c) + t)| / sigma_k)
                       + (c - m)^T P (c - m) + price . c      with lower <= c <= upper

The coefficients `c` are expression weights, identity, or both. `rho` is Geman and McClure's, as
iteratively reweighted least squares. Bounds are kept by an active set: coefficients that would
leave them are put on the bound and the rest is solved again (projected Newton, Bertsekas 1982).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bauta.fit.equations import Equations, project, robust_root
from bauta.geometry.camera import Camera

BEYOND = 0.01
"""How far beyond its bound a step may put a coefficient and be cut off without another solution."""
POSE = np.arange(6)
TINY = 1e-6
"""Precision of a step of the pose, which keeps points that say nothing of it from turning it."""


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
    informed: bool = False
    """Whether to tell what the points say of all coefficients, those on their bounds too."""


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
    """(n,) inverse of the variance."""
    price: np.ndarray
    """(n,) cost of a coefficient of 1, linear (an L1 norm where the lower bound is 0)."""
    together: np.ndarray | None = None
    """(m, m) more precision, of the last m coefficients together."""

    def pull(self, c: np.ndarray) -> np.ndarray:
        """(n,) minus half the slope of what coefficients `c` cost."""
        away = self.mean - c
        result = self.precision * away - self.price / 2
        if self.together is not None:
            count = len(self.together)
            result[-count:] += self.together @ away[-count:]
        return result

    def add_to(self, A: np.ndarray, rows: np.ndarray) -> None:
        """Add the precision of the coefficients `rows`, the last of `A`, to it."""
        count, diagonal = len(A), np.einsum("ii->i", A)
        diagonal[count - len(rows) :] += self.precision[rows]
        if self.together is not None:
            last = rows - (len(self.mean) - len(self.together))
            last = last[last >= 0]
            A[count - len(last) :, count - len(last) :] += self.together[last][:, last]


@dataclass
class Solution:
    """`R` (3, 3), `t` (3,) head to camera; coefficients `c` (n,); `residual` (2, K) pixels."""

    R: np.ndarray
    t: np.ndarray
    c: np.ndarray
    residual: np.ndarray | None = None
    information: np.ndarray | None = None
    """(6 + n, 6 + n) J^T W J of the points at the last step, without the prior; if asked for."""


def exp_so3(v: np.ndarray) -> np.ndarray:
    """Rotation matrix of a rotation vector (3,), Rodrigues' formula."""
    x, y, z = v.tolist()
    square = x * x + y * y + z * z
    angle = math.sqrt(square)
    s = math.sin(angle) / angle if angle > 1e-8 else 1.0
    k = (1 - math.cos(angle)) / square if angle > 1e-8 else 0.5
    return np.array(
        [
            [1 - k * (y * y + z * z), k * x * y - s * z, k * x * z + s * y],
            [k * x * y + s * z, 1 - k * (x * x + z * z), k * y * z - s * x],
            [k * x * z - s * y, k * y * z + s * x, 1 - k * (x * x + y * y)],
        ]
    )


def shifts(bases: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(3, K) what coefficients `c` (n,) of `bases` (n, 3, K) add; on one thread."""
    return np.einsum("nxk,n->xk", bases, c.astype(np.float32))


def free_rows(pull: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Coefficients but those that lie on a bound, 0 away from it, and are pulled beyond it."""
    stay = (low >= 0) & (pull < 0)
    stay |= (high <= 0) & (pull > 0)
    return np.flatnonzero(~stay)


def bounded_step(A: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Step d of A d = g; `A` (6 + n, 6 + n) positive definite, `g` (6 + n,). The last n stay within
    `low` and `high` (n,): what the step puts beyond is put on its bound."""
    d = np.linalg.solve(A, g)
    free = np.ones(len(d), bool)
    for _ in range(3):
        inside = np.minimum(np.maximum(d[6:], low), high)
        out, d[6:] = d[6:] - inside, inside
        if np.abs(out).max(initial=0.0) <= BEYOND:
            break
        free[6:] &= out == 0
        rows, fixed = np.flatnonzero(free), np.flatnonzero(~free)
        part = A[rows]
        d[rows] = np.linalg.solve(part[:, rows], g[rows] - part[:, fixed] @ d[fixed])
    else:
        d[6:] = np.minimum(np.maximum(d[6:], low), high)
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
    gaps: np.ndarray | None = None,
) -> Solution:
    """The state that explains `observed` (2, K), undistorted pixels with `sigma` (K,), best.

    `still` (3, K) points of the mean, `bases` (n, 3, K) float32, what coefficients add to them;
    `start` not too far. `gaps` (G, 2, K) float32: sums of the pixels that are seen with a standard
    deviation of 1, besides the points themselves. Coefficients that a step leaves on their bounds
    are left out of it.
    """
    R, t = start.R, start.t
    c = np.minimum(np.maximum(start.c, prior.lower), prior.upper)
    if gaps is None:
        gaps = np.zeros((0, *observed.shape), np.float32)
    sigma = sigma / math.sqrt(settings.correlated)
    outlier = settings.outlier * math.sqrt(settings.correlated)
    points = still + shifts(bases, c)
    there, pixels = project(camera, R, t, points)
    information = None
    for _ in range(settings.steps):
        residual = observed - pixels
        root = robust_root(residual, sigma, outlier)
        seen = Equations(camera, R, there, points, residual, root, gaps)
        known, low, high = prior.pull(c), prior.lower - c, prior.upper - c
        if settings.informed:
            information, g = seen.of(bases)
            rows = free_rows(g[6:] + known, low, high)
            both = np.concatenate([POSE, 6 + rows])
            own, A, g = bases[rows], information[both][:, both], g[both]
        else:
            rows = free_rows(seen.pull(bases) + known, low, high)
            own = bases[rows]
            A, g = seen.of(own)
        prior.add_to(A, rows)
        A[POSE, POSE] += TINY
        g[6:] += known[rows]
        d = bounded_step(A, g, low[rows], high[rows])
        R, t, c = R @ exp_so3(d[:3]), t + R @ d[3:6], c.copy()
        c[rows] += d[6:]
        points = points + shifts(own, d[6:])
        there, pixels = project(camera, R, t, points)
        turn = float(np.abs(R @ d[:3]).max())
        if max(10 * turn, float(np.abs(d[6:]).max(initial=0.0))) < settings.small:
            break
    return Solution(R, t, c, observed - pixels, information)
