"""float16 with scaled gradients: learns, leaves out a step that overflows, goes on with its scale.

A run in float16 needs a GPU. The step itself is also tried on the CPU, where it is only slow.
"""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.data.packing import PackSettings, pack
from bauta.train import checkpoints
from bauta.train.config import Recipe, read_recipe
from bauta.train.distributed import World
from bauta.train.learner import Learner
from bauta.train.loop import run
from bauta.train.tasks import make_task
from made_faces import sample

OWN = Path(__file__).resolve().parents[2] / "recipes" / "own.toml"
TINY = (
    "network.size=32",
    "network.trunk.stem=8",
    "network.trunk.widths=[8, 16]",
    "network.trunk.depths=[1, 1]",
    "network.code.neck=8",
    "network.code.numbers=32",
    "train.batch=8",
    "train.warmup=0",
    "train.precision='float16'",
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    pack((sample(i) for i in range(40)), folder, "made", PackSettings(side=64, shard=64))
    return folder


def recipe(*changes: str) -> Recipe:
    return read_recipe(OWN, (*TINY, *changes))


def learner_of(faces: Path, *changes: str) -> Learner:
    task, settings = make_task(recipe(*changes), (faces,))
    return Learner(task, settings.train, torch.device("cpu"), World())


def weights_of(learner: Learner) -> list:
    return [p.detach().clone() for p in learner.network.parameters()]


def test_a_step_in_float16_is_nearly_that_in_float32(faces):
    """The gradient that reaches the weights is unscaled again: Adam alone would not mind."""
    moved = []
    for precision in ("float16", "float32"):
        changes = (f"train.precision='{precision}'", "train.optimiser='sgd'", "train.clip=0.0")
        learner = learner_of(faces, *changes)
        before = weights_of(learner)
        learner.learn(next(iter(learner.task.batches(0, range(1), 4))), 1e-3)
        pairs = zip(before, weights_of(learner), strict=True)
        moved.append(torch.cat([(new - old).ravel() for old, new in pairs]))
    assert torch.nn.functional.cosine_similarity(moved[0], moved[1], 0) > 0.95
    assert moved[0].norm().item() == pytest.approx(moved[1].norm().item(), rel=0.05)


def test_a_step_that_overflows_is_left_out_and_the_scale_falls(faces):
    learner = learner_of(faces)
    assert learner.scaler.is_enabled()
    learner.scaler.load_state_dict({**learner.scaler.state_dict(), "scale": 2.0**40})
    before = weights_of(learner)
    batch = next(iter(learner.task.batches(0, range(1), 4)))
    losses, _ = learner.learn(batch, 1e-3)
    assert all(np.isfinite(value) for value in losses.values())
    assert learner.step == 1
    assert learner.scaler.get_scale() == 2.0**39
    assert all(torch.equal(a, b) for a, b in zip(before, weights_of(learner), strict=True))


def test_the_scale_is_taken_up_again(faces):
    learner, again = learner_of(faces), learner_of(faces)
    learner.scaler.load_state_dict({**learner.scaler.state_dict(), "scale": 2.0**9})
    again.load(learner.state(), "here")
    assert again.scaler.get_scale() == 2.0**9


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is at hand")
def test_a_run_in_float16_without_a_gpu_is_refused(faces, tmp_path):
    task, settings = make_task(recipe(), (faces,))
    with pytest.raises(InputError, match="float16 needs a GPU"):
        run(task, settings.train, tmp_path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU here")
def test_a_run_on_a_gpu_learns_in_float16_as_in_float32_and_goes_on(faces, tmp_path):
    losses = {}
    for precision, steps in (("float32", 20), ("float16", 20), ("float16", 25)):
        changes = ("train.device='cuda'", "train.schedule='constant'", f"train.steps={steps}")
        read = recipe(*changes, f"train.precision='{precision}'")
        task, settings = make_task(read, (faces,))
        outcome = run(task, settings.train, tmp_path / precision)
        assert outcome.finished
        assert outcome.step == steps
        head, *rows = (tmp_path / precision / "log.csv").read_text().splitlines()
        column = head.split(",").index("loss")
        losses[precision] = [float(row.split(",")[column]) for row in rows]
    shared = len(losses["float32"])
    assert 1 < shared < len(losses["float16"])
    assert losses["float16"][:shared] == pytest.approx(losses["float32"], rel=0.05)
    state = checkpoints.read_state(tmp_path / "float16" / checkpoints.LAST)
    assert state["scaler"]["scale"] >= 1
    assert all(torch.isfinite(value).all() for value in state["network"].values())
