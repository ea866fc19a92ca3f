"""Weights of faces by their angle's error and by how rare their kind is.

Guo et al., "PFLD: A Practical Facial Landmark Detector", 2019, eq. 2:
mean over faces of (sum_c w_c) (sum_k 1 - cos dtheta_k) (sum_m ||d_m||^2).
"""

from __future__ import annotations

import torch
from torch import Tensor

TURNED, TILTED = 30.0, 20.0
"""|yaw| of a profile and |pitch| of a head up or down begin here, degrees."""


def angle_weight(pose: Tensor, truth: Tensor) -> Tensor:
    """sum_k (1 - cos dtheta_k) of yaw, pitch, roll (B, 3) in degrees; (B,), 0 to 6.

    1 for a face whose true angles are unknown (NaN).
    """
    known = torch.isfinite(truth).all(-1)
    away = torch.deg2rad(pose - torch.where(known[:, None], truth, pose))
    return torch.where(known, (1 - torch.cos(away)).sum(-1), torch.ones_like(away[:, 0]))


def classes(truth: Tensor, others: Tensor | None = None) -> Tensor:
    """The paper's classes (B, 4 + others) as 0 or 1: profile, frontal, head up, head down.

    `truth` is yaw, pitch, roll (B, 3) in degrees, pitch > 0 looking up; NaN belongs to no class.
    `others` (B, n), such as expression and occlusion, are joined as they are, unknown (NaN) as 0.
    """
    yaw, pitch = truth[:, 0].abs(), truth[:, 1]
    kinds = [yaw > TURNED, yaw <= TURNED, pitch > TILTED, pitch < -TILTED]
    table = torch.stack(kinds, 1).to(truth.dtype)
    return table if others is None else torch.cat([table, torch.nan_to_num(others)], 1)


def class_weight(table: Tensor) -> Tensor:
    """sum_c w_c (B,) of classes (B, C) with w_c the inverse of the class's share of the batch.

    1 for a face of no class.
    """
    inverse = len(table) / table.sum(0).clamp_min(1.0)
    total = (table * inverse).sum(1)
    return torch.where(table.sum(1) > 0, total, torch.ones_like(total))
