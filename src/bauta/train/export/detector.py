"""The file of the face detector: batch norms folded, the division by 255 in the first convolution.

It is compared with the PyTorch network before it is kept.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import ModelError
from bauta.engine.session import Session
from bauta.train.export.graph import finish, fuse, trace
from bauta.train.export.storage import stored
from bauta.train.networks.detector import STRIDES, DetectorNetwork

NAMES = tuple(f"{kind}{stride}" for kind in ("score", "edges") for stride in STRIDES)
TOLERANCE = 0.02
"""Largest difference of a score between the file (16-bit weights) and the network."""


class DetectorExport(nn.Module):
    """The network as it ships: uint8 (1, H, W, 3) RGB in, maps of scores and of edges out."""

    def __init__(self, network: DetectorNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        fuse(self.network)
        self.network.stem[0][0].weight.data /= 255

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Scores at strides 8, 16, 32, then the edges."""
        levels = self.network.levels(image.permute(0, 3, 1, 2).float())
        return (*(logit.sigmoid() for logit, _ in levels), *(edges for _, edges in levels))


def export_detector(network: DetectorNetwork, version: str) -> bytes:
    """The ONNX file of a network; ModelError if it does not say the same."""
    sizes = {
        name: {2: f"h{name.lstrip('scoredg')}", 3: f"w{name.lstrip('scoredg')}"} for name in NAMES
    }
    graph = trace(
        DetectorExport(network),
        torch.zeros(1, 96, 128, 3, dtype=torch.uint8),
        ["image"],
        list(NAMES),
        {"image": {1: "height", 2: "width"}, **sizes},
    )
    metadata = {"bauta_task": "detection", "bauta_model": "detector", "version": version}
    data = finish(stored(graph, "float16"), metadata)
    difference = compare(network, data)
    if difference > TOLERANCE:
        raise ModelError(f"detector: scores of the file differ by {difference:.3f}; do not ship it")
    return data


def compare(network: DetectorNetwork, data: bytes) -> float:
    """Largest difference of the scores between network and file on a smooth random picture."""
    coarse = torch.rand(1, 3, 20, 28, generator=torch.Generator().manual_seed(0)) * 255
    smooth = nn.functional.interpolate(coarse, (160, 224), mode="bilinear").round()
    image = smooth.permute(0, 2, 3, 1).to(torch.uint8).numpy()
    found = Session(data).run({"image": np.ascontiguousarray(image)})
    network.eval()
    with torch.no_grad():
        wanted = [logit.sigmoid().numpy() for logit, _ in network(smooth)]
    pairs = zip(NAMES, wanted, strict=False)
    return max(float(np.abs(found[name] - scores).max()) for name, scores in pairs)
