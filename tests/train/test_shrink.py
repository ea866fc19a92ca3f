"""scripts/shrink_base.py: what a smaller network takes over from `base`."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.demo import clip_path
from bauta.train.config import read_recipe
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.starts import read_start
from bauta.train.tasks.landmarks import LandmarksRecipe, to_tensor
from bauta.video import open_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shrink():
    spec = importlib.util.spec_from_file_location("shrink", ROOT / "scripts/shrink_base.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def network(*changes):
    recipe = read_recipe(ROOT / "recipes/small.toml", changes).settings(LandmarksRecipe)
    return LandmarkNetwork(recipe.network).eval()


def base():
    return {k: v.float() for k, v in read_start(ROOT / "weights/base.npz").items()}


def network_of_base():
    recipe = read_recipe(ROOT / "recipes/base.toml").settings(LandmarksRecipe)
    whole = LandmarkNetwork(recipe.network).eval()
    whole.load_state_dict(base())
    return whole


def portrait():
    """The face in the demo clip's first frame, (1, 3, 112, 112)."""
    image = next(iter(open_video(str(clip_path())))).image
    crop = np.ascontiguousarray(image[96:320, 196:420][::2, ::2])
    return to_tensor(crop[None], torch.device("cpu"))


def test_a_network_of_the_size_of_base_says_the_points_of_base(shrink):
    """But for the last block, which is left out of both."""
    size = ("network.size=112", "network.trunk.widths=[32,64,128]", "network.trunk.depths=[1,2,2]")
    code = ("network.code.neck=64", "network.code.numbers=192")
    like = network(*size, *code, "network.heads.uncertainty.numbers=100")
    like.load_state_dict(shrink.shrunk(base(), like))
    crop, whole = portrait(), network_of_base()
    whole.trunk.blocks[6] = torch.nn.Identity()
    with torch.inference_mode():
        said, true = like(crop), whole(crop)
    for name in ("mesh478", "ibug68", "presence", "mesh478_log_sigma"):
        assert (said[name] - true[name]).abs().max() < 0.05, name


def test_the_small_one_begins_nearer_than_nothing(shrink):
    own = network()
    state = shrink.shrunk(base(), own)
    own.load_state_dict(state)
    for key, value in base().items():
        if key.startswith(("trunk.blocks.0", "trunk.blocks.1", "trunk.blocks.2", "trunk.blocks.3")):
            assert torch.equal(state[key], value), key
    crop, whole = portrait(), network_of_base()
    untaught = network()
    with torch.inference_mode():
        true = whole(crop)["mesh478"][..., :2] / 112
        small = torch.nn.functional.interpolate(crop, size=(96, 96), mode="area")
        begun, nothing = (net(small)["mesh478"][..., :2] / 96 for net in (own, untaught))
    off = [float((said - true).norm(dim=-1).mean()) for said in (begun, nothing)]
    assert off[0] < 0.5 * off[1]
