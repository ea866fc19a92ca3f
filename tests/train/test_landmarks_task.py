"""The landmarks task on made-up faces: it learns, is scored as it should be, goes on to the bit."""

import csv
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta import cli
from bauta.checks import InputError
from bauta.crop import Roi
from bauta.data.batch import Batch
from bauta.data.packing import PackSettings, pack
from bauta.engine.session import Session
from bauta.regress.landmarks import LandmarkRegressor
from bauta.train import checkpoints
from bauta.train.config import Recipe, read_recipe
from bauta.train.loop import run
from bauta.train.tasks import make_task
from bauta.train.tasks.landmarks import LandmarksTask, mean_errors
from made_faces import sample

OWN = Path(__file__).resolve().parents[2] / "recipes" / "own.toml"
TINY = (
    "network.size=32",
    "network.trunk.stem=8",
    "network.trunk.widths=[8, 16]",
    "network.trunk.depths=[1, 1]",
    "network.code.neck=8",
    "network.code.numbers=32",
    "augment.geometry.rotation=0",
    "train.batch=16",
    "train.precision='float32'",
    "train.warmup=0",
)

EFFECTS = [
    "tone",
    "grey",
    "shade",
    "dark",
    "blur",
    "motion_blur",
    "low_resolution",
    "noise",
    "jpeg",
]
PLAIN = (
    "augment.background=0.0",
    "augment.occlusion.share=0.0",
    *(f"augment.appearance.{effect}=0.0" for effect in [*EFFECTS, "jpeg"]),
)
"""Crops that differ by their place alone."""


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    pack((sample(i) for i in range(60)), folder, "made", PackSettings(side=64, shard=64))
    return folder


def recipe(*changes: str) -> Recipe:
    return read_recipe(OWN, (*TINY, *changes))


def test_a_few_epochs_lower_the_error_of_held_out_people(faces, tmp_path):
    """Framed by a detector that misses by an eighth of the side: the mean face does not do."""
    far = ("augment.box.share=1.0", "augment.box.shift_x=0.12", "augment.box.shift_y=0.12")
    changes = ("train.epochs=60", "train.rate=5e-3", "data.absent=0.0", *PLAIN, *far)
    task, settings = make_task(recipe(*changes), (faces,))
    assert settings.data.packs == (faces,)
    assert isinstance(task, LandmarksTask)
    assert task.size == len(task.crops)
    run(task, settings.train, tmp_path)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["val_ibug68"]) < 0.4 * float(rows[0]["val_ibug68"])
    assert float(rows[-1]["val_score"]) == float(rows[-1]["val_ibug68"])
    assert {"ibug68", "ibug68_sigma", "presence", "val_presence_wrong"} <= set(rows[0])


def test_with_drawn_crops_an_interrupted_run_ends_with_the_same_bits(faces, tmp_path):
    read = recipe("train.steps=6", "data.threads=2")

    def stop(progress):
        if progress.step == 2:
            signal.raise_signal(signal.SIGTERM)

    for folder, watch in (("whole", None), ("parts", stop), ("parts", None)):
        task, settings = make_task(read, (faces,))
        run(task, settings.train, tmp_path / folder, watch=watch or (lambda progress: None))
    states = [checkpoints.read_state(tmp_path / f / "last.pt") for f in ("whole", "parts")]
    assert [state["step"] for state in states] == [6, 6]
    for part in ("network", "average"):
        assert all(torch.equal(v, states[1][part][k]) for k, v in states[0][part].items())


