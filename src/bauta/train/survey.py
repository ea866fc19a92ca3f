"""What every network costs: parameters, multiply-adds, bytes, milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bauta.engine.session import Session
from bauta.train.export.graph import finish
from bauta.train.export.landmarks import landmark_graph, metadata_of
from bauta.train.export.storage import stored
from bauta.train.networks.network import CodeConfig, LandmarkNetwork, NetworkConfig
from bauta.train.networks.trunks import NETWORKS

SIZE = 112
HOURGLASS_SIZE = 256
STANDARD = CodeConfig(neck=16, numbers=40)
"""The head that all share: a 1 x 1 convolution to 16 channels, flattened, 40 numbers, 68 points."""
WARM, RUNS, SECONDS = 5, 60, 2.0
"""Runs before the clock; runs timed, at most; seconds after which no more than five are timed."""


@dataclass(frozen=True)
class Cost:
    """One network with a head for 68 points."""

    name: str
    head: str
    size: int
    """Pixels of the crop."""
    parameters: int
    macs: int
    """Multiply-adds of convolutions and linear layers for one crop."""
    bytes: int
    """Of the exported file, weights in 16 bits."""
    milliseconds: float
    """Median of one crop in ONNX Runtime on one thread."""


def standard_network(name: str) -> NetworkConfig:
    """The network with the standard head; hourglasses have heat maps of 64 pixels."""
    if name.startswith("hourglass"):
        return NetworkConfig(size=HOURGLASS_SIZE, trunk={"name": name}, heads={"heatmap": {}})
    return NetworkConfig(size=SIZE, trunk={"name": name}, code=STANDARD, heads={"coordinates": {}})


@torch.no_grad()
def count_macs(module: nn.Module, example: Tensor) -> int:
    """Multiply-adds of all convolutions and linear layers that `module(example)` runs.

    A convolution: output elements times inputs of one group times kernel area. A linear layer:
    inputs times outputs, for every row.
    """
    total = 0

    def add(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            height, width = layer.kernel_size
            total += out.numel() * layer.in_channels // layer.groups * height * width
        elif isinstance(layer, nn.Linear):
            total += out.numel() * layer.in_features

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [m.register_forward_hook(add) for m in module.modules() if isinstance(m, kinds)]
    was = module.training
    module.eval()(example)
    module.train(was)
    for hook in hooks:
        hook.remove()
    return total


def median_ms(run: Callable[[], object]) -> float:
    """Median milliseconds of a call, after a few that do not count."""
    for _ in range(WARM):
        run()
    taken, end = [], time.perf_counter() + SECONDS
    while len(taken) < 5 or (len(taken) < RUNS and time.perf_counter() < end):
        start = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def cost_of(name: str, config: NetworkConfig) -> Cost:
    """Build, export and run one network with fresh weights."""
    torch.manual_seed(0)
    network = LandmarkNetwork(config).eval()
    file = finish(stored(landmark_graph(network), "float16"), metadata_of(network, name, "0"))
    session = Session(file)
    crop = {"crop": np.full((1, config.size, config.size, 3), 127, np.uint8)}
    return Cost(
        name=name,
        head=next(iter(config.heads)),
        size=config.size,
        parameters=sum(p.numel() for p in network.parameters()),
        macs=count_macs(network, torch.zeros(1, 3, config.size, config.size)),
        bytes=len(file),
        milliseconds=median_ms(lambda: session.run(crop)),
    )


def survey() -> Iterator[Cost]:
    """The cost of every network, one after the other."""
    for name in NETWORKS:
        yield cost_of(name, standard_network(name))
