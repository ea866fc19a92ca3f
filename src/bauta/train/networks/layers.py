"""What the trunks are made of, and what every trunk promises."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def convolution(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    stride: int = 1,
    *,
    groups: int = 1,
    act: type[nn.Module] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution without bias, batch normalisation, activation: what the export folds into one."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


class Trunk(nn.Module):
    """Crops (B, 3, S, S) in -1..1 to a map (B, channels, h, w), through blocks one after another.

    `channels` and `stride` say what the last map is; h and w are S / stride, rounded up.
    `features(x)` are the maps after every block, the last one included: what a student is taught.
    """

    channels: int
    stride: int

    def __init__(self, blocks: list[nn.Module], channels: int, stride: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.channels, self.stride = channels, stride

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps after every block, first to last."""
        maps = []
        for block in self.blocks:
            x = block(x)
            maps.append(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x


class SqueezeExcite(nn.Module):
    """x * g(W2 relu(W1 mean(x))): every channel weighed by what all of the map says.

    Hu et al. 2018, eq. 2-4. `squeezed` channels in the middle: the paper's channels / 16. `gate` is
    the sigmoid of the paper, or MobileNet V3's piecewise linear one.
    """

    def __init__(self, channels: int, squeezed: int, gate: type[nn.Module] = nn.Sigmoid) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)
        self.gate = gate()

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.excite(torch.relu(self.squeeze(mean))))


def divisible(value: float, by: int = 8) -> int:
    """The nearest multiple of `by`, never more than a tenth below `value` (Sandler et al. 2018)."""
    nearest = max(by, int(value + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * value else nearest
