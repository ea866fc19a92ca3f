"""Experts for parts of the face: an eye, the mouth, each in a crop of its own.

A square is laid around the part by five points of the whole face, turned with the face; the
subject's right eye is mirrored, so that one network does both. The whole-face network sees the
picture at its own size, the experts see their part of it in full resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bauta import schemes
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.geometry import affine
from bauta.regress.two_stage import GROUPS
from bauta.train.networks.network import NetworkConfig
from bauta.train.recrop import mirror, recrop

Rng = np.random.Generator


@dataclass(frozen=True)
class Part:
    """A part and the square around it."""

    regions: tuple[str, ...]
    """Regions of a scheme whose points it has."""
    side: float
    """Side of the square over the face's scale: the larger of the distances between the eyes and
    from the eyes to the mouth, of which one is long at any pose."""
    below: float = 0.0
    """How far the middle of the square lies below the eye or mouth, over the same scale."""


PARTS = {
    "eye": Part(("left_eye", "left_brow", "pupils"), 1.1, -0.12),
    "mouth": Part(("outer_lips", "inner_lips"), 1.3),
}
"""`eye` is the subject's left one."""


def part_points(part: str, scheme: str) -> np.ndarray:
    """Indices of a scheme's points that belong to the part; of pupils the left one."""
    order = schemes.get(scheme)
    regions = dict(order.regions)
    if "pupils" in regions:
        regions["pupils"] = regions["pupils"][
            len(regions["pupils"]) // 2 :
        ]  # right ones come first
    chosen = [regions[name] for name in PARTS[part].regions if name in regions]
    indices = np.unique(np.concatenate(chosen)) if chosen else np.zeros(0, int)
    if not len(indices):
        raise InputError(f"part {part}: {scheme} has no points there")
    return indices


def squares(points: Tensor, scheme: str, part: str) -> tuple[Tensor, Tensor, Tensor]:
    """Middle (B, 2), side (B,) and angle (B,) radians clockwise of a part, by points (B, K, D)."""
    five = torch.stack([points[:, list(group), :2].mean(1) for group in GROUPS[scheme]], 1)
    across = five[:, 1] - five[:, 0]
    down = (five[:, 3] + five[:, 4] - five[:, 0] - five[:, 1]) / 2
    scale = torch.maximum(across.norm(dim=-1), down.norm(dim=-1))
    # the eyes point along x and, turned back by 90 degrees, so does the way down to the mouth
    angle = torch.atan2(across[:, 1] - down[:, 0], across[:, 0] + down[:, 1])
    place = five[:, 1] if part == "eye" else (five[:, 3] + five[:, 4]) / 2
    settings = PARTS[part]
    to_below = torch.stack([-torch.sin(angle), torch.cos(angle)], -1)
    middle = place + to_below * (settings.below * scale)[:, None]
    return middle, settings.side * scale, angle


def cut_part(
    batch: Batch, scheme: str, part: str, size: int, rngs: Sequence[Rng], jitter: float = 0.05
) -> Batch:
    """Crops of `size` pixels around the part, from crops of whole faces, with jitter.

    For `eye` half of the rows, drawn at random, are mirrored first. `jitter` is the standard
    deviation of shift and log side over the side, that of the angle twice as much in radians: how
    the whole-face network misses. Points outside of the part get weight 0. `rngs`: one a row.
    """
    noise = np.stack([rng.normal(size=5) for rng in rngs])
    if part == "eye":
        batch = mirror(batch, noise[:, 4] < 0)
    middle, side, angle = (
        value.numpy().astype(np.float64)
        for value in squares(torch.from_numpy(batch.points[scheme]), scheme, part)
    )
    side = np.maximum(side, 1.0) * np.exp(noise[:, 0] * jitter)
    middle = middle + noise[:, 1:3] * (jitter * side)[:, None]
    angle = angle + noise[:, 3] * 2 * jitter
    maps = [affine.similarity(*row, size) for row in zip(middle, side, angle, strict=True)]
    cut = recrop(batch, np.stack(maps), size)
    inside = np.zeros(schemes.get(scheme).count, np.float32)
    inside[part_points(part, scheme)] = 1
    return replace(cut, weights={**cut.weights, scheme: cut.weights[scheme] * inside})


