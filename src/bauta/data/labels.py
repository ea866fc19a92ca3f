"""From teacher labels to training targets: which points to believe, how much, and the missing 68.

Only `ytf` has `ibug68` labels. For every other face they come from one linear map of the two dense
teachers' points, fitted on the training people; they count less. Conventions are never mixed: the
map is an adapter from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.crop import mesh_rotation
from bauta.data.crops import PACK, CropPack
from bauta.geometry.rotation import to_angles
from bauta.schemes import LIDS68

MAPPED_WEIGHT = 0.3
"""Weight of mapped `ibug68` points against labelled ones."""
SHUT = 0.15
"""Eye ratio of the mesh below which 68-point labels of that eye, which stay open, do not count."""


@dataclass(frozen=True)
class Targets:
    """Points in pixels of the pack and weights (N, points) >= 0; `yaw` (N,) degrees."""

    mesh: np.ndarray
    mesh_weight: np.ndarray
    points3d: np.ndarray
    points3d_weight: np.ndarray
    points68: np.ndarray
    points68_weight: np.ndarray
    yaw: np.ndarray


def _features(pack: CropPack, rows: np.ndarray) -> np.ndarray:
    mesh, alt = pack.mesh[rows, :, :2], pack.alt68[rows, :, :2]
    return np.concatenate([mesh, alt], axis=1).reshape(len(rows), -1) / PACK


def map68(
    pack: CropPack, fit_rows: np.ndarray, rows: np.ndarray, ridge: float = 0.02
) -> np.ndarray:
    """`ibug68` (R, 68, 2) of `rows` by ridge regression from mesh and anatomical points."""
    X, Y = _features(pack, fit_rows), pack.pts68[fit_rows].reshape(len(fit_rows), -1) / PACK
    mean_x, mean_y = X.mean(0), Y.mean(0)
    A = (X - mean_x).T @ (X - mean_x)
    A[np.diag_indices_from(A)] += ridge
    W = np.linalg.solve(A.astype(np.float64), ((X - mean_x).T @ (Y - mean_y)).astype(np.float64))
    mapped = (_features(pack, rows) - mean_x) @ W + mean_y
    return (mapped * PACK).reshape(len(rows), 68, 2).astype(np.float32)


def _doubt(asym: np.ndarray) -> np.ndarray:
    return np.where(asym > 12, 0.0, 1 / (1 + (asym / 4) ** 2)).astype(np.float32)


def _lid_mask(pack: CropPack) -> np.ndarray:
    shut = pack.eye_ratio() < SHUT
    mask = np.ones((len(pack.mesh), 68), np.float32)
    mask[:, 36:42] -= shut[:, :1]
    mask[:, 42:48] -= shut[:, 1:]
    return mask


def make_targets(pack: CropPack) -> Targets:
    """Targets of every row; the map to `ibug68` is fitted on training people only."""
    labelled = ~np.isnan(pack.pts68[:, 0, 0])
    train = np.flatnonzero(labelled & (pack.split == "train") & (pack.asym < 5))
    mapped = map68(pack, train, np.arange(len(pack.mesh)))
    eyes = np.linalg.norm(mapped[:, 36] - mapped[:, 45], axis=-1).clip(8)
    gap = np.linalg.norm(pack.pts68 - mapped, axis=-1).mean(1) / eyes * 100
    points68 = np.where(labelled[:, None, None], pack.pts68, mapped)
    # a label far from both teachers is a label of something else: 4 % is usual, 12 % is not
    weight68 = np.where(
        labelled, (gap < 12) / (1 + (gap / 8) ** 4), MAPPED_WEIGHT * _doubt(pack.asym)
    )
    lids, believe3d = _lid_mask(pack), np.nan_to_num(_doubt(pack.alt_asym), nan=0.3)
    weight3d = believe3d[:, None] * np.ones((1, 68), np.float32)
    weight3d[:, LIDS68] *= lids[:, LIDS68]
    yaw = np.array([to_angles(mesh_rotation(mesh))[0] for mesh in pack.mesh])
    return Targets(
        mesh=pack.mesh,
        mesh_weight=_doubt(pack.asym)[:, None] * np.ones((1, 478), np.float32),
        points3d=pack.alt68,
        points3d_weight=weight3d,
        points68=points68,
        points68_weight=(np.nan_to_num(weight68)[:, None] * lids).astype(np.float32),
        yaw=yaw,
    )
