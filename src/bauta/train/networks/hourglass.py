"""Stacked hourglass (Newell et al. 2016): down to a few pixels and up again, several times."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import interpolate

from bauta.checks import InputError
from bauta.train.networks.layers import convolution

Score = Callable[[int, Tensor], Tensor]
"""(number of the stack, its map) -> heat maps (B, maps, h, w) that the next stack is told."""


class Bottleneck(nn.Module):
    """Pre-activated residual module: 1 x 1 to half the channels, 3 x 3, 1 x 1 back."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        layers: list[nn.Module] = []
        for before, after, kernel in ((inputs, half, 1), (half, half, 3), (half, outputs, 1)):
            layers += [nn.BatchNorm2d(before), nn.ReLU()]
            layers.append(nn.Conv2d(before, after, kernel, padding=kernel // 2))
        self.body = nn.Sequential(*layers)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.body(x)


def bottlenecks(channels: int, count: int) -> nn.Sequential:
    """`count` modules of equal width."""
    return nn.Sequential(*(Bottleneck(channels, channels) for _ in range(count)))


class Hourglass(nn.Module):
    """`depth` poolings, the same number of up-samplings, a branch beside each that keeps detail."""

    def __init__(self, depth: int, channels: int, modules: int) -> None:
        super().__init__()
        self.beside = bottlenecks(channels, modules)
        self.down = bottlenecks(channels, modules)
        self.inner = (
            Hourglass(depth - 1, channels, modules) if depth > 1 else bottlenecks(channels, modules)
        )
        self.up = bottlenecks(channels, modules)

    def forward(self, x: Tensor) -> Tensor:
        low = nn.functional.max_pool2d(x, 2)
        low = self.up(self.inner(self.down(low)))
        return self.beside(x) + interpolate(low, scale_factor=2.0)


class StackedHourglass(nn.Module):
    """Crops (B, 3, S, S) in -1..1, S a multiple of 4 * 2^depth, to one map (B, channels, S/4, S/4)
    a stack: 64 x 64 of a crop of 256.

    Between two stacks the map and, when `maps` is not 0, the heat maps that a head reads off it go
    back into the stream (figure 4 of the paper): `score` is asked for these. A student is slimmer
    in depth (fewer `stacks`, `modules`) and width (`channels`).
    """

    stride = 4

    def __init__(
        self,
        stacks: int = 4,
        channels: int = 256,
        modules: int = 1,
        depth: int = 4,
        maps: int = 0,
    ) -> None:
        super().__init__()
        self.stacks, self.channels, self.maps = stacks, channels, maps
        self.multiple = self.stride * 2**depth
        half = channels // 2
        self.stem = nn.Sequential(
            convolution(3, channels // 4, 7, 2),
            Bottleneck(channels // 4, half),
            nn.MaxPool2d(2),
            Bottleneck(half, half),
            Bottleneck(half, channels),
        )
        self.hourglasses = nn.ModuleList(
            nn.Sequential(
                Hourglass(depth, channels, modules),
                bottlenecks(channels, modules),
                convolution(channels, channels, 1),
            )
            for _ in range(stacks)
        )
        between = range(stacks - 1)
        self.merge = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in between)
        self.merge_maps = nn.ModuleList(nn.Conv2d(maps, channels, 1) for _ in between if maps)

    def forward(self, x: Tensor, score: Score | None = None) -> list[Tensor]:
        if x.shape[-1] % self.multiple:
            raise InputError(
                f"hourglass: expected crops of a multiple of {self.multiple} pixels, "
                f"got {int(x.shape[-1])}"
            )
        x = self.stem(x)
        maps = []
        for index, hourglass in enumerate(self.hourglasses):
            maps.append(hourglass(x))
            if index + 1 < self.stacks:
                x = x + self.merge[index](maps[-1])
                if self.maps and score is not None:
                    x = x + self.merge_maps[index](score(index, maps[-1]))
        return maps

    def features(self, x: Tensor, score: Score | None = None) -> list[Tensor]:
        """One map a stack: what a student's stacks are taught."""
        return self.forward(x, score)
