"""The face detector: a small anchor-free pyramid network.

A dense stem to stride 4, depthwise-separable stages at strides 8, 16 and 32, a top-down pyramid and
a small head for each level (heads that share weights but not statistics cannot be folded). Every
cell of a level says how likely it is near the centre of a face (a logit) and how far the four sides
of the box are from the cell's centre.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import interpolate

STRIDES = (8, 16, 32)

EPSILON = 1e-2
"""Of the batch norms. A channel that hardly stirs on the training scenes has a tiny variance; with
the usual 1e-5 it is amplified a hundredfold, and where it stirs at last, on a black wall or a clear
sky, there is a face with a score of 1."""


@dataclass(frozen=True)
class DetectorShape:
    """Channels of stem (two), of the stages at strides 8, 16, 32, and of the pyramid; blocks."""

    stem: tuple[int, int] = (16, 16)
    channels: tuple[int, int, int] = (48, 96, 128)
    blocks: tuple[int, int, int] = (2, 4, 3)
    pyramid: int = 48
    tower: int = 2


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1):
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, EPSILON),
        nn.ReLU(inplace=True),
    )


class Separable(nn.Module):
    """Depthwise 3x3, then 1x1; with a shortcut where the shapes allow it."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.shortcut = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            convolution(inputs, inputs, 3, stride, inputs), convolution(inputs, outputs, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return x + self.body(x) if self.shortcut else self.body(x)


def stack(channels: int, blocks: int) -> list[nn.Module]:
    """Separable blocks of equal width."""
    return [Separable(channels, channels) for _ in range(blocks)]


class Head(nn.Module):
    """Logit and four logarithmic distances (in strides) of every cell of one level."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.tower = nn.Sequential(*stack(width, blocks))
        self.score = nn.Conv2d(width, 1, 1)
        self.edges = nn.Conv2d(width, 4, 1)
        nn.init.constant_(self.score.bias, -4.6)
        nn.init.constant_(self.edges.bias, 1.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, width, h, w) -> (B, 1, h, w) and (B, 4, h, w)."""
        x = self.tower(x)
        return self.score(x), self.edges(x)


class DetectorNetwork(nn.Module):
    """Pictures (B, 3, H, W) of 0..255, H and W multiples of 32, to three levels.

    Each level is a pair: logits (B, 1, h, w), and the distances (B, 4, h, w) in pixels from the
    cell's centre ((x + 0.5) * stride, (y + 0.5) * stride) to the left, top, right, bottom side.
    """

    def __init__(self, shape: DetectorShape | None = None) -> None:
        super().__init__()
        shape = shape or DetectorShape()
        (first, second), (c8, c16, c32), width = shape.stem, shape.channels, shape.pyramid
        self.stem = nn.Sequential(convolution(3, first, 3, 2), convolution(first, second, 3, 2))
        self.stage8 = nn.Sequential(convolution(second, c8, 3, 2), *stack(c8, shape.blocks[0]))
        self.stage16 = nn.Sequential(Separable(c8, c16, 2), *stack(c16, shape.blocks[1]))
        self.stage32 = nn.Sequential(Separable(c16, c32, 2), *stack(c32, shape.blocks[2]))
        self.lateral = nn.ModuleList([convolution(c, width, 1) for c in (c8, c16, c32)])
        self.merge = nn.ModuleList([Separable(width, width) for _ in range(2)])
        self.heads = nn.ModuleList([Head(width, shape.tower) for _ in STRIDES])

    def forward(self, picture: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Levels at strides 8, 16, 32."""
        return self.levels(picture / 255)

    def levels(self, picture: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The same for pictures of 0..1."""
        x8 = self.stage8(self.stem(picture))
        x16 = self.stage16(x8)
        p32 = self.lateral[2](self.stage32(x16))
        p16 = self.merge[1](self.lateral[1](x16) + interpolate(p32, scale_factor=2.0))
        p8 = self.merge[0](self.lateral[0](x8) + interpolate(p16, scale_factor=2.0))
        levels = []
        for head, stride, features in zip(self.heads, STRIDES, (p8, p16, p32), strict=True):
            score, edges = head(features)
            levels.append((score.float(), edges.float().clamp(-4, 4).exp() * stride))
        return levels