class PartExperts(nn.Module):
    """A whole-face network and experts as one: crops (B, 3, k S, k S), k whole, to all points.

    `base` looks at S pixels; the experts, networks of the same scheme by name of their part, at
    squares cut from the crop as it is. x, y and doubt of a part's points are the expert's, all else
    is the base's, in pixels of the crop as it came.
    """

    def __init__(
        self, base: nn.Module, experts: Mapping[str, nn.Module], scheme: str, sizes: dict[str, int]
    ) -> None:
        super().__init__()
        self.base, self.experts = base, nn.ModuleDict(experts)
        self.scheme, self.sizes = scheme, sizes
        """`sizes`: pixels of the crops of `base` and of each part."""
        self.heads = nn.ModuleDict()

    @property
    def config(self) -> NetworkConfig:
        """What it takes and says, for the export: crops of twice the base's size."""
        return replace(self.base.config, size=2 * self.sizes["base"])  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        size = x.shape[-1]
        k = size // self.sizes["base"]
        out = dict(self.base(fn.avg_pool2d(x, k)))
        for name in [name for name in out if name in schemes.names()]:
            out[name] = out[name] * k
        whole = out[self.scheme]
        order = torch.from_numpy(schemes.get(self.scheme).mirror.copy())
        for part in self.experts:
            out = self._refined(out, x, whole, part)
            if part == "eye":
                turned = torch.cat([size - whole[..., :1], whole[..., 1:]], -1)[:, order]
                seen = self._refined(_flip(out, self.scheme, size, order), x.flip(-1), turned, part)
                out = _flip(seen, self.scheme, size, order)
        return out

    def _refined(
        self, out: dict[str, Tensor], x: Tensor, whole: Tensor, part: str
    ) -> dict[str, Tensor]:
        """`out` with the part's points as its expert sees them; `whole` (B, K, D) says where."""
        n, scheme = self.sizes[part], self.scheme
        middle, side, angle = squares(whole, scheme, part)
        cos, sin = torch.cos(angle) * side / n, torch.sin(angle) * side / n
        turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
        steps = torch.arange(n, device=x.device, dtype=x.dtype) + 0.5 - n / 2
        grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1)  # (n, n, 2)
        places = torch.einsum("bij,hwj->bhwi", turn, grid) + middle[:, None, None]
        crop = fn.grid_sample(
            x, places * (2 / x.shape[-1]) - 1, padding_mode="border", align_corners=False
        )
        answer = self.experts[part](crop)
        points = torch.einsum("bij,bkj->bki", turn, answer[scheme][..., :2] - n / 2)
        own = torch.zeros(whole.shape[1], dtype=torch.bool)
        own[torch.from_numpy(part_points(part, scheme))] = True
        own = own.to(x.device)
        found = torch.cat([points + middle[:, None], out[scheme][..., 2:]], -1)
        out = {**out, scheme: torch.where(own[None, :, None], found, out[scheme])}
        doubt = f"{scheme}_log_sigma"
        if doubt in out and doubt in answer:  # percent of the square to percent of the crop
            scaled = answer[doubt] + torch.log(side / x.shape[-1])[:, None]
            out[doubt] = torch.where(own[None], scaled, out[doubt])
        return out


def _flip(out: dict[str, Tensor], scheme: str, size: int, order: Tensor) -> dict[str, Tensor]:
    """Points and doubt of the scheme as in the mirrored crop."""
    points = out[scheme][:, order]
    points = torch.cat([size - points[..., :1], points[..., 1:]], -1)
    doubt = f"{scheme}_log_sigma"
    return {**out, scheme: points, **({doubt: out[doubt][:, order]} if doubt in out else {})}
