"""`heatmap`: one map a point, read by its peak or by its mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bauta.checks import InputError, check_choice
from bauta.train.networks.heads import decode
from bauta.train.networks.heads.base import Head, Site, need_flat

DECODERS = ("quarter", "offset", "soft")
REACH = 16
"""An offset of 1 is a 16th of the crop's side (OpenSeeFace's factor)."""


class Heatmap(Head):
    """`<scheme>` (B, K, 2) pixels of the crop and `<scheme>_heat` (B, K, h, w); cell (r, c) covers
    the pixels from c to c + 1 and r to r + 1 times size / side (docs/conventions.md, in cells).

    `decode`: `quarter` (argmax, 0.25 cells towards the higher neighbour), `offset` (argmax and what
    `<scheme>_offset` (B, K, 2, h, w), pixels of the crop, says there) or `soft` (expectation;
    `<scheme>_heat` is then a probability, summing to 1). Points have a gradient with `soft`, and
    with `offset` to the offsets. Earlier stacks' maps are `<scheme>_heat_stack0` and so on.
    """

    reads_code = False
    points = True

    def __init__(self, site: Site, decode: str = "quarter") -> None:
        super().__init__()
        need_flat(site, "heatmap")
        if site.side < 2:
            raise InputError(f"heatmap: a map of {site.side} cell is too coarse; take larger crops")
        self.decode = check_choice(decode, DECODERS, "heatmap: decode")
        self.size, self.shapes = site.size, site.shapes
        self.cell = site.size / site.side
        self.counts = [count for count, _ in self.shapes.values()]
        self.heat = nn.ModuleList(
            nn.Conv2d(site.channels, sum(self.counts), 1) for _ in range(site.stacks)
        )
        self.offset = (
            nn.Conv2d(site.channels, 2 * sum(self.counts), 1) if decode == "offset" else None
        )

    def score(self, stack: int, features: Tensor) -> Tensor:
        """Heat maps (B, sum K, h, w) of one stack as they come: what the next stack is told."""
        return self.heat[stack](features)

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        out: dict[str, Tensor] = {}
        for stack, features in enumerate(maps):
            last = stack + 1 == len(maps)
            scores = self.score(stack, features).split(self.counts, 1)
            for name, heat in zip(self.shapes, scores, strict=True):
                heat = decode.probabilities(heat) if self.decode == "soft" else heat
                out[f"{name}_heat" if last else f"{name}_heat_stack{stack}"] = heat
        if self.offset is not None:
            offsets = self.offset(maps[-1]) * (self.size / REACH)
            for name, offset in zip(
                self.shapes, offsets.split([2 * k for k in self.counts], 1), strict=True
            ):
                out[f"{name}_offset"] = offset.unflatten(1, (-1, 2))
        return out | {name: self._points(name, out) for name in self.shapes}

    def _points(self, name: str, out: dict[str, Tensor]) -> Tensor:
        heat = out[f"{name}_heat"]
        if self.decode == "soft":
            return decode.expectation(heat) * self.cell
        if self.decode == "offset":
            return decode.argmax_offset(heat, out[f"{name}_offset"] / self.cell) * self.cell
        return decode.argmax_quarter(torch.detach(heat)) * self.cell
