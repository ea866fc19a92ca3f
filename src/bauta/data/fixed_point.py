"""Points of many faces in few bytes: fixed point numbers, and only what an affine map leaves.

Face n of a scheme is written as `mean @ M_n.T + t_n + rest / unit`, where M_n, t_n are the least
squares map of the mean face to it. What rests is small and compresses to about half of the points
themselves; the rounding error is at most half a `unit`-th of a pixel.
"""

from __future__ import annotations

import numpy as np

MISSING = -32768
"""Marks a coordinate that is not known."""


def _maps(mean: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, D, D + 1) float16 maps of `mean` (K, D) to each of `points` (N, K, D)."""
    N, _, D = points.shape
    design = np.column_stack([mean - mean.mean(0), np.ones(len(mean))])
    known = np.isfinite(points)
    maps = np.zeros((N, D, D + 1))
    whole = np.asarray(known.all((1, 2)))
    maps[whole] = np.einsum("ck,nkd->ndc", np.linalg.pinv(design), points[whole])
    for row, axis in zip(*np.nonzero(~whole[:, None] & known.any(1)), strict=True):
        part = known[row, :, axis]
        maps[row, axis] = np.linalg.lstsq(design[part], points[row, part, axis], rcond=None)[0]
    return maps.astype(np.float16)


def _predicted(mean: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """(K, D, N) what the maps say."""
    design = np.column_stack([mean - mean.mean(0), np.ones(len(mean))])
    return np.einsum("kc,ndc->kdn", design, maps.astype(np.float64))


def pack_points(points: np.ndarray, unit: int) -> dict[str, np.ndarray]:
    """Arrays `mean`, `maps`, `rest` of points (N, K, D), NaN where unknown, in 1 / `unit` pixel.

    A point 32767 units and more from the origin is no label and is written as unknown.
    """
    points = np.where(np.abs(points) < -MISSING / unit, points, np.nan).astype(np.float64)
    known = np.isfinite(points)
    count = known.sum(0)
    total = np.where(known, points, 0).sum(0)
    mean = np.where(count > 0, total / np.maximum(count, 1), 0).astype(np.float32)
    maps = _maps(mean.astype(np.float64), points)
    rest = (points.transpose(1, 2, 0) - _predicted(mean.astype(np.float64), maps)) * unit
    whole = np.where(np.abs(rest) < -MISSING, np.round(rest), MISSING)
    return {"mean": mean, "maps": maps, "rest": whole.astype(np.int16)}


def unpack_points(mean: np.ndarray, maps: np.ndarray, rest: np.ndarray, unit: int) -> np.ndarray:
    """Points (N, K, D) float32 of `pack_points`."""
    points = _predicted(mean.astype(np.float64), maps) + rest / unit
    points[rest == MISSING] = np.nan
    return np.ascontiguousarray(points.transpose(2, 0, 1), np.float32)
