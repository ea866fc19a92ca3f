"""SE-ResNet-50 (He et al. 2016, Hu et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bauta.train.networks.layers import SqueezeExcite, Trunk, convolution


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 to four times the channels; recalibrated, then added to the shortcut
    (figure 3 of Hu et al.: the scale comes before the addition)."""

    def __init__(self, inputs: int, planes: int, stride: int, ratio: int) -> None:
        super().__init__()
        outputs = 4 * planes
        self.body = nn.Sequential(
            convolution(inputs, planes, 1),
            convolution(planes, planes, 3, stride),
            convolution(planes, outputs, 1, act=None),
        )
        self.recalibrate = SqueezeExcite(outputs, outputs // ratio)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride, act=None)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.recalibrate(self.body(x)))


class SEResNet(Trunk):
    """The network without its classifier; `depths` (3, 4, 6, 3) blocks make 50 layers."""

    def __init__(
        self, depths: tuple[int, ...] = (3, 4, 6, 3), planes: int = 64, ratio: int = 16
    ) -> None:
        blocks: list[nn.Module] = [
            nn.Sequential(convolution(3, planes, 7, 2), nn.MaxPool2d(3, 2, padding=1))
        ]
        channels = planes
        for stage, depth in enumerate(depths):
            wide, units = planes * 2**stage, []
            for index in range(depth):
                stride = 2 if stage and index == 0 else 1
                units.append(Bottleneck(channels, wide, stride, ratio))
                channels = 4 * wide
            blocks.append(nn.Sequential(*units))
        super().__init__(blocks, channels, 2 ** (1 + len(depths)))
