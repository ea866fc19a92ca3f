"""Distances in percent of the crop's side, and what the landmark regressors are told with them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as fn

Z_WEIGHT = 0.5
"""Depth is read off a picture less surely than x and y: its differences count half."""


def differences(predicted: Tensor, target: Tensor, z: float = Z_WEIGHT) -> Tensor:
    """predicted - target (..., 2 or 3) in pixels, the third coordinate times `z`."""
    d = predicted - target
    return d * d.new_tensor([1.0, 1.0, z]) if d.shape[-1] == 3 else d


def distance(predicted: Tensor, target: Tensor, size: int) -> Tensor:
    """Euclidean distance (B, points) in percent of `size`; z counts half. Smooth at zero."""
    d = differences(predicted, target) * (100.0 / size)
    return torch.sqrt((d * d).sum(-1) + 0.01)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """sum w v / max(sum w, 1)."""
    return (values * weights).sum() / weights.sum().clamp_min(1.0)


def gap_error(predicted: Tensor, target: Tensor, pairs: Tensor, size: int) -> Tensor:
    """How much the vector between two points of each pair (P, 2) is off; (B, P) percent of size.

    Lids and lips: their common position may be uncertain while the gap between is plain to see.
    """

    def gap(points: Tensor) -> Tensor:
        return points[:, pairs[:, 0], :2] - points[:, pairs[:, 1], :2]

    d = (gap(predicted) - gap(target)) * (100.0 / size)
    return torch.sqrt((d * d).sum(-1) + 0.01)


def presence_loss(logit: Tensor, present: Tensor) -> Tensor:
    """Binary cross entropy."""
    return fn.binary_cross_entropy_with_logits(logit, present)
