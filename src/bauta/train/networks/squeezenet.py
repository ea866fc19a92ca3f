"""SqueezeNet 1.1 (Iandola et al. 2016): 1 x 1 squeezes, then 1 x 1 and 3 x 3 side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bauta.train.networks.layers import Trunk

FIRES = (((64, 16, 64), (128, 16, 64)), ((128, 32, 128), (256, 32, 128)))
LATE_FIRES = ((256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256))
"""(inputs, squeezed, expanded on each side) between the poolings of release 1.1."""


class Fire(nn.Module):
    """Squeeze by 1 x 1, expand by 1 x 1 and 3 x 3, concatenated; biases, no normalisation."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1(x), self.expand3(x)], 1))


class SqueezeNet(Trunk):
    """Release 1.1 without its classifier. Convolution and poolings are padded by one pixel, which
    the original leaves out: so cells lie evenly over the crop, and stride 16 means what it says."""

    def __init__(self) -> None:
        blocks: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, 64, 3, 2, padding=1), nn.ReLU(), _pool())
        ]
        for group in FIRES:
            blocks.append(nn.Sequential(*(Fire(*fire) for fire in group), _pool()))
        blocks.append(nn.Sequential(*(Fire(*fire) for fire in LATE_FIRES)))
        super().__init__(blocks, 512, 16)


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, padding=1)
