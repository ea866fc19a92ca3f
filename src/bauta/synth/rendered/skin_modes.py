"""Principal components of rows with gaps, by expectation and maximisation (Roweis 1998): gaps are
filled by what the components of the round before say about the rest of their row.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 6


def components(
    rows: np.ndarray, known: np.ndarray, mirror: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (D,), modes (count, D) for one standard deviation and their shares (count,) of the
    variance, of rows (N, D) float32 that are `known` (N, D) bool.

    `mirror` (D,) says which column is each one's on the other side: each row counts a second time
    mirrored, and a gap begins as the other side, or as the mean where that is unknown too. Columns
    that no row knows are 0.
    """
    both = known | known[:, mirror]
    filled = np.where(known, rows, np.where(known[:, mirror], rows[:, mirror], 0))
    mean = filled.sum(0) / np.maximum(both.sum(0), 1)
    mean = (mean + mean[mirror]) / 2
    filled = np.where(both, filled - mean, 0).astype(np.float32)
    ever = both.any(0)
    modes, spread, total = np.zeros((0, rows.shape[1]), np.float32), np.zeros(0), 1.0
    for _ in range(ROUNDS):
        twice = np.concatenate([filled, filled[:, mirror]])
        modes, spread, total = _leading(twice, count)
        axes = modes / np.maximum(np.linalg.norm(modes, axis=1, keepdims=True), 1e-9)
        guess = (filled @ axes.T) @ axes
        filled = np.where(both, filled, guess * ever)
    return mean.astype(np.float32), modes, spread / total


def _leading(rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The first modes (count, D) of rows (n, D) of mean 0, their variances, and that of all; each
    mode's largest value is positive."""
    products = rows @ rows.T / len(rows)
    values, vectors = np.linalg.eigh(products.astype(np.float64))
    values, vectors = values[::-1][:count].clip(0), vectors[:, ::-1][:, :count]
    modes = (vectors.T @ rows / np.sqrt(len(rows))).astype(np.float32)
    peaks = np.take_along_axis(modes, np.abs(modes).argmax(1)[:, None], 1)
    return modes * np.where(peaks < 0, -1, 1), values, float(np.trace(products))
