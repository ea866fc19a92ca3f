"""Every recipe of a technique learns two steps on made-up faces, and shows what it says it does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from typer.testing import CliRunner

import bauta.demo
from bauta.assets.golden import read_golden
from bauta.checks import InputError, SourceError
from bauta.cli.app import app
from bauta.crop import roi_of_mesh
from bauta.data.packing import PackSettings, pack
from bauta.data.packs import read_pack
from bauta.data.sample import Labels
from bauta.engine.session import Session
from bauta.regress.two_stage import FIVE, canonical_five, five_points
from bauta.train import checkpoints
from bauta.train.config import Recipe, read_recipe, write_recipe
from bauta.train.export.experts import read_part_experts, read_yaw_experts
from bauta.train.export.landmarks import export_landmarks, output_of
from bauta.train.loop import run
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.tasks import make_task, resolve
from bauta.train.tasks.registration import finetune
from bauta.train.tasks.two_stage import five_of_pack, framed_by_five
from made_faces import points_of, sample

ROOT = Path(__file__).resolve().parents[2]
CLIP = Path(bauta.demo.__file__).parent / "clip.mp4"
YAWS = (-75, -45, -10, 5, 40, 70)
SCHEMES = ("ibug68", "ibug68-3d", "mesh478")
TINY = (
    "data.map68=false",
    "data.sets={}",
    "data.balance='none'",
    "train.steps=2",
    "train.batch=8",
    "train.precision='float32'",
    "train.average=0.5",
)
SMALL = (
    "network.trunk.stem=16",
    "network.trunk.widths=[16, 16, 16]",
    "network.trunk.depths=[1, 1, 1]",
)
HOURGLASS = ("network.trunk.channels=8", "network.trunk.stacks=1", "network.size=64")


def face(index: int, yaw: float):
    """A face from that side, labelled in three schemes."""
    center = (150.0 + 3 * (index % 7), 115.0 + 2 * (index % 5))
    labels = []
    for scheme in SCHEMES:
        points = points_of(scheme, (yaw, 0, 0), center=center)
        labels.append(Labels(points[:, :2] if scheme == "ibug68" else points, scheme))
    return sample(index, (yaw, 0, 0), labels=tuple(labels))


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    made = [face(i, YAWS[i % len(YAWS)]) for i in range(60)]
    pack(made, folder, "made", PackSettings(side=160, quality=90, shard=64))
    return folder


def read(name: str, *changes: str) -> Recipe:
    return read_recipe(ROOT / "recipes" / f"{name}.toml", (*TINY, *changes))


def learn(recipe: Recipe, faces: Path, folder: Path) -> tuple[Any, dict[str, str]]:
    """Two steps in `folder`; the task and the row of the log that they leave."""
    torch.set_num_threads(1)
    task, settings = make_task(recipe, (faces,))
    outcome = run(task, settings.train, folder)
    assert outcome.finished
    assert outcome.step == 2
    write_recipe(folder / "recipe.toml", recipe.task, settings)
    head, *rows = (folder / "log.csv").read_text().splitlines()
    row = dict(zip(head.split(","), rows[-1].split(","), strict=True))
    assert np.isfinite(float(row["loss"]))
    return task, row


def drawn(task, count: int = 8):
    return next(iter(task.batches(0, range(1), count)))


# ---- two stages


def test_the_first_stage_learns_five_points_from_any_scheme(faces, tmp_path):
    task, row = learn(read("two-stage-1", *SMALL), faces, tmp_path)
    assert "celeba5" in row
    batch = drawn(task, 32)
    assert batch.images.shape == (32, 64, 64, 3)
    known = batch.weights[FIVE].min(1) > 0
    five = batch.points[FIVE][known]
    across = five[:, 1] - five[:, 0]
    down = (five[:, 3] + five[:, 4]) / 2 - (five[:, 0] + five[:, 1]) / 2
    turn = np.degrees(np.arctan2(-down[:, 0], down[:, 1]))
    assert np.abs(turn).max() > 55  # beyond 40 degrees
    # right and left never change sides, however the picture is turned or mirrored
    wide = np.linalg.norm(across, axis=1) > 5
    assert (across[wide, 0] * down[wide, 1] - across[wide, 1] * down[wide, 0] > 0).all()


def test_the_second_stage_sees_the_five_points_where_the_canonical_ones_lie(faces, tmp_path):
    recipe = read(
        "two-stage-2", *SMALL, "augment.geometry.rotation=0", "augment.geometry.shift=0",
        "augment.geometry.scale=0", "data.packs=[]",
    )  # fmt: skip
    task, _ = learn(recipe, faces, tmp_path)
    batch = drawn(task, 32)
    assert batch.images.shape == (32, 112, 112, 3)
    five = five_points(batch.points["ibug68"], "ibug68")
    frontal = np.abs(batch.pose[:, 0]) < 20
    assert frontal.any()
    off = np.linalg.norm(five[frontal] - canonical_five() * 112, axis=-1)
    assert off.max() < 4  # pixels: the eyes of the 68 and of the mesh differ a little


def test_frames_by_five_points_are_those_of_the_mesh_seen_from_in_front(faces):
    rows = read_pack(faces)
    framed = framed_by_five(rows, five_of_pack(rows))
    yaws = [YAWS[int(name.split(".")[0]) % len(YAWS)] for name in rows.name]
    row = int(np.argmin(np.abs(yaws)))
    roi = roi_of_mesh(rows.labels("mesh478").points[row])
    assert framed.frame[row, :2] == pytest.approx(roi.center, abs=4)
    assert framed.frame[row, 2] == pytest.approx(roi.side, rel=0.08)


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("two-stage-1", "network.schemes=['ibug68']", "celeba5"),
        ("two-stage-2", "augment.geometry.upright=false", "upright"),
        ("part-eye", "network.schemes=['ibug68', 'mesh478']", "exactly one"),
        ("part-eye", "part.name='nose'", "mouth"),
        ("expert-half", "yaw.low=70", "rise"),
        ("short-clips", "clips.frames=0", "frames"),
    ],
)
def test_contradictions_are_refused(name, change, match):
    with pytest.raises(InputError, match=match):
        resolve(read(name, change))


# ---- distillation


def test_an_hourglass_teaches_a_slimmer_one(faces, tmp_path):
    learn(read("hourglass", *HOURGLASS), faces, tmp_path / "teacher")
    folder = (tmp_path / "teacher").as_posix()
    recipe = read(
        "distill-hourglass", *HOURGLASS, "network.trunk.channels=4",
        f"teacher.recipe='{folder}/recipe.toml'", f"teacher.weights='{folder}'",
    )  # fmt: skip
    task, row = learn(recipe, faces, tmp_path / "student")
    assert {"ibug68_heat", "teacher_heat", "features"} <= set(row)
    assert not any(p.requires_grad for p in task.teacher.teacher.parameters())
    student = LandmarkNetwork(task.recipe.network)
    checkpoints.load_weights(student, checkpoints.read_weights(tmp_path / "student"), "here")
    again = make_task(recipe, (faces,))[0]
    changed = read_recipe(tmp_path / "student" / "recipe.toml", ("train.steps=3",))
    outcome = run(again, resolve(changed).train, tmp_path / "student")
    assert outcome.step == 3  # a run with adapters goes on


def test_a_student_of_another_size_is_refused(faces, tmp_path):
    learn(read("hourglass", *HOURGLASS), faces, tmp_path)
    where = f"teacher.recipe='{tmp_path.as_posix()}/recipe.toml'"
    weights = f"teacher.weights='{tmp_path.as_posix()}'"
    with pytest.raises(InputError, match="size 32 must be the teacher's, 64"):
        make_task(
            read("distill-hourglass", *HOURGLASS, "network.size=32", where, weights), (faces,)
        )


def test_a_small_regressor_imitates_the_one_that_ships(faces, tmp_path):
    changes = ("teacher.recipe='{0}/recipes/base.toml'", "teacher.weights='{0}/weights/base.npz'")
    recipe = read("distill-regressor", *SMALL, *(c.format(ROOT.as_posix()) for c in changes))
    task, row = learn(recipe, faces, tmp_path)
    assert {"mesh478", "ibug68_doubt", "presence", "val_score"} <= set(row)
    batch = drawn(task)
    assert batch.images.shape[1] == 112
    x, taught = task._taught(batch.images, torch.device("cpu"))
    assert x.shape == (8, 3, 72, 72)
    large = task.teacher(torch.from_numpy(batch.images).permute(0, 3, 1, 2) / 127.5 - 1)
    assert taught["ibug68"].numpy() == pytest.approx(large["ibug68"].numpy() * 72 / 112, abs=1e-3)


# ---- steadiness


def test_short_clips_are_clips(faces, tmp_path):
    task, row = learn(read("short-clips", *SMALL, "clips.frames=4"), faces, tmp_path)
    assert float(row["steadiness"]) > 0
    batch = drawn(task, 9)
    assert len(batch.images) == 8  # two clips of four
    assert batch.rows[0] == batch.rows[3]
    steps = np.linalg.norm(np.diff(batch.points["ibug68"][:4, 30], axis=0), axis=-1)
    assert (steps < 12).all()
    assert steps.max() > 0
    with pytest.raises(InputError, match="less than one clip of 4"):
        drawn(task, 3)


def test_processes_share_the_clips_of_a_step(faces):
    task, _ = make_task(read("short-clips", *SMALL, "clips.frames=2"), (faces,))
    whole = next(iter(task.batches(0, range(1), 8)))
    second = next(iter(task.batches(0, range(1), 8, 1, 2)))
    assert np.array_equal(second.images, whole.images[[2, 3, 6, 7]])


def test_a_video_is_learned_from_beside_the_labels(faces, tmp_path):
    changes = (*SMALL, "video.batch=2", "video.clips=3", "video.follow='nano'", "data.absent=0.0")
    recipe = finetune(read("registration", *changes), [CLIP])
    task, row = learn(recipe, faces, tmp_path)
    assert "registration" in row
    batch = drawn(task)
    assert batch.clips.shape == (2, 3, 112, 112, 3)
    assert len(batch.labelled.images) == 8


def test_registration_pulls_points_along_with_the_pixels(faces):
    """A network that says the same for every frame pays on a picture that moves, not on a still."""
    changes = (*SMALL, "gate.doubt=1e9")
    task: Any = make_task(finetune(read("registration", *changes), [CLIP]), (faces,))[0]
    rng = np.random.default_rng(0)
    soft = rng.integers(0, 255, (40, 40, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    still = np.stack([soft[10:122, 10:122]] * 3)[None]
    moving = np.stack([soft[10 : 10 + 112, 10 + i : 122 + i] for i in range(3)])[None]
    points = torch.full((1, 3, 478, 3), 30.0)
    points[..., :2] += torch.rand(478, 2, generator=torch.Generator().manual_seed(0)) * 50
    seen = {name: points[:, :, : 478 if name == "mesh478" else 68] for name in SCHEMES}
    step = 100 / 112
    assert task._registration(seen, still).item() < 0.02
    assert task._registration(seen, moving).item() == pytest.approx(step, rel=0.2)


def test_only_landmark_recipes_take_videos(tmp_path):
    with pytest.raises(InputError, match="'detector' learns from no video"):
        finetune(Recipe("detector", {}, "x.toml"), [CLIP])
    with pytest.raises(SourceError, match="no such video"):
        finetune(Recipe("landmarks", {}, "x.toml"), [tmp_path / "none.mp4"])
    tuned = finetune(Recipe("landmarks", {"train": {"steps": 3}}, "x.toml"), [CLIP])
    assert resolve(tuned).video.files == (CLIP,)
    assert resolve(tuned).train.steps == 3


def test_the_command_learns_from_a_video_by_a_recipe_of_landmarks(faces, tmp_path):
    changes = (*TINY, *SMALL, "network.size=64", "train.steps=1", "video.clips=2", "video.batch=1")
    options = [option for change in changes for option in ("--set", change)]
    arguments = ["train", str(ROOT / "recipes/own.toml"), "--out", str(tmp_path / "run")]
    arguments += ["--data", str(faces), "--finetune", str(CLIP), *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    kept = read_recipe(tmp_path / "run" / "recipe.toml")
    assert kept.task == "registration"
    assert kept.table["video"]["files"] == [CLIP.as_posix()]
    assert "registration" in (tmp_path / "run" / "log.csv").read_text()


def test_registration_without_a_video_is_refused(faces):
    with pytest.raises(InputError, match="--finetune"):
        make_task(read("registration", *SMALL), (faces,))


# ---- experts


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("expert-front", 0, 40), ("expert-half", 20, 70), ("expert-profile", 50, 100)],
)
def test_experts_see_their_range_from_one_side(faces, tmp_path, name, low, high):
    task, row = learn(read(name, *SMALL), faces, tmp_path)
    assert "ibug68-3d" in row
    batch = drawn(task, 24)
    yaw = batch.pose[:, 0]
    assert ((np.abs(yaw) >= low - 1) & (np.abs(yaw) <= high + 1)).all()
    if name == "expert-front":
        assert {-1, 1} == set(np.sign(yaw))
    else:
        assert (yaw > 0).all()
        # the nose tip (30) lies towards the subject's left, right in the picture, of the eyes
        points = batch.points["ibug68-3d"]
        R = np.radians(-batch.pose[:, 2])
        ahead = points[:, 30] - points[:, [36, 45]].mean(1)
        assert (ahead[:, 0] * np.cos(R) - ahead[:, 1] * np.sin(R) > 0).all()


def test_the_router_learns_the_pose(faces, tmp_path):
    _, row = learn(read("router", *SMALL), faces, tmp_path)
    assert float(row["pose"]) > 0


@pytest.mark.parametrize("name", ["part-eye", "part-mouth"])
def test_parts_fill_their_squares(faces, tmp_path, name):
    task, row = learn(read(name, *SMALL, "part.face=128", "data.shut_eyes=1.0"), faces, tmp_path)
    assert float(row["val_score"]) > 0
    batch = drawn(task, 16)
    own = batch.weights["ibug68"].max(0) > 0
    assert own.sum() == (11 if name == "part-eye" else 20)
    points = batch.points["ibug68"][:, own]
    assert batch.images.shape[1] == 64
    assert ((points > -8) & (points < 72)).mean() > 0.95
    extent = np.ptp(points, axis=1).max(1)
    assert np.median(extent) > 20


# ---- put together and exported


def exported_says_the_same(network, x: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the exported graph; they are the network's."""
    onnxruntime = pytest.importorskip("onnxruntime")
    data = export_landmarks(network, "together", storage="float32")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]
    found = dict(zip(names, session.run(None, {"crop": x}), strict=True))
    with torch.no_grad():
        out = network(torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1)
    scheme = network.config.schemes[0]
    points = out[scheme].numpy()
    assert found[output_of(scheme)][..., :2] == pytest.approx(points[..., :2], abs=2e-2)
    return found


