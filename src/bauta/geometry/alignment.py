"""Least-squares similarity between two point sets."""

from __future__ import annotations

import math

import numpy as np

from bauta.checks import InputError


def umeyama(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale c, proper rotation R, translation t: min sum w ||target - (c R source + t)||^2.

    `source`, `target` (N, D); `weights` (N,) >= 0. Umeyama 1991, eq. 40-43. Points that do not
    span D dimensions leave the rotation about the missing axis arbitrary, but proper. InputError
    for points or weights that are not finite, and where no weight is above 0.
    """
    import cv2  # decomposes matrices this small in a third of NumPy's time

    w = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    total = float(w.sum())
    mean_s, mean_t = w @ source / total, w @ target / total
    s, t = source - mean_s, target - mean_t
    weighted = s if weights is None else s * w[:, None]
    d, u, vt = cv2.SVDecomp(t.T @ weighted)
    R = u @ vt
    if cv2.determinant(R) < 0:
        u[:, -1] *= -1
        d[-1] *= -1
        R = u @ vt
    spread = float(np.einsum("nd,nd->", s, weighted))
    scale = sum(d[:, 0].tolist()) / max(spread, 1e-12 * total)
    if not math.isfinite(scale):
        raise InputError("points: expected finite ones, some with a weight above 0")
    return scale, R, mean_t - (scale * R) @ mean_s
