"""Whether files say what the network says: differences of their points in pixels of the crop."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch

from bauta.engine.session import Session
from bauta.train.export.landmarks import output_of
from bauta.train.networks.network import LandmarkNetwork

PART = 16


@dataclass(frozen=True)
class Difference:
    """How far the points of a file lie from the network's, over all schemes and crops."""

    mean: float
    """Pixels of the crop."""
    p99: float
    """99 in 100 points differ by less."""
    largest: float
    bytes: int
    """Size of the file."""

    def as_json(self) -> dict[str, float]:
        """Rounded, for a card."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


@torch.no_grad()
def points_of(network: LandmarkNetwork, crops: np.ndarray) -> dict[str, np.ndarray]:
    """Scheme -> (N, K, 2) x and y of a network in evaluation mode, for crops (N, S, S, 3) uint8."""
    was = network.training
    network.eval()
    parts = []
    for part in torch.from_numpy(crops).split(PART):
        out = network(part.permute(0, 3, 1, 2).float() / 127.5 - 1)
        parts.append({name: out[name][..., :2].numpy() for name in network.config.schemes})
    network.train(was)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def difference(network: LandmarkNetwork, file: bytes, crops: np.ndarray) -> Difference:
    """Of one file on crops (N, S, S, 3) uint8."""
    session, expected = Session(file), points_of(network, crops)
    apart = []
    for start in range(0, len(crops), PART):
        out = session.run({"crop": crops[start : start + PART]})
        for name, points in expected.items():
            found = out[output_of(name)][..., :2]
            apart.append(np.linalg.norm(found - points[start : start + PART], axis=-1).ravel())
    d = np.concatenate(apart)
    return Difference(float(d.mean()), float(np.quantile(d, 0.99)), float(d.max()), len(file))
