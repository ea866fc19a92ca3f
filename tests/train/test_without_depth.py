"""Points in depth that are labelled in x and y alone, as 300W-LP's `pts_3d` and any `.pts` are: by
themselves, and beside a set that has the z."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

import bauta.demo
from bauta.data.packing import PackSettings, pack
from bauta.data.sample import Labels
from bauta.engine.session import Session
from bauta.eval import packed
from bauta.train.config import Recipe, read_recipe
from bauta.train.distributed import World
from bauta.train.export.landmarks import export_landmarks
from bauta.train.learner import Learner
from bauta.train.tasks import make_task
from bauta.train.tasks.registration import finetune
from made_faces import points_of, sample

ROOT = Path(__file__).resolve().parents[2]
CLIP = Path(bauta.demo.__file__).parent / "clip.mp4"
SCHEME = "ibug68-3d"
YAWS = (-45, -10, 5, 40)
COUNT = 8
TINY = (
    f"network.schemes=['{SCHEME}']",
    "network.size=64",
    "network.trunk.stem=8",
    "network.trunk.widths=[8, 16]",
    "network.trunk.depths=[1, 1]",
    "train.precision='float32'",
    "data.sets={}",
    "data.balance='none'",
)
BASE = (
    f"teacher.recipe='{(ROOT / 'recipes/base.toml').as_posix()}'",
    f"teacher.weights='{(ROOT / 'weights/base.npz').as_posix()}'",
)
RECIPES: dict[str, tuple[str, ...]] = {
    "own": ("data.official=false",),
    "distill-regressor": BASE,
    "expert-front": (),
    "expert-half": (),
    "part-eye": ("part.face=128", "data.shut_eyes=1.0"),
    "registration": ("video.batch=1", "video.clips=2", "video.follow='nano'", "loss.gap=0.0"),
    "router": (),
    "short-clips": (),
    "two-stage-1": ("network.schemes=['celeba5']",),
    "two-stage-2": (),
}


def labelled(index: int, dims: int, turn: float = 0.0):
    pose = (YAWS[index % len(YAWS)] + turn, 0.0, 0.0)
    points = points_of(SCHEME, pose)[:, :dims]
    return sample(index, pose, labels=(Labels(points, SCHEME),), person=f"{dims} {index}")


@pytest.fixture(scope="module")
def packs(tmp_path_factory) -> dict[str, Path]:
    """`flat`: without a z; `mixed`: as many faces with one beside them."""
    root, settings = tmp_path_factory.mktemp("packs"), PackSettings(side=96, shard=64)
    pack((labelled(i, 2) for i in range(60)), root / "mixed" / "flat", "flat", settings)
    pack((labelled(i, 3, 3.0) for i in range(60)), root / "mixed" / "deep", "deep", settings)
    return {"flat": root / "mixed" / "flat", "mixed": root / "mixed"}


def read(name: str, *changes: str) -> Recipe:
    return read_recipe(ROOT / "recipes" / f"{name}.toml", (*TINY, *RECIPES[name], *changes))


def learner_of(recipe: Recipe, folder: Path) -> Any:
    torch.set_num_threads(1)
    recipe = finetune(recipe, [CLIP]) if recipe.task == "registration" else recipe
    task, settings = make_task(recipe, (folder,))
    return Learner(task, settings.train, torch.device("cpu"), World())


def learn(learner: Any, steps: int = 1, rate: float = 1e-3) -> dict[str, float]:
    losses: dict[str, float] = {}
    for batch in learner.task.batches(0, range(steps), COUNT):
        losses, _ = learner.learn(batch, rate)
    assert all(np.isfinite(value) for value in losses.values())
    assert all(torch.isfinite(p).all() for p in learner.network.parameters())
    return losses


def said(learner: Any) -> np.ndarray:
    """(COUNT, 68, 3) what the network says of crops, in its pixels."""
    x = learner.task.crops.batch(5, 0, COUNT).images
    crops = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        return learner.network.eval()(crops)[SCHEME].numpy()


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("kind", ["flat", "mixed"])
def test_whatever_learns_from_points_learns_without_their_depth(packs, kind, name):
    learner = learner_of(read(name), packs[kind])
    assert sum(learn(learner).values()) > 0
    learner.network.eval()
    with torch.no_grad():
        scores = learner.task.validate(learner.network)
    assert np.isfinite(scores["score"])


@pytest.mark.parametrize("heads", ["{coordinates={}}", "{basis={coefficients=6}}"])
def test_labels_without_a_depth_leave_it_at_0(packs, heads):
    settings = (f"network.heads={heads}", "loss.sigma=0.0", "loss.presence=0.0")
    learner = learner_of(read("own", *settings, "data.absent=0.0"), packs["flat"])
    before = said(learner)
    learn(learner, 3)
    after = said(learner)
    assert np.abs(after[..., 2]).max() < 1e-6
    assert np.abs(after[..., :2] - before[..., :2]).max() > 1e-3


@pytest.mark.parametrize("heads", ["{coordinates={}}", "{basis={coefficients=6}}"])
def test_the_depth_of_a_set_is_learned_beside_one_without(packs, heads):
    """Its mean comes from the faces that have it, not from zeros of the others."""
    settings = (f"network.heads={heads}", "loss.sigma=0.0", "loss.presence=0.0")
    learner = learner_of(read("own", *settings, "data.absent=0.0"), packs["mixed"])
    batch = learner.task.crops.batch(5, 1, 200).points[SCHEME]
    deep = np.isfinite(batch[..., 2]).all(1)
    assert 50 < deep.sum() < 150
    start = said(learner)
    depth = batch[deep, :, 2].mean(0)
    slope = (start[..., 2].mean(0) * depth).sum() / (depth**2).sum()
    assert slope == pytest.approx(1, abs=0.15)  # 0.5 with zeros
    learn(learner, 3)
    assert np.abs(said(learner)[..., 2] - start[..., 2]).max() > 1e-3


def test_a_model_of_labels_without_a_depth_runs(packs):
    pytest.importorskip("onnx", reason="needs the extra `train`")
    learner = learner_of(read("own"), packs["flat"])
    learn(learner)
    session = Session(export_landmarks(learner.network.eval(), "flat", storage="float32"))
    out = session.run({"crop": np.full((1, 64, 64, 3), 90, np.uint8)})
    (points,) = (v for v in out.values() if v.shape == (1, 68, 3))
    assert np.abs(points[..., 2]).max() < 1e-6


def test_faces_without_a_depth_are_scored(packs, capsys):
    """`python -m bauta.eval.packed`, by x and y."""
    for folder in packs.values():
        packed.main([str(folder), "--model", "nano", "--split", "train,val,test", "--most", "3"])
    assert capsys.readouterr().out.count(f'"{SCHEME}": {{') == 2
