"""Rotations that a network predicts: twins in torch of `bauta.geometry.rotation`."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as fn


def rotation_of_six(values: Tensor) -> Tensor:
    """R (..., 3, 3) from its first two columns (..., 6), made orthonormal by Gram and Schmidt.

    b1 = N(a1), b2 = N(a2 - (b1 a2) b1), b3 = b1 x b2 (Zhou et al. 2019, eq. 15).
    """
    first = fn.normalize(values[..., :3], dim=-1)
    second = values[..., 3:]
    second = fn.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    a, b, c = first.unbind(-1)
    d, e, f = second.unbind(-1)
    third = torch.stack([b * f - c * e, c * d - a * f, a * e - b * d], -1)
    return torch.stack([first, second, third], -1)


def angles_of(R_camera_head: Tensor) -> Tensor:
    """(..., 3) yaw, pitch, roll in degrees of (..., 3, 3), for |yaw| < 90."""
    flip = R_camera_head.new_tensor([1.0, -1.0, -1.0])
    M = R_camera_head * flip
    yaw = torch.asin(M[..., 2, 0].clamp(-1 + 1e-6, 1 - 1e-6))
    pitch = torch.atan2(-M[..., 2, 1], M[..., 2, 2])
    roll = torch.atan2(M[..., 1, 0], M[..., 0, 0])
    return torch.stack([yaw, pitch, roll], -1) * (180 / math.pi)  # ONNX has no rad2deg


def rotation_of_angles(angles: Tensor) -> Tensor:
    """R_camera_head (..., 3, 3) of yaw, pitch, roll (..., 3) in degrees (docs/conventions.md)."""
    yaw, pitch, roll = torch.deg2rad(angles).unbind(-1)
    (sy, cy), (sp, cp), (sr, cr) = ((torch.sin(a), torch.cos(a)) for a in (yaw, pitch, roll))
    rows = [
        [cr * cy, sr * cp - cr * sy * sp, sr * sp + cr * sy * cp],
        [sr * cy, -cr * cp - sr * sy * sp, sr * sy * cp - cr * sp],
        [sy, cy * sp, -cy * cp],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
