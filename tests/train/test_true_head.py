"""Parameters and vertices of heads whose true ones are known: told, learned, exported."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from true_faces import true_sample

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.data.packing import PackSettings, pack
from bauta.engine.session import Session
from bauta.geometry.rotation import from_angles
from bauta.regress.landmarks import LandmarkRegressor
from bauta.train.config import read_recipe, write_recipe
from bauta.train.export.run import export_run
from bauta.train.loop import run
from bauta.train.losses.parameters import parameter_loss
from bauta.train.networks.heads import Site
from bauta.train.networks.heads.morphable import Morphable
from bauta.train.objective import LossSettings, Objective
from bauta.train.tasks import make_task
from bauta.train.tasks.landmarks import LandmarksTask
from bauta.train.true_head import MODES, TrueHead, true_attributes

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
TINY = (
    "network.size=32",
    "network.trunk.stem=8",
    "network.trunk.widths=[8, 16]",
    "network.trunk.depths=[1, 1]",
    "network.code.neck=8",
    "network.code.numbers=32",
    "train.batch=8",
    "train.precision='float32'",
    "train.warmup=0",
    "train.threads=1",
)
SCHEMES = ("mesh478", "ibug68-3d")


def head(identity: int = 40) -> Morphable:
    torch.manual_seed(0)
    site = Site(64, channels=4, side=16, stacks=1, code=5, schemes=SCHEMES)
    return Morphable(site, identity=identity, every=True)


def parameters_of(poses: np.ndarray, modes: int):
    """(B, 9 + modes + E) of random heads in given poses (B, 3)."""
    rng = np.random.default_rng(5)
    six = np.stack([from_angles(*pose)[:, :2].T.ravel() for pose in poses])
    rest = [rng.normal(size=(len(poses), 1)) * 0.1, rng.normal(size=(len(poses), 2)) * 0.05]
    rest += [rng.normal(size=(len(poses), modes)), rng.uniform(0, 1, (len(poses), 51))]
    return torch.from_numpy(np.concatenate([six, *rest], 1)).float()


def batch_of(parameters, said: dict, poses: np.ndarray) -> Batch:
    """What a pack would say of these heads; modes that `parameters` lack are 0."""
    modes = parameters.shape[1] - 9 - 51
    values = parameters[:, 9:].numpy()
    values = np.concatenate(
        [values[:, :modes], np.zeros((len(values), MODES - modes)), values[:, modes:]], 1
    ).astype(np.float32)
    points = {name: said[name].detach().numpy() for name in SCHEMES}
    return Batch(
        np.zeros((len(values), 8, 8, 3), np.uint8),
        points,
        {name: np.ones(p.shape[:2], np.float32) for name, p in points.items()},
        pose=poses.astype(np.float32),
        attributes=dict(zip(true_attributes(), values.T, strict=True)),
    )


POSES = np.array([[0.0, 0, 0], [35, -10, 20], [-60, 15, -5]])


def test_a_parameter_counts_by_how_far_it_moves_the_vertices():
    """Differences 1 and 2 move by 3 and 2: weights 1 and 2/3; spreads 1 and 2. 1 + 2/3."""
    said = torch.tensor([[1.0, 2.0]], requires_grad=True)
    reach, spread = torch.tensor([[3.0, 1.0]]), torch.tensor([1.0, 2.0])
    loss = parameter_loss(said, torch.zeros(1, 2), reach, spread)
    assert loss.tolist() == pytest.approx([1 + 2 / 3])
    loss.sum().backward()
    assert said.grad is not None
    assert said.grad[0].tolist() == pytest.approx([2.0, 2 / 3]), "weights carry no gradient"
    assert parameter_loss(torch.zeros(1, 2), torch.zeros(1, 2), reach, spread).tolist() == [0.0]


def test_the_truth_is_what_the_head_would_have_to_say():
    ours = head(MODES)
    parameters = parameters_of(POSES, MODES)
    said = ours.posed(parameters)
    truth = TrueHead(ours)(batch_of(parameters, said, POSES))
    assert truth.known.tolist() == [1, 1, 1]
    assert truth.parameters == pytest.approx(parameters, abs=1e-3)
    assert truth.vertices == pytest.approx(said["vertices"], abs=0.01)


def test_a_head_of_fewer_modes_is_told_those_and_the_vertices_of_all():
    ours, whole = head(7), head(MODES)
    parameters = parameters_of(POSES, MODES)
    said = whole.posed(parameters)
    truth = TrueHead(ours)(batch_of(parameters, said, POSES))
    expected = torch.cat([parameters[:, : 9 + 7], parameters[:, 9 + MODES :]], 1)
    assert truth.parameters == pytest.approx(expected, abs=1e-3)
    assert truth.vertices == pytest.approx(said["vertices"], abs=0.01)


@pytest.mark.parametrize("column", [0, 1, 6, 7, 9, 20, 49 + 3])
def test_the_reach_of_a_parameter_is_how_far_the_vertices_go(column):
    ours, step = head(), 1e-3
    parameters = parameters_of(POSES, 40)
    truth = TrueHead(ours)(batch_of(parameters, ours.posed(parameters), POSES))
    R = parameters[:, :6].unflatten(1, (2, 3)).transpose(1, 2)
    R = torch.cat([R, torch.linalg.cross(R[..., 0], R[..., 1])[..., None]], 2)
    before = ours.posed(parameters)["vertices"]
    if column < 6:  # one number of the matrix, without making it orthonormal again
        _, origin = ours.camera(parameters)
        turned = R.clone()
        turned[:, column % 3, column // 3] += step
        shape = (before - torch.nn.functional.pad(origin, (0, 1))[:, None]) @ R
        after = shape @ turned.transpose(1, 2) + torch.nn.functional.pad(origin, (0, 1))[:, None]
    else:
        parameters[:, column] += step
        after = ours.posed(parameters)["vertices"]
    moved = (after - before).square().sum(-1).mean(1).sqrt() / step
    assert truth.reach[:, column] == pytest.approx(moved, rel=0.01)


def test_the_loss_is_zero_at_the_truth_and_silent_where_it_is_unknown():
    ours = head(MODES)
    parameters = parameters_of(POSES, MODES)
    said = ours.posed(parameters)
    batch = batch_of(parameters, said, POSES)
    settings = LossSettings(points="", parameters=2.0, vertices=3.0)
    objective = Objective(settings, SCHEMES, 64, TrueHead(ours))
    terms = objective(said, batch)
    assert terms["parameters"].item() == pytest.approx(0.0, abs=1e-4)
    assert terms["vertices"].item() == pytest.approx(3 * 0.1, rel=0.01), "the distance is smooth"
    off = said | {"vertices": said["vertices"] + torch.tensor([0.64, 0, 0])}
    assert objective(off, batch)["vertices"].item() == pytest.approx(3 * np.hypot(1, 0.1), rel=0.01)
    unknown = {name: np.full(3, np.nan, np.float32) for name in true_attributes()}
    nothing = objective(off, replace(batch, attributes=batch.attributes | unknown))
    assert nothing["parameters"].item() == nothing["vertices"].item() == 0.0


def test_what_would_teach_nothing_or_the_wrong_side_is_refused(tmp_path):
    def task(name, *changes):
        return make_task(read_recipe(RECIPES / f"{name}.toml", changes), (tmp_path,))

    with pytest.raises(InputError, match=r"flip = 0\.0"):
        task("parameters", "augment.geometry.flip=0.5")
    with pytest.raises(InputError, match="vertices: give it a weight"):
        task("vertices", "loss.vertices=0.0")
    with pytest.raises(InputError, match="parameters needs the head"):
        task("own", "loss.parameters=1.0", "augment.geometry.flip=0.0")
    with pytest.raises(InputError, match="experts see mirror images"):
        task("expert-front", "loss.parameters=1.0", "network.heads={morphable={}}",
             "augment.geometry.flip=0.0", "network.schemes=['ibug68-3d']")  # fmt: skip
    ours = head()
    ours.shipped = False
    with pytest.raises(InputError, match="leave `file` out"):
        TrueHead(ours)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("true")
    pack((true_sample(i) for i in range(40)), folder, "synth-free", PackSettings(side=64, shard=64))
    return folder


def test_a_pack_says_the_same_as_its_pictures_show(faces):
    """Turned, shifted and scaled crops: pose and labels moved, the truth lies on the labels."""
    recipe = read_recipe(RECIPES / "parameters.toml", TINY)
    task, _ = make_task(recipe, (faces,))
    assert isinstance(task, LandmarksTask)
    batch = next(iter(task.batches(0, range(1), 16)))
    truth = TrueHead(next(m for m in task.network.modules() if isinstance(m, Morphable)))(batch)
    assert truth.known.tolist() == [1] * 16
    points = face_model().embeddings["ibug68-3d"]
    for vertices, target in zip(truth.vertices, batch.points["ibug68-3d"], strict=True):
        found = points.of(vertices.numpy(), face_model().triangles)
        assert found[:, :2] == pytest.approx(target[:, :2], abs=0.15)
        depth = found[:, 2] - found[:, 2].mean()
        assert depth == pytest.approx(target[:, 2] - target[:, 2].mean(), abs=0.15)


@pytest.mark.parametrize("name", ["parameters", "vertices"])
def test_a_few_steps_teach_the_whole_head_and_the_file_gives_it(faces, tmp_path, name):
    recipe = read_recipe(RECIPES / f"{name}.toml", (*TINY, "train.steps=12", "train.rate=3e-3"))
    task, settings = make_task(recipe, (faces,))
    batch = next(iter(task.batches(0, range(1), 16)))
    before = task.losses(task.network, batch)
    before[name].backward()
    linear = task.network.heads[next(iter(recipe.table["network"]["heads"]))].linear
    assert linear.bias.grad is not None
    assert (linear.bias.grad != 0).float().mean() > 0.99, "of all parameters, of all vertices"
    task.network.zero_grad()
    folder = tmp_path / "run"
    run(task, settings.train, folder)
    assert task.losses(task.network, batch)[name].item() < 0.9 * before[name].item()
    write_recipe(folder / "recipe.toml", recipe.task, settings)
    session = Session(export_run(folder, tmp_path / "my.onnx").path.read_bytes())
    said = session.run({"crop": batch.images[:2]})
    assert session.metadata["face_model"] == "bauta"
    if name == "vertices":
        assert said["vertices"].shape == (2, 2309, 3)
        found = face_model().points("ibug68-3d", said["vertices"][0])
    else:
        assert session.metadata["expression_names"].split(",") == list(
            face_model().expression_names
        )
        assert said["expression"].shape == (2, 51)
        card = json.loads((tmp_path / "my.json").read_text(encoding="utf-8"))
        assert card["outputs"]["scale"].startswith("(batch,) pixels of the crop a unit")
        vertices = face_model().vertices(said["identity"][0])
        vertices += np.tensordot(said["expression"][0], face_model().expression, 1)
        placed = said["scale"][0] * vertices @ from_angles(*said["pose"][0]).T
        found = face_model().points("ibug68-3d", placed + np.array([*said["origin"][0], 0]))
    assert found[:, :2] == pytest.approx(said["ibug68_3d"][0, :, :2], abs=0.05)
    assert LandmarkRegressor(session).schemes == {"ibug68_3d": "ibug68-3d"}


def test_packs_that_do_not_say_the_truth_are_refused(tmp_path):
    few = {"expression/jawOpen": 0.5}
    samples = (replace(true_sample(i), attributes=few) for i in range(3))
    pack(samples, tmp_path / "few", "made", PackSettings(side=64, shard=64))
    with pytest.raises(InputError, match="do not say both expression and identity"):
        make_task(read_recipe(RECIPES / "parameters.toml", TINY), (tmp_path / "few",))


def test_rendered_heads_say_their_true_identity():
    """Weak perspective, identity, expression and pose explain the labels to 2.5 % of the face; the
    mean person in the same pose and with the same weights explains them less well."""
    pytest.importorskip("numba")
    from bauta.synth.rendered.head import small_head
    from bauta.synth.rendered.series import Stills

    make, face = Stills("free", small_head(), None), face_model()
    names, errors = true_attributes(), {"own": [], "mean": []}
    for index in range(0, 24, 4):
        sample = make(index, 7)
        assert sample.pose is not None
        values = np.array([float(sample.attributes[name]) for name in names])
        for who, identity in (("own", values[:MODES]), ("mean", None)):
            points = face.points("mesh478", face.vertices(identity, values[MODES:]))
            seen = (points @ from_angles(*sample.pose).T)[:, :2]
            x, y = seen - seen.mean(0), sample.points[:, :2] - sample.points[:, :2].mean(0)
            scale = (x * y).sum() / (x * x).sum()
            side = (sample.points.max(0) - sample.points.min(0))[:2].max()
            errors[who].append(np.linalg.norm(y - scale * x, axis=1).mean() / side)
    assert max(errors["own"]) < 0.025
    assert np.mean(errors["own"]) < 0.75 * np.mean(errors["mean"])