def test_the_same_seed_begins_with_the_same_weights(faces):
    one, two, other = (
        make_task(recipe(f"train.seed={seed}"), (faces,))[0].network.state_dict()
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def error_batch() -> Batch:
    """Three faces of 100 pixels: eyes 40 apart; eyes 5 apart; eyes 40 apart, half unlabelled."""
    points = np.zeros((3, 68, 2), np.float32)
    points[:, 36], points[:, 45] = (30, 50), (70, 50)
    points[1, 45] = (35, 50)
    weights = np.ones((3, 68), np.float32)
    weights[2, :34] = 0
    return Batch(np.zeros((3, 100, 100, 3), np.uint8), {"ibug68": points}, {"ibug68": weights})


def test_errors_are_percent_of_the_outer_eyes_over_believed_points():
    """All off by (3, 4): 5 / 40. In the third face the unlabelled half, off by 50, is not seen."""
    batch = error_batch()
    said = batch.points["ibug68"] + np.array([3, 4], np.float32)
    said[2, :34] = 50
    errors = mean_errors(said, batch, "ibug68")
    assert errors == pytest.approx([12.5, 12.5])  # the face seen from the side is left out


def test_depth_is_not_scored():
    batch = error_batch()
    said = np.concatenate([batch.points["ibug68"], np.full((3, 68, 1), 9, np.float32)], 2)
    assert mean_errors(said, batch, "ibug68") == pytest.approx([0, 0])


def test_without_eye_corners_the_box_of_the_points_divides():
    """Five points on a box of 20 x 45 pixels: sqrt(20 * 45) = 30."""
    points = np.array([[[0, 0], [20, 0], [20, 45], [0, 45], [10, 20]]], np.float32)
    batch = Batch(
        np.zeros((1, 100, 100, 3), np.uint8),
        {"celeba5": points},
        {"celeba5": np.ones((1, 5), np.float32)},
    )
    assert mean_errors(points + np.array([0, 3]), batch, "celeba5") == pytest.approx([10.0])


def test_nobody_held_out_is_told_and_leaves_no_score(tmp_path, caplog):
    same = (sample(i, person="person 0") for i in range(30))
    folder = tmp_path / "one"
    pack(same, folder, "made", PackSettings(side=64, shard=64))
    task, settings = make_task(recipe("train.steps=1"), (folder,))
    outcome = run(task, settings.train, tmp_path / "run")
    assert outcome.best == float("inf")
    assert "no labelled face is held out" in caplog.text
    weights = checkpoints.read_weights(tmp_path / "run")
    assert "trunk.blocks.0.0.weight" in weights or len(weights) > 10


def test_schemes_that_differ_from_the_network_s_are_refused(faces):
    with pytest.raises(InputError, match="differ from the network's"):
        make_task(recipe('data.schemes=["ibug68-3d"]'), (faces,))


# ---- bauta train


def command(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `bauta train ...`."""
    monkeypatch.setattr(sys, "argv", ["bauta", "train", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    code = end.value.code
    return (code if isinstance(code, int) else 0), out, err


def tiny(*changes: str) -> list[str]:
    return [word for change in (*TINY, *changes) for word in ("--set", change)]


def test_the_command_trains_and_names_its_files(faces, tmp_path, monkeypatch, capsys):
    words = [str(OWN), "--out", str(tmp_path / "run"), "--data", str(faces), "--device", "cpu"]
    code, out, err = command(monkeypatch, capsys, *words, *tiny("train.steps=4"))
    assert code == 0
    names = ["best.pt", "last.pt", "log.csv", "errors.png"]
    assert out.split() == [str(tmp_path / "run" / name) for name in names]
    assert "done after 4 steps, best score" in err
    kept = read_recipe(tmp_path / "run" / "recipe.toml")
    assert kept.table["data"]["packs"] == [str(faces)]
    assert kept.table["train"]["device"] == "cpu"
    assert kept.table["loss"]["detail"] == 1.0, "defaults are spelled out"


def test_the_command_goes_on_and_says_what_changed(faces, tmp_path, monkeypatch, capsys):
    words = [str(OWN), "--out", str(tmp_path), "--data", str(faces)]
    first = tiny("train.steps=4")
    code, _, err = command(monkeypatch, capsys, *words, *first, "--stop-after", "0")
    assert code == 0
    assert "stopped by the time limit at step 1" in err
    code, _, err = command(monkeypatch, capsys, *words, *tiny("train.steps=5"))
    assert "changed since this run began: train.steps: 4 -> 5" in err
    assert "done after 5 steps" in err
    other = tmp_path / "other.toml"
    other.write_text('task = "detector"\n')
    code, _, err = command(monkeypatch, capsys, str(other), "--out", str(tmp_path))
    assert code == 1
    assert "holds a run of the task 'landmarks', not 'detector'" in err


def test_the_command_sweeps_without_training(faces, tmp_path, monkeypatch, capsys):
    words = [str(OWN), "--out", str(tmp_path), "--data", str(faces), "--lr-sweep"]
    code, out, err = command(monkeypatch, capsys, *words, *tiny())
    assert code == 0
    assert "suggested peak rate" in err
    assert 1e-5 < float(out.split()[0]) < 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sweep.csv", "sweep.png"]


def test_a_trained_run_becomes_a_model_that_runs(faces, tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnx", reason="needs the extra `train`")
    words = [str(OWN), "--out", str(tmp_path / "run"), "--data", str(faces)]
    command(monkeypatch, capsys, *words, *tiny("train.steps=2"))
    monkeypatch.setattr(sys, "argv", ["bauta", "export-model", str(tmp_path / "run"), "--out"])
    sys.argv.append(str(tmp_path / "my.onnx"))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    regressor = LandmarkRegressor(Session((tmp_path / "my.onnx").read_bytes()))
    assert regressor.size == 32
    said = regressor(np.zeros((90, 90, 3), np.uint8), Roi(np.array([45.0, 45.0]), 80.0, 0.0))
    assert said.points["ibug68"].shape == (68, 2)


def test_an_unknown_key_is_one_line_on_stderr(tmp_path, monkeypatch, capsys):
    words = [str(OWN), "--out", str(tmp_path / "run"), "--set", "train.rte=1"]
    code, out, err = command(monkeypatch, capsys, *words)
    assert code == 1
    assert out == ""
    assert "train: unknown key 'rte'; did you mean 'rate'?" in err
    assert not (tmp_path / "run").exists()
