"""`separable`: a purpose-built stack of depthwise-separable blocks, for files under 200 KB."""

from __future__ import annotations

from torch import Tensor, nn

from bauta.train.networks.layers import Trunk, convolution


class SeparableBlock(nn.Module):
    """Depthwise 3 x 3, then 1 x 1 (Howard et al. 2017). At stride 2 the depthwise convolution
    down-samples; otherwise a shortcut goes round both."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.depthwise = convolution(inputs, inputs, 3, stride, groups=inputs)
        self.pointwise = convolution(inputs, outputs, 1, act=None)
        self.adds = stride == 1 and inputs == outputs
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.pointwise(self.depthwise(x))
        return self.act(x + y if self.adds else y)


class Separable(Trunk):
    """A strided dense convolution of `stem` channels, then stages of `widths` channels and `depths`
    blocks, the first of which halves the map."""

    def __init__(
        self,
        stem: int = 16,
        widths: tuple[int, ...] = (32, 64, 96),
        depths: tuple[int, ...] = (2, 3, 4),
    ) -> None:
        blocks: list[nn.Module] = [convolution(3, stem, stride=2)]
        channels = stem
        for width, depth in zip(widths, depths, strict=True):
            stage = [SeparableBlock(channels, width, 2)]
            stage += [SeparableBlock(width, width, 1) for _ in range(depth - 1)]
            blocks.append(nn.Sequential(*stage))
            channels = width
        super().__init__(blocks, channels, 2 ** (1 + len(widths)))
