"""The loop learns, stops, goes on to the same bits, and keeps what broke it."""

import csv
import math
import os
import signal
from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from toy_task import ToyTask

from bauta.checks import InputError, ModelError
from bauta.train import checkpoints
from bauta.train.learner import NotFiniteError
from bauta.train.loop import run
from bauta.train.schedule import learning_rate
from bauta.train.settings import TrainSettings
from bauta.train.starts import write_start

SETTINGS = TrainSettings(epochs=6, batch=8, rate=0.02, average=0.9, device="cpu", seed=3)


def flat(value, name=""):
    """Every tensor and number of a nested state by its path."""
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in flat(item, f"{name}.{key}").items()}
    if isinstance(value, list | tuple):
        return flat(dict(enumerate(value)), name)
    return {name: value}


def same(a, b) -> list[str]:
    """Names of what differs, times left out."""
    a, b = flat(a), flat(b)
    assert a.keys() == b.keys()
    return [
        name
        for name in a
        if "minutes" not in name and "examples_per_s" not in name
        if not (torch.equal(a[name], b[name]) if torch.is_tensor(a[name]) else a[name] == b[name])
    ]


def log_of(folder) -> list[dict[str, str]]:
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_it_learns_and_leaves_a_log_a_picture_and_the_best_weights(tmp_path):
    seen = []
    outcome = run(ToyTask(), replace(SETTINGS, epochs=20), tmp_path, watch=seen.append)
    assert outcome.finished
    assert outcome.step == 20 * 64 // 8
    rows = log_of(tmp_path)
    assert [float(row["epoch"]) for row in rows] == list(range(1, 21))
    assert float(rows[-1]["val_score"]) < 0.2 * float(rows[0]["val_score"])
    assert float(rows[0]["val_training"]) == 0.0
    first = rows[0]
    total = float(first["square"]) + float(first["absolute"])
    assert float(first["loss"]) == pytest.approx(total, rel=1e-4)
    assert outcome.best == pytest.approx(min(float(row["val_score"]) for row in rows), rel=1e-4)
    assert [p.step for p in seen] == list(range(1, 161))
    assert seen[-1].done == 1.0
    picture = cv2.imread(str(tmp_path / "errors.png"))
    assert picture is not None
    assert picture.shape == (540, 960, 3)
    assert not list(tmp_path.glob("*.part"))
    network = ToyTask().network
    network.load_state_dict(checkpoints.read_weights(tmp_path))
    task = ToyTask()
    with torch.no_grad():
        assert task.validate(network.eval())["score"] == pytest.approx(outcome.best)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_an_interrupted_run_ends_with_the_bits_of_an_uninterrupted_one(tmp_path, schedule):
    """Stopped by SIGTERM in the middle of an epoch, twice; dropout, norms and an average inside."""
    settings = replace(SETTINGS, schedule=schedule, warmup=5, optimiser="adamw", decay=0.1)

    def task():
        return ToyTask(dropout=0.3, norm=True)

    run(task(), settings, tmp_path / "whole")
    at = [11, 30]

    def interrupt(progress):
        if progress.step in at:
            os.kill(os.getpid(), signal.SIGTERM)

    outcomes = [run(task(), settings, tmp_path / "parts", watch=interrupt) for _ in range(3)]
    assert [o.signal for o in outcomes] == [signal.SIGTERM, signal.SIGTERM, 0]
    assert [o.step for o in outcomes] == [12, 31, 48]
    for name in (checkpoints.LAST, checkpoints.BEST):
        whole, parts = (
            checkpoints.read_state(tmp_path / folder / name) for folder in ("whole", "parts")
        )
        assert same(whole, parts) == []
    kept = ("step", "epoch", "rate", "loss", "square", "val_score")
    logs = [[[r[k] for k in kept] for r in log_of(tmp_path / f)] for f in ("whole", "parts")]
    assert logs[0] == logs[1]


def test_a_finished_run_is_left_alone(tmp_path):
    run(ToyTask(), SETTINGS, tmp_path)
    before = checkpoints.read_state(tmp_path / checkpoints.LAST)
    task = ToyTask()
    assert run(task, SETTINGS, tmp_path).finished
    assert task.drawn == []
    assert same(before, checkpoints.read_state(tmp_path / checkpoints.LAST)) == []


def test_a_longer_recipe_goes_on_where_the_shorter_ended(tmp_path):
    run(ToyTask(), SETTINGS, tmp_path / "a")
    run(ToyTask(), replace(SETTINGS, epochs=9), tmp_path / "a")
    run(ToyTask(), replace(SETTINGS, epochs=9), tmp_path / "b")
    states = [checkpoints.read_state(tmp_path / f / checkpoints.LAST) for f in "ab"]
    assert same(*states) == []


