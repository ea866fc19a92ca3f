"""Scores of points against points, per picture; nothing is averaged before it must be."""

from __future__ import annotations

import numpy as np


def nme(predicted: np.ndarray, truth: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Normalised mean error in percent, (N,): mean_k ||p_k - g_k|| / norm * 100.

    `predicted` and `truth` (N, K, 2) pixels, `norm` (N,) pixels. Points whose truth is NaN do not
    count; a picture without any is NaN.
    """
    d = np.linalg.norm(predicted - truth, axis=-1)
    counted = np.isfinite(d)
    total = np.where(counted, d, 0).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / counted.sum(-1) / norm * 100


def outer_eyes68(truth: np.ndarray) -> np.ndarray:
    """Distance of the outer eye corners (N,) of 68 points (N, 68, 2): the "inter-ocular" norm."""
    return np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)


def box_size(truth: np.ndarray) -> np.ndarray:
    """sqrt(width * height) (N,) of the box of the truth (N, K, 2)."""
    size = np.nanmax(truth, axis=1) - np.nanmin(truth, axis=1)
    return np.sqrt(size[:, 0] * size[:, 1])


def failure_rate(errors: np.ndarray, limit: float = 10.0) -> float:
    """Percent of pictures with an error above `limit` percent; NaN (not found) is a failure."""
    return float((~(errors <= limit)).mean() * 100)
