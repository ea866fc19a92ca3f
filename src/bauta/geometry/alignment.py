"""Least-squares similarity between two point sets."""

from __future__ import annotations

import numpy as np


def umeyama(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale c, proper rotation R, translation t: min sum w ||target - (c R source + t)||^2.

    `source`, `target` (N, D); `weights` (N,) >= 0. Umeyama 1991, eq. 40-43. Points that do not
    span D dimensions leave the rotation about the missing axis arbitrary, but proper.
    """
    w = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    w = w / w.sum()
    mean_s, mean_t = w @ source, w @ target
    s, t = source - mean_s, target - mean_t
    u, d, vt = np.linalg.svd((t * w[:, None]).T @ s)
    sign = np.ones(len(d))
    sign[-1] = np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0
    R = (u * sign) @ vt
    scale = float((d * sign).sum() / max(float(w @ (s * s).sum(1)), 1e-12))
    return scale, R, mean_t - scale * R @ mean_s