def test_signals_do_what_they_did_before_once_the_run_is_over(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    run(ToyTask(), SETTINGS, tmp_path)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_interrupts_at_once(tmp_path):
    def twice(progress):
        os.kill(os.getpid(), signal.SIGINT)

    class Slow(ToyTask):
        def losses(self, network, batch):
            twice(None)
            return super().losses(network, batch)

    with pytest.raises(KeyboardInterrupt):
        run(Slow(), SETTINGS, tmp_path, watch=twice)


def test_a_time_limit_saves_and_stops(tmp_path):
    outcome = run(ToyTask(), SETTINGS, tmp_path, stop_after=0.0)
    assert not outcome.finished
    assert outcome.step == 1
    assert checkpoints.read_state(tmp_path / checkpoints.LAST)["step"] == 1


def test_minutes_end_a_run_by_its_clock_over_all_resumptions(tmp_path):
    settings = replace(SETTINGS, minutes=0.01, schedule="cosine")
    first = run(ToyTask(), settings, tmp_path, stop_after=0.003)
    assert not first.finished
    outcome = run(ToyTask(), settings, tmp_path)
    assert outcome.finished
    state = checkpoints.read_state(tmp_path / checkpoints.LAST)
    assert 0.01 <= state["minutes"] < 0.02
    assert state["optimiser"]["param_groups"][0]["lr"] < 0.1 * SETTINGS.rate


def test_a_nan_stops_before_it_reaches_the_weights_and_the_batch_is_kept(tmp_path):
    with pytest.raises(NotFiniteError, match=r"step 13: a loss is not finite: square nan") as error:
        run(ToyTask(bad_step=13), SETTINGS, tmp_path)
    assert "bad_batch.npz" in str(error.value)
    with np.load(tmp_path / "bad_batch.npz") as kept:
        assert kept["step"] == 13
        assert np.isnan(kept["batch.y"]).sum() == 1
        assert kept["batch.x"] == pytest.approx(ToyTask().draw(3, 13, 8)["x"])
    state = checkpoints.read_state(tmp_path / checkpoints.LAST)
    assert all(torch.isfinite(v).all() for v in state["network"].values())


def test_a_gradient_that_is_not_finite_stops_it_too(tmp_path):
    class Root(ToyTask):
        def losses(self, network, batch):
            return {"root": (network(torch.from_numpy(batch["x"])) * 0).sum().sqrt()}

    with pytest.raises(NotFiniteError, match="norm of the gradient nan"):
        run(Root(), SETTINGS, tmp_path)


def test_the_average_follows_the_weights_by_its_formula(tmp_path):
    """Average of one weight by hand over three steps; keep = min(0.9, t / (t + 19))."""
    weights, network = [], ToyTask().network
    expected = network[0].weight.detach().clone()
    for steps in (1, 2, 3):
        run(ToyTask(), replace(SETTINGS, steps=steps), tmp_path)
        state = checkpoints.read_state(tmp_path / checkpoints.LAST)
        weights.append(state["network"]["0.weight"])
        keep = steps / (steps + 19)
        expected = keep * expected + (1 - keep) * weights[-1]
    assert state["average"]["0.weight"] == pytest.approx(expected, abs=1e-6)
    assert not torch.allclose(weights[0], weights[-1])


def test_clipping_bounds_the_step(tmp_path):
    """SGD without momentum: the step is rate times the clipped gradient."""
    settings = replace(SETTINGS, optimiser="sgd", momentum=0.0, rate=1.0, steps=1, average=0.0)
    moved = []
    for clip in (0.01, 0.0):
        run(ToyTask(), replace(settings, clip=clip), tmp_path / f"{clip}")
        state = checkpoints.read_state(tmp_path / f"{clip}" / checkpoints.LAST)["network"]
        start = ToyTask().network.state_dict()
        moved.append(math.sqrt(sum(float(((state[k] - start[k]) ** 2).sum()) for k in start)))
    assert moved[0] == pytest.approx(0.01, rel=1e-3)
    assert moved[1] > 0.1


def test_decay_shrinks_matrices_and_not_biases(tmp_path):
    class Still(ToyTask):
        def losses(self, network, batch):
            return {"nothing": 0 * network(torch.from_numpy(batch["x"])).sum()}

    settings = replace(SETTINGS, optimiser="sgd", momentum=0.0, rate=0.1, decay=0.5, steps=1)
    run(Still(), settings, tmp_path)
    state = checkpoints.read_state(tmp_path / checkpoints.LAST)["network"]
    start = ToyTask().network.state_dict()
    assert state["0.weight"] == pytest.approx(start["0.weight"] * 0.95)
    assert state["0.bias"] == pytest.approx(start["0.bias"])


def test_bfloat16_runs_the_network_and_keeps_outputs_and_weights_in_float32(tmp_path):
    kinds = []

    class Watching(ToyTask):
        def losses(self, network, batch):
            out = network(torch.from_numpy(batch["x"]))
            kinds.append(out.dtype)
            return super().losses(network, batch)

    run(Watching(), replace(SETTINGS, precision="bfloat16", steps=3), tmp_path / "half")
    run(ToyTask(), replace(SETTINGS, steps=3), tmp_path / "whole")
    half, whole = (
        checkpoints.read_state(tmp_path / f / checkpoints.LAST)["network"]["0.weight"]
        for f in ("half", "whole")
    )
    assert set(kinds) == {torch.float32}
    assert half.dtype == torch.float32
    assert not torch.equal(half, whole)
    assert half == pytest.approx(whole, abs=0.05)


def test_a_start_from_weights_and_from_a_run(tmp_path):
    run(ToyTask(), SETTINGS, tmp_path / "first")
    weights = checkpoints.read_weights(tmp_path / "first")
    write_start(tmp_path / "w.npz", weights)
    state = checkpoints.read_state(tmp_path / "first" / checkpoints.BEST)
    checkpoints.write_state(tmp_path / "kept.pt", {"network": state["weights"], "average": None})
    starts = {"first": 1e-7, "w.npz": 2e-3, "kept.pt": 1e-7}
    for name, tolerance in starts.items():
        init, folder = tmp_path / name, tmp_path / f"next-{name}"
        run(ToyTask(), replace(SETTINGS, steps=1, rate=1e-12), folder, init=init)
        state = checkpoints.read_state(folder / checkpoints.LAST)
        assert state["network"]["0.weight"] == pytest.approx(weights["0.weight"], abs=tolerance)
        assert state["average"]["3.weight"] == pytest.approx(weights["3.weight"], abs=tolerance)


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    run(ToyTask(), SETTINGS, tmp_path / "a")
    with pytest.raises(ModelError, match=r"weights of another network: 3.bias is \(1,\) there"):
        run(ToyTask(norm=True), SETTINGS, tmp_path / "b", init=tmp_path / "a")
    with pytest.raises(InputError, match=r"neither weights \(.npz, .pt\) nor the folder of a run"):
        run(ToyTask(), SETTINGS, tmp_path / "c", init=tmp_path / "nothing")


class Headed(torch.nn.Module):
    """A trunk and a linear head with `points` outputs."""

    def __init__(self, points: int, width: int = 8) -> None:
        super().__init__()
        self.trunk = torch.nn.Linear(4, width)
        self.heads = torch.nn.ModuleDict({"points": torch.nn.Linear(width, points)})


def test_a_network_for_other_points_takes_the_trunk_and_keeps_its_own_head():
    first, second = Headed(6), Headed(10)
    head = second.heads["points"].weight.detach().clone()
    fresh = checkpoints.begin_with(second, first.state_dict(), "first.npz")
    assert fresh == ["heads.points.weight", "heads.points.bias"]
    assert torch.equal(second.trunk.weight, first.trunk.weight)
    assert torch.equal(second.heads["points"].weight, head)
    third = Headed(6)
    assert checkpoints.begin_with(third, first.state_dict(), "first.npz") == []
    assert torch.equal(third.heads["points"].weight, first.heads["points"].weight)
    with pytest.raises(ModelError, match=r"first.npz: weights of another network: trunk.bias"):
        checkpoints.begin_with(Headed(6, width=9), first.state_dict(), "first.npz")


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / checkpoints.LAST).write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match=r"last\.pt: cannot be read as a checkpoint"):
        run(ToyTask(), SETTINGS, tmp_path)


