"""Every recipe that ships is known to the last key, and learns a step."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

import bauta.demo
from bauta.checks import InputError
from bauta.data.packing import PackSettings, pack
from bauta.data.sample import Labels
from bauta.morphable.arkit import ARKIT52
from bauta.train import checkpoints
from bauta.train.config import Recipe, read_recipe, to_table, write_recipe
from bauta.train.distributed import World
from bauta.train.learner import Learner
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.scene_pool import Pool
from bauta.train.settings import TrainSettings
from bauta.train.tasks import TASKS, detector, make_task, resolve
from bauta.train.tasks.registration import finetune
from made_faces import points_of, sample

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
CLIP = Path(bauta.demo.__file__).parent / "clip.mp4"
YAWS = (-75, -45, -10, 5, 40, 70)
COUNT = 8
"""Crops of a step: a clip of `short-clips` has as many."""
BASE = (
    f"teacher.recipe='{(ROOT / 'recipes/base.toml').as_posix()}'",
    f"teacher.weights='{(ROOT / 'weights/base.npz').as_posix()}'",
)
SMALL_HOURGLASS = ("network.trunk.channels=8", "network.trunk.stacks=1", "network.size=64")
SMALLER: dict[str, tuple[str, ...]] = {
    "base": ("data.sets={}",),
    "detector": ("scenes.side=64", f"scenes.pool={COUNT}", "scenes.turned=''"),
    "distill-hourglass": SMALL_HOURGLASS,
    "distill-regressor": BASE,
    "hourglass": SMALL_HOURGLASS,
    "nano": ("data.sets={}",),
    "small": ("data.sets={}",),
    "registration": ("data.sets={}", "video.batch=1", "video.clips=2", "video.follow='nano'"),
}
"""What a recipe is changed in, to be quick or where it names packs or a teacher."""


def dense(recipe: Recipe) -> bool:
    """Whether it needs meshes or rendered heads; 300W-LP does for the others."""
    packs = " ".join(recipe.table.get("data", {}).get("packs", ()))
    return "rendered" in packs or "mesh478" in recipe.table.get("network", {}).get("schemes", ())


def face(index: int, deep: bool):
    """As 300W-LP has it, both kinds of 68 in x and y; `deep`: as rendered heads have it."""
    pose = (YAWS[index % len(YAWS)], 0.0, 0.0)
    labels = [Labels(points_of("ibug68", pose)[:, :2], "ibug68")]
    labels.append(Labels(points_of("ibug68-3d", pose)[:, : 3 if deep else 2], "ibug68-3d"))
    labels += [Labels(points_of("mesh478", pose), "mesh478")] if deep else []
    keys = [f"expression/{name}" for name in ARKIT52] + [f"identity/{k:02d}" for k in range(50)]
    made = sample(index, pose, labels=tuple(labels), subset="" if deep else "AFW")
    return replace(made, pose=pose, attributes=dict.fromkeys(keys, 0.3) if deep else {})


@pytest.fixture(scope="module")
def packs(tmp_path_factory) -> dict[bool, Path]:
    """Whether there are meshes and a z -> the pack."""
    root, settings = tmp_path_factory.mktemp("packs"), PackSettings(side=128, shard=64)
    for name, deep in (("300w-lp", False), ("made", True)):
        pack((face(i, deep) for i in range(72)), root / name, name, settings)
    return {False: root / "300w-lp", True: root / "made"}


def untrained_run(recipe: Recipe, folder: Path) -> Path:
    """The folder of a run of no step: a teacher."""
    settings = resolve(recipe)
    folder.mkdir()
    write_recipe(folder / "recipe.toml", recipe.task, settings)
    weights = LandmarkNetwork(settings.network).state_dict()
    checkpoints.write_state(folder / "best.pt", {"step": 0, "scores": {}, "weights": weights})
    return folder


def scenes(folder: Path) -> Path:
    """A full pool without a face."""
    folder.mkdir()
    pool = Pool(folder, COUNT, 64)
    pool.images[:], pool.boxes[:], pool.filled[0] = 90, 0, COUNT
    return folder


class _NoComposer:
    def terminate(self) -> None:
        pass


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_resolves_and_its_resolved_form_says_the_same(path, tmp_path):
    recipe = read_recipe(path)
    settings = resolve(recipe)
    assert isinstance(settings.train, TrainSettings)
    write_recipe(tmp_path / "recipe.toml", recipe.task, settings)
    again = read_recipe(tmp_path / "recipe.toml")
    assert again.task == recipe.task
    assert to_table(resolve(again)) == to_table(settings)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_learns_a_step(path, packs, tmp_path, monkeypatch):
    changes, name = SMALLER.get(path.stem, ()), path.stem
    folder = packs[dense(read_recipe(path))]
    if name == "detector":
        monkeypatch.setattr(detector, "start_composer", lambda *settings: _NoComposer())
        folder = scenes(tmp_path / "scenes")
    if name == "distill-hourglass":
        hourglass = read_recipe(ROOT / "recipes/hourglass.toml", SMALL_HOURGLASS)
        teacher = untrained_run(hourglass, tmp_path / "teacher").as_posix()
        changes += (f"teacher.recipe='{teacher}/recipe.toml'", f"teacher.weights='{teacher}'")
    recipe = read_recipe(path, changes)
    recipe = finetune(recipe, [CLIP]) if name == "registration" else recipe
    task, settings = make_task(recipe, (folder,))
    learner = Learner(task, replace(settings.train, seed=0), torch.device("cpu"), World())
    before = {key: value.clone() for key, value in learner.network.state_dict().items()}
    losses, _ = learner.learn(next(iter(task.batches(0, range(1), COUNT))), 1e-3)
    assert losses
    assert all(math.isfinite(value) for value in losses.values())
    assert sum(losses.values()) > 0
    after = learner.network.state_dict()
    assert all(torch.isfinite(value).all() for value in after.values())
    learned = [key for key, value in learner.network.named_parameters() if value.requires_grad]
    assert any(not torch.equal(after[key], before[key]) for key in learned)
    if name != "detector":  # its scenes of held-out people need the data sets
        with torch.no_grad():
            assert np.isfinite(task.validate(learner.weights.eval())["score"])


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"x.toml: unknown task 'landmark'; one of .*detector"):
        resolve(Recipe("landmark", {}, "x.toml"))


@pytest.mark.parametrize("name", TASKS)
def test_every_task_refuses_a_key_that_it_does_not_know(name):
    with pytest.raises(InputError, match=r"x.toml: train: unknown key 'rte'"):
        resolve(Recipe(name, {"train": {"rte": 1}}, "x.toml"))
