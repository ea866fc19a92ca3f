"""Adaptive wing loss of heat maps.

Wang, Bo and Fuxin, "Adaptive Wing Loss for Robust Face Alignment via Heatmap Regression", ICCV
2019, eqs. 3 and 5.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as fn


def adaptive_wing(
    predicted: Tensor,
    target: Tensor,
    omega: float = 14.0,
    theta: float = 0.5,
    eps: float = 1.0,
    alpha: float = 2.1,
) -> Tensor:
    """omega ln(1 + |d / eps|^(alpha - y)) for |d| < theta, else A |d| - C; d = y - predicted.

    Heat maps of any shape with values 0..1, y the true one. Close to a peak (y near 1) it pulls
    like the wing loss, on the empty background like L2. A and C make value and slope continuous:
    A = omega / (1 + (theta / eps)^(alpha - y)) (alpha - y) (theta / eps)^(alpha - y - 1) / eps,
    C = theta A - omega ln(1 + (theta / eps)^(alpha - y)).
    """
    d = (target - predicted).abs()
    power = alpha - target
    bend = (theta / eps) ** power
    a = omega / (1 + bend) * power * (theta / eps) ** (power - 1) / eps
    c = theta * a - omega * torch.log1p(bend)
    inner = torch.log1p((d.clamp_max(theta) / eps) ** power)
    return torch.where(d < theta, omega * inner, a * d - c)


def weight_map(target: Tensor, threshold: float = 0.2, factor: float = 10.0) -> Tensor:
    """1 + `factor` where the true map (B, K, h, w), dilated by 3 x 3, is >= `threshold`, else 1.

    Section 4.3 of the paper: foreground and hard background count eleven times.
    """
    dilated = fn.max_pool2d(target, 3, stride=1, padding=1)
    return 1 + factor * (dilated >= threshold).to(target.dtype)
