"""What a head is told when it is built, what it reads, and the units that it works in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bauta import schemes
from bauta.checks import InputError

IN_DEPTH = ("mesh478", "ibug68-3d")
"""Schemes whose points have a z."""


def dims_of(scheme: str) -> int:
    """Numbers a point: 3 for schemes in depth, else 2."""
    return 3 if scheme in IN_DEPTH else 2


@dataclass(frozen=True)
class Site:
    """Where a head is put: what comes in, and which points are to come out."""

    size: int
    """Pixels of the square crop."""
    channels: int
    """Channels of a map of the trunk."""
    side: int
    """Cells of a side of the map: one covers size / side pixels of the crop."""
    stacks: int
    """Maps that the trunk gives: more than one for stacked hourglasses."""
    code: int
    """Numbers of the code; 0 when there is none."""
    schemes: tuple[str, ...]
    """Names of the point orders, in order."""
    stages: tuple[tuple[int, int], ...] = ()
    """Channels and side of the trunk's last map of every size, the largest first."""

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Scheme -> (points, numbers a point)."""
        return {name: (schemes.get(name).count, dims_of(name)) for name in self.schemes}


class Head(nn.Module):
    """Reads the maps (a list of (B, C, h, w), one a stack) or the code (B, N), names its outputs.

    `reads_code` says whether it needs the code; `points` whether it predicts the schemes' points;
    `reads_stages` whether its maps are those of `Site.stages` instead, one a stage.
    """

    reads_code: ClassVar[bool] = True
    points: ClassVar[bool] = False
    reads_stages: bool = False

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Begin near the labels of many faces: scheme -> (M, K, 2 or 3) in pixels of the crop, z
        NaN where a face has none."""

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        raise NotImplementedError


def of_dims(points: np.ndarray, dims: int) -> np.ndarray:
    """Labels (M, K, 2 or 3) as (M, K, dims) float32: without their z, or with one that is NaN."""
    out = np.full((*points.shape[:-1], dims), np.nan, np.float32)
    shared = min(dims, points.shape[-1])
    out[..., :shared] = points[..., :shared]
    return out


def known_mean(values: np.ndarray) -> np.ndarray:
    """Mean (...) over the first axis of what is not NaN; 0 where nothing is known."""
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1)


def middle(dims: int, size: int) -> Tensor:
    """(dims,) the middle of the crop in pixels; its z is 0."""
    return torch.tensor([size / 2] * 2 + [0.0])[:dims]


PIXELS = 8
"""Sides of the crop are so many for linear layers: -4..4."""


def normalise(points: Tensor, size: int) -> Tensor:
    """Pixels of the crop (..., dims) to -4..4: what linear layers predict well."""
    return (points - middle(points.shape[-1], size)) * (PIXELS / size)


def to_pixels(values: Tensor, size: int) -> Tensor:
    """The inverse of `normalise`."""
    return values * (size / PIXELS) + middle(values.shape[-1], size)


def need_flat(site: Site, what: str) -> None:
    """InputError when a scheme in depth is asked of a head that only knows x and y."""
    deep = [name for name in site.schemes if dims_of(name) == 3]
    if deep:
        raise InputError(f"{what}: gives x and y only, and {deep[0]} has a z; use another head")
