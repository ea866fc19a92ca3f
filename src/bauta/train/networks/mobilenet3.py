"""MobileNet V3 (Howard et al. 2019): inverted residuals with squeeze-excite and h-swish."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from bauta.checks import check_choice
from bauta.train.networks.layers import SqueezeExcite, Trunk, convolution, divisible


class Row(NamedTuple):
    """One line of tables 1 and 2 of the paper."""

    kernel: int
    expanded: int
    outputs: int
    squeezes: bool
    swish: bool
    stride: int


LARGE = (
    Row(3, 16, 16, False, False, 1),
    Row(3, 64, 24, False, False, 2),
    Row(3, 72, 24, False, False, 1),
    Row(5, 72, 40, True, False, 2),
    Row(5, 120, 40, True, False, 1),
    Row(5, 120, 40, True, False, 1),
    Row(3, 240, 80, False, True, 2),
    Row(3, 200, 80, False, True, 1),
    Row(3, 184, 80, False, True, 1),
    Row(3, 184, 80, False, True, 1),
    Row(3, 480, 112, True, True, 1),
    Row(3, 672, 112, True, True, 1),
    Row(5, 672, 160, True, True, 2),
    Row(5, 960, 160, True, True, 1),
    Row(5, 960, 160, True, True, 1),
)
SMALL = (
    Row(3, 16, 16, True, False, 2),
    Row(3, 72, 24, False, False, 2),
    Row(3, 88, 24, False, False, 1),
    Row(5, 96, 40, True, True, 2),
    Row(5, 240, 40, True, True, 1),
    Row(5, 240, 40, True, True, 1),
    Row(5, 120, 48, True, True, 1),
    Row(5, 144, 48, True, True, 1),
    Row(5, 288, 96, True, True, 2),
    Row(5, 576, 96, True, True, 1),
    Row(5, 576, 96, True, True, 1),
)
KINDS = {"large": LARGE, "small": SMALL}


class Bneck(nn.Module):
    """Inverted residual; squeeze-excite sits after the depthwise convolution."""

    def __init__(self, inputs: int, row: Row, width: float) -> None:
        super().__init__()
        act = nn.Hardswish if row.swish else nn.ReLU
        middle, outputs = divisible(row.expanded * width), divisible(row.outputs * width)
        layers: list[nn.Module] = []
        if middle != inputs:
            layers.append(convolution(inputs, middle, 1, act=act))
        layers.append(convolution(middle, middle, row.kernel, row.stride, groups=middle, act=act))
        if row.squeezes:
            layers.append(SqueezeExcite(middle, divisible(middle // 4), nn.Hardsigmoid))
        layers.append(convolution(middle, outputs, 1, act=None))
        self.body = nn.Sequential(*layers)
        self.adds = row.stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class MobileNetV3(Trunk):
    """The network without its classifier: `kind` large or small, `width` multiplies channels."""

    def __init__(self, kind: str = "large", width: float = 1.0) -> None:
        rows = KINDS[check_choice(kind, KINDS, "kind")]
        channels = divisible(16 * width)
        blocks: list[nn.Module] = [convolution(3, channels, 3, 2, act=nn.Hardswish)]
        for row in rows:
            blocks.append(Bneck(channels, row, width))
            channels = divisible(row.outputs * width)
        blocks.append(convolution(channels, 6 * channels, 1, act=nn.Hardswish))
        super().__init__(blocks, 6 * channels, 32)
