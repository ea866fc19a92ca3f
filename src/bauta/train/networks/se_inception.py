"""SE-Inception: batch-normalised Inception (Ioffe and Szegedy 2015, figure 5), every module
followed by squeeze-excite (Hu et al. 2018, figure 2: a module has no shortcut to add to)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bauta.train.networks.layers import SqueezeExcite, Trunk, convolution


class Row(NamedTuple):
    """One module: channels of the branches. `one` and `pooled` 0 mean a module of stride 2."""

    one: int
    three: tuple[int, int]
    double: tuple[int, int]
    pooled: int
    pool: str = "average"


STAGES = (
    (
        Row(64, (64, 64), (64, 96), 32),
        Row(64, (64, 96), (64, 96), 64),
        Row(0, (128, 160), (64, 96), 0, "max"),
    ),
    (
        Row(224, (64, 96), (96, 128), 128),
        Row(192, (96, 128), (96, 128), 128),
        Row(160, (128, 160), (128, 160), 128),
        Row(96, (128, 192), (160, 192), 128),
        Row(0, (128, 192), (192, 256), 0, "max"),
    ),
    (
        Row(352, (192, 320), (160, 224), 128),
        Row(352, (192, 320), (192, 224), 128, "max"),
    ),
)


class Inception(nn.Module):
    """Four branches side by side, concatenated and recalibrated."""

    def __init__(self, inputs: int, row: Row, ratio: int) -> None:
        super().__init__()
        stride = 1 if row.one else 2
        pool: nn.Module = (
            nn.AvgPool2d(3, stride, 1) if row.pool == "average" else nn.MaxPool2d(3, stride, 1)
        )
        branches: list[nn.Module] = [
            nn.Sequential(
                convolution(inputs, row.three[0], 1),
                convolution(row.three[0], row.three[1], 3, stride),
            ),
            nn.Sequential(
                convolution(inputs, row.double[0], 1),
                convolution(row.double[0], row.double[1], 3),
                convolution(row.double[1], row.double[1], 3, stride),
            ),
            nn.Sequential(pool, convolution(inputs, row.pooled, 1)) if row.pooled else pool,
        ]
        if row.one:
            branches.insert(0, convolution(inputs, row.one, 1))
        self.branches = nn.ModuleList(branches)
        self.channels = row.one + row.three[1] + row.double[1] + (row.pooled or inputs)
        self.recalibrate = SqueezeExcite(self.channels, self.channels // ratio)

    def forward(self, x: Tensor) -> Tensor:
        return self.recalibrate(torch.cat([branch(x) for branch in self.branches], 1))


class SEInception(Trunk):
    """The network without its classifier."""

    def __init__(self, ratio: int = 16) -> None:
        blocks: list[nn.Module] = [
            nn.Sequential(
                convolution(3, 64, 7, 2),
                nn.MaxPool2d(3, 2, 1),
                convolution(64, 64, 1),
                convolution(64, 192, 3),
                nn.MaxPool2d(3, 2, 1),
            )
        ]
        channels = 192
        for stage in STAGES:
            units: list[nn.Module] = []
            for row in stage:
                unit = Inception(channels, row, ratio)
                units.append(unit)
                channels = unit.channels
            blocks.append(nn.Sequential(*units))
        super().__init__(blocks, channels, 32)
