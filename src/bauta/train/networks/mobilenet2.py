"""MobileNet V2 (Sandler et al. 2018): widen, filter each channel by itself, narrow, add."""

from __future__ import annotations

from torch import Tensor, nn

from bauta.train.networks.layers import Trunk, convolution, divisible

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion t, channels c, repeats n, stride s of the first (table 2 of the paper)."""


class InvertedResidual(nn.Module):
    """1 x 1 to t times the channels, depthwise 3 x 3, linear 1 x 1; a shortcut between equals."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers.append(convolution(inputs, middle, 1, act=nn.ReLU6))
        layers.append(convolution(middle, middle, 3, stride, groups=middle, act=nn.ReLU6))
        layers.append(convolution(middle, outputs, 1, act=None))
        self.body = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class MobileNetV2(Trunk):
    """The network without its classifier; `width` multiplies the channels (the last convolution
    has at least 1280)."""

    def __init__(self, width: float = 1.0) -> None:
        channels = divisible(32 * width)
        last = divisible(1280 * max(1.0, width))
        blocks: list[nn.Module] = [convolution(3, channels, 3, 2, act=nn.ReLU6)]
        for expansion, outputs, repeats, stride in STAGES:
            outputs = divisible(outputs * width)
            units: list[nn.Module] = []
            for index in range(repeats):
                units.append(
                    InvertedResidual(channels, outputs, stride if index == 0 else 1, expansion)
                )
                channels = outputs
            blocks.append(nn.Sequential(*units))
        blocks.append(convolution(channels, last, 1, act=nn.ReLU6))
        super().__init__(blocks, last, 32)
