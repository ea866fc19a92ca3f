"""`residual`: plain 3 x 3 convolutions with shortcuts, the trunk of `base` and `nano`."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as fn

from bauta.train.networks.layers import Trunk, convolution


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016, basic block)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride=stride, act=None)
        self.second = convolution(outputs, outputs, act=None)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride, act=None)

    def forward(self, x: Tensor) -> Tensor:
        return fn.relu(self.shortcut(x) + self.second(fn.relu(self.first(x))))


class Residual(Trunk):
    """A strided convolution of `stem` channels, then stages of `widths` channels and `depths`
    blocks; each stage halves the map."""

    def __init__(
        self,
        stem: int = 16,
        widths: tuple[int, ...] = (32, 64, 128),
        depths: tuple[int, ...] = (1, 2, 2),
    ) -> None:
        blocks: list[nn.Module] = [convolution(3, stem, stride=2)]
        channels = stem
        for width, depth in zip(widths, depths, strict=True):
            for index in range(depth):
                blocks.append(Block(channels, width, 2 if index == 0 else 1))
                channels = width
        super().__init__(blocks, channels, 2 ** (1 + len(widths)))
