"""Penalties of one coordinate's error x, in pixels of the network's input, element by element.

Feng et al., "Wing Loss for Robust Facial Landmark Localisation with Convolutional Neural Networks",
CVPR 2018, section 4. In other units than pixels of the input, `w` and `eps` are scaled along.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def l2(x: Tensor) -> Tensor:
    """x^2 / 2 ."""
    return 0.5 * x * x


def l1(x: Tensor) -> Tensor:
    """|x|."""
    return x.abs()


def smooth_l1(x: Tensor, beta: float = 1.0) -> Tensor:
    """x^2 / (2 beta) for |x| < beta, else |x| - beta / 2."""
    a = x.abs()
    return torch.where(a < beta, 0.5 * x * x / beta, a - 0.5 * beta)


def wing(x: Tensor, w: float = 10.0, eps: float = 2.0) -> Tensor:
    """w ln(1 + |x| / eps) for |x| < w, else |x| - C with C = w - w ln(1 + w / eps) (eq. 5).

    Small errors, of a pixel or two, pull harder than under L1; large ones as under L1.
    """
    a = x.abs()
    c = w - w * math.log1p(w / eps)
    return torch.where(a < w, w * torch.log1p(a / eps), a - c)
