"""How often to show each face so that turned heads are not drowned by frontal ones, two ways.

By angles: every face is repeated by how rare its bin of yaw, of pitch or of roll is. By PDB (Feng
et al. 2018, Wing loss, section 5): no angles, the main mode of variation of the aligned shapes is
the pose. Both give replication factors >= 1; a sampler takes them as weights.
"""

from __future__ import annotations

import numpy as np

from bauta.checks import InputError

WIDTH = 15.0
"""Degrees of a bin."""
BINS = 9


def replication(bins: np.ndarray) -> np.ndarray:
    """(N,) `round(max / count)` of each entry's bin; `bins` (N,) whole numbers, -1 for unknown,
    which counts once."""
    factors = np.ones(len(bins))
    known = bins >= 0
    if known.any():
        counts = np.bincount(bins[known])
        factors[known] = np.round(counts.max() / counts[bins[known]])
    return factors


def balance_by_angles(pose: np.ndarray) -> np.ndarray:
    """(N,) factors >= 1 from yaw, pitch, roll (N, 3) in degrees, NaN for unknown.

    Each angle is binned by 15 degrees: |yaw| and |roll|, as mirror images are drawn anyway, and
    pitch with its sign. A face is repeated as its rarest angle asks.
    """
    factors = np.ones(len(pose))
    for angle in (np.abs(pose[:, 0]), pose[:, 1] + 90 + WIDTH / 2, np.abs(pose[:, 2])):
        known = np.isfinite(angle)
        bins = np.full(len(pose), -1)
        bins[known] = np.clip(angle[known] // WIDTH, 0, 360 / WIDTH).astype(int)
        factors = np.maximum(factors, replication(bins))
    return factors


def procrustes(points: np.ndarray, rounds: int = 5) -> np.ndarray:
    """(N, K, 2) shapes without place, size and turn: generalised Procrustes (Gower 1975) onto their
    mean, which has unit norm. `points` (N, K, 2), finite."""
    z = points[..., 0].astype(np.float64) + 1j * points[..., 1]
    z = z - z.mean(1, keepdims=True)
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    mean = z[0]
    for _ in range(rounds):
        turn = z.conj() @ mean
        z = z * (turn / np.maximum(np.abs(turn), 1e-12))[:, None]
        mean = z.mean(0)
        mean /= max(float(np.linalg.norm(mean)), 1e-12)
    return np.stack([z.real, z.imag], -1)


def pose_coefficients(points: np.ndarray, component: int = 0) -> np.ndarray:
    """(N,) projection of aligned shapes (N, K, 2) on a principal component; the sign is arbitrary.

    The first is the yaw for 68 points; Feng et al. take the second for AFLW-19.
    """
    shapes = procrustes(points).reshape(len(points), -1)
    shapes = shapes - shapes.mean(0)
    _, vectors = np.linalg.eigh(shapes.T @ shapes)
    return shapes @ vectors[:, -1 - component]


def balance_by_pdb(points: np.ndarray, bins: int = BINS, component: int = 0) -> np.ndarray:
    """(N,) factors >= 1, `round(max / count)` over equal bins of the pose coefficient's size.

    `points` (N, K, 2 or 3); a face with an unknown point counts once. Pose-based data balancing,
    Feng et al. 2018.
    """
    if bins < 1:
        raise InputError(f"bins: expected 1 or more, got {bins}")
    known = np.isfinite(points[..., :2]).all((1, 2))
    where = np.full(len(points), -1)
    if known.sum() > 1:
        size = np.abs(pose_coefficients(points[known][..., :2], component))
        step = max(float(size.max()), 1e-12) / bins
        where[known] = np.minimum(size // step, bins - 1).astype(int)
    return replication(where)