def test_checkpoints_hold_no_code(tmp_path):
    """A pickle that would run something is refused, not run."""

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"x": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError):
        checkpoints.read_state(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("schedule", "step", "done", "expected"),
    [
        ({"schedule": "constant"}, 500, 0.9, 1.0),
        ({"schedule": "constant", "warmup": 10}, 4, 0.0, 0.5),
        ({"schedule": "cosine"}, 0, 0.0, 1.0),
        ({"schedule": "cosine"}, 0, 0.5, 0.5),
        ({"schedule": "cosine", "floor": 0.1}, 0, 1.0, 0.1),
        ({"schedule": "cosine", "floor": 0.1}, 0, 0.5, 0.55),
        ({"schedule": "cosine", "warmup": 4}, 1, 1 / 3, 0.5 * 0.75),
        ({"schedule": "step", "drops": (0.5, 0.75)}, 0, 0.49, 1.0),
        ({"schedule": "step", "drops": (0.5, 0.75)}, 0, 0.5, 0.1),
        ({"schedule": "step", "drops": (0.5, 0.75), "drop": 0.2}, 0, 0.8, 0.04),
    ],
)
def test_rates_of_the_schedules_by_hand(schedule, step, done, expected):
    assert learning_rate(TrainSettings(rate=1.0, **schedule), step, done) == pytest.approx(expected)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 5, "minutes": 1.0},
        {"rate": 0.0},
        {"batch": 0},
        {"average": 1.0},
        {"clip": -1.0},
        {"drops": (0.9, 0.1)},
        {"epochs": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        TrainSettings(**wrong)


def test_the_defaults_are_the_founding_recipe():
    s = TrainSettings()
    assert (s.optimiser, s.rate, s.batch, s.epochs) == ("adam", 1e-3, 32, 100)


@pytest.mark.skipif(torch.cuda.is_available(), reason="tells of a machine without a GPU")
def test_what_needs_a_gpu_says_so(tmp_path):
    with pytest.raises(InputError, match="sees no GPU"):
        run(ToyTask(), replace(SETTINGS, device="cuda"), tmp_path)
    with pytest.raises(InputError, match="float16 needs a GPU"):
        run(ToyTask(), replace(SETTINGS, precision="float16"), tmp_path)
