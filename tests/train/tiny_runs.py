"""Small networks and runs that have been trained, but for the training. Needs torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bauta.schemes

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from bauta.train import config
from bauta.train.checkpoints import write_state
from bauta.train.export.drawn import drawn_crops
from bauta.train.networks.network import CodeConfig, LandmarkNetwork, NetworkConfig

OURS = ("mesh478", "ibug68-3d", "ibug68")


def make(schemes=OURS, **changes) -> LandmarkNetwork:
    """A small network near a mean face, whose running statistics have moved."""
    torch.manual_seed(0)
    settings = {
        "size": 64,
        "schemes": tuple(schemes),
        "trunk": {"name": "residual", "stem": 8, "widths": (8, 16), "depths": (1, 2)},
        "code": CodeConfig(neck=8, numbers=16),
    }
    network = LandmarkNetwork(NetworkConfig(**(settings | changes)))
    layouts = {name: 32 + 3 * bauta.schemes.layout(name) * [1, -1, -1] for name in schemes}
    labels = {"mesh478": 3, "ibug68-3d": 3}
    rng = np.random.default_rng(0)
    network.start_from(
        {
            name: points[None, :, : labels.get(name, 2)]
            + rng.normal(size=(20, len(points), labels.get(name, 2)))
            for name, points in layouts.items()
        }
    )
    crops = torch.from_numpy(drawn_crops(64, 16)).permute(0, 3, 1, 2) / 127.5 - 1
    network(crops)
    return network.eval()


def make_run(
    folder: Path, loss: dict, absent: float = 0.2, schemes=("ibug68",), **recipe: str
) -> LandmarkNetwork:
    """The folder of a run; `recipe`: further keys of the recipe's top."""
    network = make(schemes)
    table = {
        **recipe,
        "data": {"packs": [(folder / "gone").as_posix()], "absent": absent},
        "network": config.to_table(network.config),
        "loss": loss,
    }
    folder.mkdir()
    (folder / "recipe.toml").write_text(config.to_toml({"task": "landmarks"} | table))
    state = {"step": 7, "scores": {"score": 4.25}, "weights": network.state_dict()}
    write_state(folder / "best.pt", state)
    return network
