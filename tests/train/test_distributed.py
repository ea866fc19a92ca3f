"""Two processes under torchrun's variables learn what one does from the whole batch."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

from toy_task import ToyTask

from bauta.train import checkpoints
from bauta.train.loop import run
from bauta.train.settings import TrainSettings

HERE = Path(__file__).parent
SETTINGS = TrainSettings(epochs=3, batch=16, rate=0.02, average=0.9, clip=1.0, device="cpu")
WORKER = """
import sys
from dataclasses import replace
from pathlib import Path
from toy_task import ToyTask
from test_distributed import SETTINGS
from bauta.checks import BautaError
from bauta.train.loop import run
folder, kind = Path(sys.argv[1]), sys.argv[2]
task = ToyTask(bad_step=5 if kind == "nan" else -1)
settings = replace(SETTINGS, minutes=1.0) if kind == "minutes" else SETTINGS
limit = 0.0 if kind == "stop" else 1.0
try:
    outcome = run(task, settings, folder, stop_after=limit)
    print(outcome.step, outcome.finished)
except BautaError as error:
    print(error)
"""


def start(folder: Path, kind: str = "plain") -> list[str]:
    """Last line that each of two gloo processes printed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    source = str(HERE.parents[1] / "src")
    shared |= {"PYTHONPATH": os.pathsep.join([str(HERE), source]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder), kind],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [p.returncode for p in processes] == [0, 0], answers
    return [out.strip().splitlines()[-1] for out, _ in answers]


def test_the_shares_of_two_processes_make_the_batch_of_one():
    whole = ToyTask().draw(0, 7, 16)["x"]
    shares = [next(ToyTask().batches(0, range(7, 8), 16, r, 2))["x"] for r in range(2)]
    together = np.empty_like(whole)
    together[0::2], together[1::2] = shares
    assert (together == whole).all()


def test_two_gloo_processes_equal_one_at_twice_the_batch(tmp_path):
    assert start(tmp_path / "two") == ["12 True", "12 True"]
    run(ToyTask(), SETTINGS, tmp_path / "one")
    one, two = (checkpoints.read_state(tmp_path / f / checkpoints.LAST) for f in ("one", "two"))
    for part in ("network", "average"):
        for name, value in one[part].items():
            assert two[part][name] == pytest.approx(value, abs=1e-5)
    for name in ("loss", "square", "absolute", "val_score"):
        expected = [row[name] for row in one["history"]]
        assert [row[name] for row in two["history"]] == pytest.approx(expected, rel=1e-4)
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == sorted(
        p.name for p in (tmp_path / "one").iterdir()
    )


def test_both_stop_at_the_same_step_and_go_on(tmp_path):
    assert start(tmp_path, "stop") == ["1 False", "1 False"]
    assert start(tmp_path) == ["12 True", "12 True"]


def test_a_nan_in_one_process_stops_both(tmp_path):
    answers = start(tmp_path, "nan")
    assert all(answer.startswith("step 5: a loss is not finite: square nan") for answer in answers)
    with np.load(tmp_path / "bad_batch.npz") as first:
        assert np.isnan(first["batch.y"]).any()
    with np.load(tmp_path / "1_bad_batch.npz") as second:
        assert not np.isnan(second["batch.y"]).any()


def test_minutes_cannot_end_several_processes_alike(tmp_path):
    assert all("give epochs or steps" in answer for answer in start(tmp_path, "minutes"))
