"""ShuffleNet V2 (Ma et al. 2018): half of the channels pass by, half are worked on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bauta.checks import InputError
from bauta.train.networks.layers import Trunk, convolution

WIDTHS = {
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (244, 488, 976, 2048),
}
"""Channels of stages 2 to 4 and of the last convolution (table 5 of the paper; 2x as in the code
that its authors released: 244, 488, 976)."""
REPEATS = (4, 8, 4)


def shuffle(a: Tensor, b: Tensor) -> Tensor:
    """Channels a0 b0 a1 b1 ...: the paper's channel shuffle of the two halves."""
    return torch.stack((a, b), 2).flatten(1, 2)


class Unit(nn.Module):
    """Figure 3 (c) and, at stride 2, (d): both halves are worked on and the channels grow."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.splits = stride == 1
        self.by = (
            nn.Identity()
            if self.splits
            else nn.Sequential(
                convolution(inputs, inputs, 3, stride, groups=inputs, act=None),
                convolution(inputs, half, 1),
            )
        )
        self.through = nn.Sequential(
            convolution(half if self.splits else inputs, half, 1),
            convolution(half, half, 3, stride, groups=half, act=None),
            convolution(half, half, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        by, through = x.chunk(2, 1) if self.splits else (x, x)
        return shuffle(self.by(by), self.through(through))


class ShuffleNetV2(Trunk):
    """The network without its classifier; `width` 0.5, 1, 1.5 or 2."""

    def __init__(self, width: float = 1.0) -> None:
        if width not in WIDTHS:
            raise InputError(f"width: expected one of {', '.join(map(str, WIDTHS))}, got {width}")
        *stages, last = WIDTHS[width]
        blocks: list[nn.Module] = [
            nn.Sequential(convolution(3, 24, 3, 2), nn.MaxPool2d(3, 2, padding=1))
        ]
        channels = 24
        for stage, repeats in zip(stages, REPEATS, strict=True):
            units = [Unit(channels, stage, 2)]
            units += [Unit(stage, stage, 1) for _ in range(repeats - 1)]
            blocks.append(nn.Sequential(*units))
            channels = stage
        blocks.append(convolution(channels, last, 1))
        super().__init__(blocks, last, 32)
