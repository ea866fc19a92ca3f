"""A run started from the weights that travel is the model that ships."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from bauta.assets.store import read_model
from bauta.crop import Roi
from bauta.demo.run import CLIP
from bauta.demo.truth import truth68
from bauta.engine.session import Session
from bauta.regress.landmarks import cut
from bauta.train.checkpoints import load_weights, read_weights
from bauta.train.config import read_recipe
from bauta.train.export import export_landmarks
from bauta.train.export.__main__ import STORAGE
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig
from bauta.train.starts import read_start, write_start
from bauta.video import open_video

ROOT = Path(__file__).resolve().parents[2]


def test_a_state_comes_back_in_sixteen_bits(tmp_path):
    state = {"a": torch.tensor([0.1, 2.0]), "n": torch.tensor(7)}
    write_start(tmp_path / "w.npz", state)
    back = read_start(tmp_path / "w.npz")
    assert back["a"] == pytest.approx(state["a"], rel=1e-3)
    assert int(back["n"]) == 7


@pytest.mark.parametrize("name", STORAGE)
def test_weights_and_recipe_remake_the_model_that_ships(name):
    """The face of the demo clip, framed in three ways; points within a fifth of a pixel."""
    recipe = read_recipe(ROOT / "recipes" / f"{name}.toml")
    network = LandmarkNetwork(recipe.section("network", NetworkConfig))
    source = ROOT / "weights" / f"{name}.npz"
    load_weights(network, read_weights(source), str(source))
    size = network.config.size
    image = next(iter(open_video(CLIP))).image
    center = truth68(0).mean(0) - (0, 12)
    rois = [Roi(center, side, angle) for side, angle in ((190, 0.0), (220, 0.2), (170, -0.1))]
    crops = np.stack([cut(image, roi, size) for roi in rois])
    ours = Session(export_landmarks(network, name, "1", STORAGE[name])).run({"crop": crops})
    shipped = Session(read_model(name)).run({"crop": crops})
    assert set(ours) == set(shipped)
    for key in ("ibug68", "ibug68_3d", "mesh"):
        assert ours[key][..., :2] == pytest.approx(shipped[key][..., :2], abs=0.2)
    for key in ("ibug68_sigma", "mesh_sigma", "presence"):
        assert ours[key] == pytest.approx(shipped[key], abs=0.05)
