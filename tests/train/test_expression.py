"""The head `expression`: ARKit's weights beside the points, with a left and a right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from true_faces import EXPRESSION, true_sample

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.data.packing import PackSettings, pack
from bauta.train.config import read_recipe
from bauta.train.dataset import other_side
from bauta.train.distributed import World
from bauta.train.learner import Learner, part_of
from bauta.train.loop import run
from bauta.train.tasks import make_task
from bauta.train.tasks.landmarks import LandmarksTask, to_tensor

NAMES = face_model().expression_names
RECIPES = Path(__file__).resolve().parents[2] / "recipes"
SMALL = (
    "network.size=32",
    "network.trunk.stem=16",
    "network.trunk.widths=[16]",
    "network.trunk.depths=[1]",
    "network.code.neck=8",
    "network.code.numbers=32",
    "network.heads.expression={}",
    "loss.expression=1.0",
    "network.schemes=['mesh478', 'ibug68-3d']",
    "loss.schemes={}",
    "data.sets={}",
    "data.absent=0.0",
)


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Path:
    """Twelve heads whose weights are known, eight of whom nothing is."""
    root = tmp_path_factory.mktemp("heads")
    known = (true_sample(index) for index in range(12))
    photographs = (replace(true_sample(index), attributes={}) for index in range(12, 20))
    pack(known, root / "made", "made", PackSettings(side=64, shard=64))
    pack(photographs, root / "own", "own", PackSettings(side=64, shard=64))
    return root


def task(heads: Path, *changes: str, packs: tuple[str, ...] = ("made", "own")) -> LandmarksTask:
    recipe = read_recipe(RECIPES / "base.toml", (*SMALL, *changes))
    made, _ = make_task(recipe, tuple(heads / name for name in packs))
    assert isinstance(made, LandmarksTask)
    return made


def test_every_shape_has_its_mirror_image():
    names = face_model().expression_names
    others = [other_side(f"expression/{name}").removeprefix("expression/") for name in names]
    assert sorted(others) == sorted(names)
    assert [names[k] for k in range(len(names)) if others[k] == names[k]] == [
        name for name in names if not name.endswith(("Left", "Right"))
    ]
    assert other_side("person") == "person"


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_a_mirrored_face_smiles_with_the_other_side(heads, flip):
    crops = task(heads, f"augment.geometry.flip={flip}").crops
    batch = crops.batch(0, 0, 32)
    known = np.isfinite(batch.attributes["expression/jawOpen"])
    assert 0 < known.sum() < 32
    for name in EXPRESSION:
        shown = other_side(f"expression/{name}") if flip else f"expression/{name}"
        packed = crops.pack.attribute(f"expression/{name}")[batch.rows]
        assert batch.attributes[shown][known] == pytest.approx(packed[known])
        assert packed[known].min() > 0


def test_only_faces_whose_weights_are_known_teach_them(heads):
    learns = task(heads)
    batch = learns.crops.batch(0, 0, 16)
    known = np.isfinite(batch.attributes["expression/jawOpen"])
    network = learns.network.train()
    learns.losses(network, batch)["expression"].backward()
    head = network.heads["expression"].logits
    assert float(head.weight.grad.abs().sum()) > 0
    nobody = replace(batch, attributes={name: np.full(16, np.nan) for name in batch.attributes})
    assert known.any()
    assert float(learns.losses(network, nobody)["expression"].detach()) == 0


def test_the_head_learns_who_opens_the_jaw(heads):
    learns = task(heads, "augment.occlusion.share=0.0", packs=("made",))
    batch = learns.crops.batch(0, 0, 12)
    optimiser = torch.optim.Adam(learns.network.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        loss = learns.losses(learns.network, batch)["expression"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_held_out_people_say_how_far_off_it_is(heads):
    learns = task(heads, packs=("made",))
    learns._held_out = [learns.crops.batch(0, 0, 12)]
    truth = np.stack([learns.crops.pack.attribute(f"expression/{name}") for name in NAMES], 1)
    rows = learns._held_out[0].rows

    class Half(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = learns.network.eval()
            self.code = next(self.network.parameters())

        def forward(self, x):
            return self.network(x) | {"expression": torch.zeros(len(x), len(NAMES))}

    with torch.no_grad():
        scores = learns.validate(Half())
    assert scores["expression"] == pytest.approx(100 * np.abs(0.5 - truth[rows]).mean(), rel=1e-4)
    parts = [scores[name] for name in ("mesh478", "ibug68-3d", "expression")]
    assert scores["score"] == pytest.approx(np.mean(parts))


def test_a_branch_looks_at_the_stages_and_can_learn_alone(heads):
    changes = (
        *("network.trunk.widths=[16, 16, 16]", "network.trunk.depths=[1, 1, 1]"),
        *("network.heads.expression={channels=8, numbers=4}", "train.only=heads.expression"),
        *("train.rate=1e-2", "train.precision=float32", "data.balance=none"),
    )
    learns = task(heads, *changes, packs=("made",))
    settings = learns.recipe.train
    learner = Learner(learns, settings, torch.device("cpu"), World())
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    batch, losses = learns.crops.batch(0, 0, 12), []
    for _ in range(30):
        losses.append(learner.learn(batch, settings.rate)[0]["expression"])
    assert losses[-1] < 0.8 * losses[0]
    after = learner.network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed
    assert all(name.startswith("heads.expression.") for name in changed)


def test_the_rest_of_the_network_comes_from_somewhere(heads, tmp_path):
    learns = task(heads, "train.only=heads.expression", packs=("made",))
    with pytest.raises(InputError, match="--init"):
        run(learns, learns.recipe.train, tmp_path / "run")


def test_experts_of_parts_say_no_expression(heads):
    """Their crops are larger than those that its names are written for."""
    pytest.importorskip("onnx", reason="needs the extra `train`")
    from bauta.train.export.landmarks import LandmarkExport

    class Wrapped(torch.nn.Module):
        def __init__(self, base):
            super().__init__()
            self.base, self.config, self.heads = base, base.config, torch.nn.ModuleDict()

        def forward(self, x):
            return self.base(x)

    network = task(heads).network.eval()
    assert "blendshapes" in LandmarkExport(network).names
    assert "blendshapes" not in LandmarkExport(Wrapped(network)).names


def test_only_a_part_that_there_is_learns(heads):
    network = task(heads).network
    network.heads["expression"].act = torch.nn.ReLU()
    with pytest.raises(InputError, match="can learn"):
        part_of(network, "heads.expression.act")
    with pytest.raises(InputError, match=r"only: the network has no part 'heads\.pose'"):
        part_of(task(heads).network, "heads.pose")


def test_packs_without_weights_are_refused(heads):
    with pytest.raises(InputError, match="expression/"):
        task(heads, packs=("own",))


def test_the_exported_file_says_it_by_name(heads):
    pytest.importorskip("onnx", reason="needs the extra `train`")
    from bauta.engine.session import Session
    from bauta.train.export.landmarks import export_landmarks

    network = task(heads).network.eval()
    session = Session(export_landmarks(network, "tiny", storage="float32"))
    assert session.metadata["blendshapes"].split(",") == list(face_model().expression_names)
    size = network.config.size
    crop = np.random.default_rng(0).integers(0, 255, (1, size, size, 3)).astype(np.uint8)
    with torch.no_grad():
        said = torch.sigmoid(network(to_tensor(crop, torch.device("cpu")))["expression"])
    assert session.run({"crop": crop})["blendshapes"] == pytest.approx(said.numpy(), abs=1e-4)


def test_a_file_leaves_out_a_head_that_was_told_nothing(heads):
    pytest.importorskip("onnx", reason="needs the extra `train`")
    from bauta.train.config import Recipe
    from bauta.train.export.landmarks import landmark_graph
    from bauta.train.export.run import untrained_heads

    told = {"loss": {"expression": 1.0, "presence": 1.0, "sigma": 1.0}, "data": {"absent": 0.1}}
    assert untrained_heads(Recipe("landmarks", told)) == []
    untold = told | {"loss": {"presence": 1.0, "sigma": 1.0}}
    assert untrained_heads(Recipe("landmarks", untold)) == ["expression"]
    graph = landmark_graph(task(heads).network, ["expression"]).graph
    assert "blendshapes" not in {output.name for output in graph.output}
    shapes = len(face_model().expression_names)
    assert not any(shapes in tensor.dims for tensor in graph.initializer)
