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


def share_told(rows: np.ndarray, known: np.ndarray, mean: np.ndarray, modes: np.ndarray) -> float:
    """How much of the variance of rows (N, D) about the mean the modes tell where rows are `known`:
    each row's coefficients by least squares on what is known of it, drawn towards 0 as their
    standard deviations say."""
    left = whole = 0.0
    for row, seen in zip(rows, known, strict=True):
        off, axes = (row - mean)[seen].astype(np.float64), modes[:, seen].astype(np.float64)
        noise = float(np.mean(off**2)) / 2
        c = np.linalg.solve(axes @ axes.T + noise * np.eye(len(axes)), axes @ off)
        left += float(((off - c @ axes) ** 2).sum())
        whole += float((off**2).sum())
    return 1 - left / whole
