"""The landmark regressor: a small residual trunk and one head per label convention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

COUNTS = {"mesh": (478, 3), "points3d": (68, 3), "points68": (68, 2)}
"""Points and dimensions of each head."""


@dataclass(frozen=True)
class LandmarkNetConfig:
    """Sizes of a regressor."""

    size: int = 112
    """Pixels of the square input."""
    stem: int = 16
    """Channels after the first convolution, at half the size."""
    widths: tuple[int, ...] = (32, 64, 128)
    """Channels of each stage; each halves the size."""
    depths: tuple[int, ...] = (1, 2, 2)
    """Residual blocks of each stage."""
    neck: int = 64
    """Channels of the last map, which is flattened: position is kept, not pooled away."""
    code: int = 192
    """Numbers from which every head is one linear map: the columns are a basis of the points."""
    linear: bool = False
    """No rectifier on the code: its numbers are coefficients of a basis, for a small `code`."""
    sigma_code: int = 0
    """Numbers from which the uncertainties are decoded; 0: straight from the code."""


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016, basic block)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv(inputs, outputs, stride=stride)
        self.second = conv(outputs, outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return fn.relu(self.shortcut(x) + self.second(fn.relu(self.first(x))))


class LandmarkNet(nn.Module):
    """Crops (B, 3, size, size) in -1..1 to points in pixels of the crop.

    Returns a dict: `mesh` (B, 478, 3), `points3d` (B, 68, 3), `points68` (B, 68, 2); for each of
    them `<name>_log_sigma` (B, points), log of the expected distance in percent of the crop's side;
    `presence` (B,) logit.
    """

    def __init__(self, config: LandmarkNetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = [conv(3, config.stem, stride=2), nn.ReLU()]
        channels, size = config.stem, config.size // 2
        for width, depth in zip(config.widths, config.depths, strict=True):
            for index in range(depth):
                layers.append(Block(channels, width, 2 if index == 0 else 1))
                channels = width
            size = (size + 1) // 2
        layers += [conv(channels, config.neck, 1), nn.ReLU(), nn.Flatten()]
        self.trunk = nn.Sequential(*layers)
        self.code = nn.Linear(config.neck * size * size, config.code)
        self.points = nn.ModuleDict(
            {key: nn.Linear(config.code, n * d) for key, (n, d) in COUNTS.items()}
        )
        few = config.sigma_code
        self.sigma_code = nn.Linear(config.code, few) if few else nn.Identity()
        self.log_sigma = nn.ModuleDict(
            {key: nn.Linear(few or config.code, n) for key, (n, _) in COUNTS.items()}
        )
        self.presence = nn.Linear(config.code, 1)

    def set_means(self, means: dict[str, np.ndarray]) -> None:
        """Start every head at the mean points (points, dims), in pixels of the crop."""
        with torch.no_grad():
            for key, head in self.points.items():
                head.weight.mul_(0.1)
                head.bias.copy_(self._normalise(torch.from_numpy(means[key])).ravel())
            for head in self.log_sigma.values():
                head.weight.mul_(0.1)
                head.bias.fill_(1.0)

    def _normalise(self, points: Tensor) -> Tensor:
        middle = torch.tensor([self.config.size / 2] * 2 + [0.0])[: points.shape[-1]]
        return (points - middle) * (8 / self.config.size)

    def _pixels(self, values: Tensor) -> Tensor:
        middle = torch.tensor([self.config.size / 2] * 2 + [0.0])[: values.shape[-1]]
        return values * (self.config.size / 8) + middle

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.trunk(x)
        with torch.autocast(x.device.type, enabled=False):  # positions need their 24 bits
            code = self.code(features.float())
            code = code if self.config.linear else fn.relu(code)
            doubt, out = self.sigma_code(code), {}
            for key, (count, dims) in COUNTS.items():
                out[key] = self._pixels(self.points[key](code).view(-1, count, dims))
                out[f"{key}_log_sigma"] = self.log_sigma[key](doubt)
            out["presence"] = self.presence(code)[:, 0]
        return out
