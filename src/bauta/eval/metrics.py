"""Scores of points against points, per picture; nothing is averaged before it must be.

Errors are in percent of a length in the picture (`bauta.eval.norms`). A face that was not found has
no error: NaN, which every curve and rate below counts as a failure.
"""

from __future__ import annotations

import numpy as np

LIMITS = (7.0, 8.0, 10.0)
"""Percent at which areas and failure rates are given: 7 (box), 8 (300W), 10 (WFLW, COFW)."""
GRID = 0.01
"""Percent between the samples of the trapezoid AUC that many repositories print."""


def point_errors(predicted: np.ndarray, truth: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """||p_k - g_k|| / norm * 100, (N, K) percent, NaN where either point is unknown.

    `predicted` and `truth` (N, K, D) pixels, `norm` (N,) pixels.
    """
    return np.linalg.norm(predicted - truth, axis=-1) / norm[:, None] * 100


def mean_of_points(errors: np.ndarray) -> np.ndarray:
    """Mean of (N, K) over the points that have an error, (N,); NaN for a picture without any."""
    counted = np.isfinite(errors)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counted, errors, 0).sum(-1) / counted.sum(-1)


def nme(predicted: np.ndarray, truth: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Normalised mean error in percent, (N,): mean_k ||p_k - g_k|| / norm * 100.

    `predicted` and `truth` (N, K, 2) pixels, `norm` (N,) pixels. Points whose truth is NaN do not
    count; a picture without any is NaN.
    """
    return mean_of_points(point_errors(predicted, truth, norm))


def failure_rate(errors: np.ndarray, limit: float = 10.0) -> float:
    """Percent of pictures with an error above `limit` percent; NaN (not found) is a failure."""
    return float((~(errors <= limit)).mean() * 100)


def ced(errors: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Cumulative error distribution: the share (0..1) of pictures with an error <= `at`.

    `errors` (N,) percent, NaN never counts as found; `at` any shape, percent.
    """
    known = np.sort(errors[np.isfinite(errors)])
    return np.searchsorted(known, at, side="right") / len(errors)


def auc(errors: np.ndarray, limit: float) -> float:
    """Area under the CED from 0 to `limit`, over `limit`, 0..1; exact.

    The empirical CED is a staircase: 1/a int_0^a CED(e) de = mean_i max(0, 1 - e_i / a).
    """
    return float(np.maximum(1 - np.where(np.isfinite(errors), errors, limit) / limit, 0).mean())


def auc_trapezoid(errors: np.ndarray, limit: float) -> float:
    """The same area by the trapezoid rule on a grid of `GRID` percent, as published scripts do."""
    at = np.linspace(0, limit, round(limit / GRID) + 1)
    share = ced(errors, at)
    return float((share[1:] + share[:-1]).mean() / 2)
