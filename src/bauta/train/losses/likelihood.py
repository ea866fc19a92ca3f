"""Negative log likelihoods of a distance d >= 0 under a law whose width the network says too."""

from __future__ import annotations

import math

import torch
from torch import Tensor

MEAN_DISTANCE = {2: math.sqrt(math.pi / 2), 3: math.sqrt(8 / math.pi)}
"""Mean length of a vector of 2 or 3 independent N(0, 1) coordinates (Rayleigh's, Maxwell's law)."""


def laplace_nll(d: Tensor, log_sigma: Tensor) -> Tensor:
    """d / s + log s: least where s is the mean of d."""
    return d * torch.exp(-log_sigma) + log_sigma


def gaussian_nll(d: Tensor, log_sigma: Tensor, dims: int = 2) -> Tensor:
    """dims log s + d^2 / (2 s^2), for dims = 2 log s^2 + d^2 / (2 s^2).

    Of `dims` independent coordinates with the standard deviation s each; d is the distance. Wood et
    al., "3D Face Reconstruction with Dense Landmarks", ECCV 2022, eq. 1.
    """
    return dims * log_sigma + 0.5 * d * d * torch.exp(-2 * log_sigma)