def exported(out, *options: str) -> dict[str, Any]:
    """The card of what the command makes, its golden sample checked; or the error that it says."""
    done = CliRunner().invoke(app, ["export-model", "-o", str(out), *options])
    if done.exit_code:
        assert not out.exists()
        return {"error": f"{done.output} {done.exception}"}
    golden = read_golden(out)
    assert max(golden.differences(Session(out.read_bytes()).run).values()) <= golden.tolerance
    return json.loads(out.with_suffix(".json").read_text())


def test_yaw_experts_are_exported_as_one(faces, tmp_path):
    names = ["router", "expert-front", "expert-half", "expert-profile"]
    for name in names:
        learn(read(name, *SMALL), faces, tmp_path / name)
    router, *experts = (tmp_path / name for name in names)
    network = read_yaw_experts(router, experts)
    task, _ = make_task(read("router", *SMALL), (faces,))
    found = exported_says_the_same(network, drawn(task, 6).images)
    assert found[output_of("ibug68-3d")].shape == (6, 68, 3)
    told = [word for folder in experts for word in ("--expert", str(folder))]
    card = exported(tmp_path / "e.onnx", str(router), *told)
    assert [f"# {name}\n" in card["recipe"] for name in names] == [True] * 4
    refused = exported(tmp_path / "f.onnx", str(router), *told[:4])
    assert "2 edges make 3 ranges" in refused["error"]
    assert "is no router" in exported(tmp_path / "f.onnx", str(experts[0]), *told)["error"]


def test_part_experts_are_exported_as_one(faces, tmp_path):
    learn(read("two-stage-2", *SMALL), faces, tmp_path / "base")
    parts = {}
    for part in ("eye", "mouth"):
        parts[part] = tmp_path / part
        changes = ("part.face=128", "data.shut_eyes=1.0")
        learn(read(f"part-{part}", *SMALL, *changes), faces, parts[part])
    network = read_part_experts(tmp_path / "base", parts)
    task, _ = make_task(read("two-stage-2", *SMALL, "network.size=224"), (faces,))
    found = exported_says_the_same(network, drawn(task, 3).images)
    assert found["ibug68_sigma"].shape == (3, 68)
    told = [word for part in parts for word in ("--part", f"{part}={parts[part]}")]
    card = exported(tmp_path / "p.onnx", str(tmp_path / "base"), *told)
    assert card["name"] == "p"
    assert "PART=RUN" in exported(tmp_path / "q.onnx", str(tmp_path), "--part", "eye")["error"]
    nose = exported(tmp_path / "q.onnx", str(tmp_path), "--part", f"nose={tmp_path}")
    assert "eye, mouth" in nose["error"]
