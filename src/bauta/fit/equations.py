"""The normal equations of one Gauss-Newton step: how pixels move with pose and coefficients.

Written for few calls on small arrays: a frame has a fraction of a millisecond.
"""

from __future__ import annotations

import numpy as np

from bauta.geometry.camera import Camera

NEAR = 1e-3
"""Centimetres in front of the camera at which points are kept."""
BLOCK = 250_000
"""Multiplications in one product of matrices, below the 2^18 from which OpenBLAS takes threads."""


def project(
    camera: Camera, R: np.ndarray, t: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (3, K) of the head in camera axes (3, K), at least `NEAR` before it, and their
    undistorted pixels (2, K)."""
    there = R @ points
    there += t[:, None]
    np.maximum(there[2], NEAR, out=there[2])
    pixels = there[:2] / there[2]
    pixels *= camera.K.diagonal()[:2, None]
    pixels += camera.K[:2, 2:]
    return there, pixels


def gradients(camera: Camera, R: np.ndarray, there: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(2, 3, K) float32 derivative of the pixels by head axes, times `scale` (K,), where the points
    lie `there` (3, K) in camera axes."""
    near = scale / there[2]
    flat = there[:2] / there[2]
    focal = camera.K.diagonal()[:2, None] * near
    H = np.empty((2, 3, len(near)), np.float32)
    H[:] = R[:2, :, None]
    H -= flat[:, None] * R[2, :, None]
    H *= focal[:, None]
    return H


def jacobian(H: np.ndarray, points: np.ndarray, bases: np.ndarray, out: np.ndarray) -> None:
    """Derivative of the pixels, or of multiples of them, into `out` (6 + n, 2, K) float32.

    Rows: a turn R exp(w) about the head's axes, radians; a shift t + R s along them; `n`
    coefficients of `bases` (n, 3, K). `H` (2, 3, K) derivative by head axes, in which `points`
    (3, K) lie: w gives points cross H, s gives H, coefficients H . basis.
    """
    x, y, z = points.astype(np.float32)
    a, b, c = H.transpose(1, 0, 2)
    out[0] = y * c - z * b
    out[1] = z * a - x * c
    out[2] = x * b - y * a
    out[3:6] = H.transpose(1, 0, 2)
    np.einsum("nxk,rxk->nrk", bases, H, out=out[6:])


def products(rows: np.ndarray) -> np.ndarray:
    """(n, n + 1) float64 products of the first n of the `rows` (n + 1, m) with all.

    In pieces so small that linear algebra libraries leave them to the one thread that is ours:
    waking others costs more than the product.
    """
    count, step = len(rows) - 1, max(BLOCK // rows.size, 1)
    result = np.empty((count, count + 1), np.float32)
    for first in range(0, count, step):
        last = min(first + step, count)
        np.matmul(rows[first:last], rows.T, out=result[first:last])
    return result.astype(np.float64)


def robust_root(residual: np.ndarray, sigma: np.ndarray, outlier: float) -> np.ndarray:
    """(K,) square roots of the weights of squared pixels of residuals (2, K): 1 / sigma / (1 + s^2)
    with s = |r| / sigma / outlier, Geman and McClure's."""
    square = np.einsum("rk,rk->k", residual, residual)
    square /= outlier**2 * sigma
    square += sigma
    return 1 / square


class Equations:
    """What points say of the state they are seen in.

    `residual` (2, K) pixels, `root` (K,) square roots of their weights; `there` (3, K) the `points`
    (3, K) of the head in camera axes. `gaps` (G, 2, K) float32: sums of pixels that are seen with a
    standard deviation of 1, besides the points themselves.
    """

    def __init__(
        self,
        camera: Camera,
        R: np.ndarray,
        there: np.ndarray,
        points: np.ndarray,
        residual: np.ndarray,
        root: np.ndarray,
        gaps: np.ndarray,
    ) -> None:
        self._H, self._points = gradients(camera, R, there, root), points
        self._residual = (residual * root).astype(np.float32).ravel()
        gaps = gaps / root.astype(np.float32)
        self._gaps = gaps.reshape(len(gaps), residual.size)

    def pull(self, bases: np.ndarray) -> np.ndarray:
        """(n,) J^T W r of coefficients of `bases` (n, 3, K)."""
        r = self._residual + (self._gaps @ self._residual) @ self._gaps
        force = np.einsum("rxk,rk->xk", self._H, r.reshape(2, -1))
        return np.einsum("nxk,xk->n", bases, force)

    def of(self, bases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """J^T W J (6 + n, 6 + n) and J^T W r (6 + n,) of pose and coefficients of `bases`."""
        count, seen = 6 + len(bases), len(self._residual)
        rows = np.empty((count + 1, seen + len(self._gaps)), np.float32)
        jacobian(self._H, self._points, bases, rows[:count, :seen].reshape(count, 2, -1))
        rows[count, :seen] = self._residual
        rows[:, seen:] = rows[:, :seen] @ self._gaps.T
        found = products(rows)
        return found[:, :count], found[:, count]
