"""`coordinates`: every number of every point is one linear map of the code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from bauta.train.networks.heads.base import (
    Head,
    Site,
    known_mean,
    normalise,
    of_dims,
    to_pixels,
)


class Coordinates(Head):
    """`<scheme>` (B, K, D) in pixels of the crop. The columns of a layer are a learned basis."""

    points = True

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.size, self.shapes = site.size, site.shapes
        self.linear = nn.ModuleDict(
            {name: nn.Linear(site.code, k * d) for name, (k, d) in self.shapes.items()}
        )

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Begin at the mean points, with a tenth of the usual weights; at a z of 0, whatever the
        crop shows, where no label has one."""
        with torch.no_grad():
            for name, layer in self.linear.items():
                if name in labels:
                    points = of_dims(labels[name], self.shapes[name][1])
                    mean = torch.from_numpy(known_mean(points).astype(np.float32))
                    layer.weight.mul_(0.1)
                    layer.weight[np.isnan(points).all(0).ravel()] = 0
                    layer.bias.copy_(normalise(mean, self.size).ravel())

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        out = {}
        for name, (count, dims) in self.shapes.items():
            values = self.linear[name](code).view(-1, count, dims)
            out[name] = to_pixels(values, self.size)
        return out
