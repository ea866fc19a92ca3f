"""The file that is exported says what the network says, however it holds its weights."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="needs the extra `train`")

from tiny_runs import make, make_run

from bauta.assets.golden import read_golden
from bauta.assets.store import Card
from bauta.checks import InputError
from bauta.crop import Roi
from bauta.engine.session import Session
from bauta.regress.landmarks import LandmarkRegressor
from bauta.train import config
from bauta.train.export import STORAGES, export_landmarks, export_run, write_model
from bauta.train.export.compare import Difference, difference, points_of
from bauta.train.export.drawn import drawn_crops
from bauta.train.export.landmarks import landmark_graph
from bauta.train.export.run import export_network, untrained_heads
from bauta.train.export.storage import stored
from bauta.train.networks.network import CodeConfig

TOLERANCE = {"float32": 1e-3, "float16": 0.05, "weights8": 0.5, "int8": 2.0}
"""Pixels of a crop of 64."""


@pytest.mark.parametrize("storage", STORAGES)
def test_torch_and_onnx_agree_to_a_fraction_of_a_pixel(storage):
    network, crops = make(), drawn_crops(64, 12, seed=1)
    with torch.no_grad():
        expected = network(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1)
    data = export_landmarks(network, "toy", "1", storage, drawn_crops(64, 32))
    out, tolerance = Session(data).run({"crop": crops}), TOLERANCE[storage]
    assert out["ibug68"] == pytest.approx(expected["ibug68"].numpy(), abs=tolerance)
    mesh = expected["mesh478"].numpy()
    assert out["mesh"][..., :2] == pytest.approx(mesh[..., :2], abs=tolerance)
    z = mesh[..., 2] - mesh[..., 2].mean(1, keepdims=True)
    assert out["mesh"][..., 2] == pytest.approx(z, abs=tolerance)
    sigma = expected["mesh478_log_sigma"].exp().numpy() * 0.64
    assert out["mesh_sigma"] == pytest.approx(sigma, rel=0.05)
    presence = torch.sigmoid(expected["presence"]).numpy()
    assert out["presence"] == pytest.approx(presence, abs=0.02)


def test_fewer_bits_are_smaller_files():
    network, crops = make(), drawn_crops(64, 8)
    sizes = {kind: len(export_landmarks(network, "toy", "1", kind, crops)) for kind in STORAGES}
    assert sizes["float16"] < 0.6 * sizes["float32"]
    assert sizes["weights8"] < 0.7 * sizes["float16"]
    assert sizes["int8"] < 0.9 * sizes["float16"]


def test_int8_calculates_in_eight_bits():
    graph, kinds = landmark_graph(make()), {}
    for storage in ("int8", "weights8"):
        nodes = stored(graph, storage, drawn_crops(64)).graph.node
        kinds[storage] = {node.op_type for node in nodes}
    assert "QuantizeLinear" in kinds["int8"]
    assert "QuantizeLinear" not in kinds["weights8"]
    with pytest.raises(InputError, match="calibrate"):
        stored(graph, "int8")


def test_exporting_leaves_the_network_as_it_was():
    network = make()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    export_landmarks(network, "toy")
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


HEADS = {
    "heat maps": {"heads": {"heatmap": {}}},
    "offsets": {"heads": {"heatmap": {"decode": "offset"}, "presence": {}}},
    "expectation": {"heads": {"heatmap": {"decode": "soft"}}},
    "basis": {"heads": {"basis": {"coefficients": 6}, "uncertainty": {}}},
    "pose": {"heads": {"coordinates": {}, "pose": {"form": "6d"}}},
    "shuffle": {"trunk": {"name": "shufflenet-0.5"}},
    "squeeze-excite": {"trunk": {"name": "mobilenet3-small"}},
    "inception": {"trunk": {"name": "se-inception"}, "code": CodeConfig("average", 0, 0)},
    "hourglass": {
        "trunk": {"name": "hourglass-student", "channels": 16},
        "heads": {"heatmap": {"decode": "soft"}},
    },
}


@pytest.mark.parametrize("changes", HEADS.values(), ids=HEADS)
def test_every_kind_of_network_can_be_exported_with_any_number_of_crops(changes):
    network, crops = make(("ibug68",), **changes), drawn_crops(64, 3)
    data = export_landmarks(network, "toy", storage="float32")
    found = difference(network, data, crops)
    assert found.largest < 0.01
    regressor = LandmarkRegressor(Session(data))
    assert regressor.schemes == {"ibug68": "ibug68"}
    assert regressor.knows_presence == ("presence" in network.config.heads)


def test_a_file_of_68_points_is_a_regressor():
    regressor = LandmarkRegressor(Session(export_landmarks(make(("ibug68",)), "toy")))
    prediction = regressor(np.zeros((100, 100, 3), np.uint8), Roi(np.array([50.0, 50]), 80, 0.0))
    assert set(prediction.points) == set(prediction.sigma) == {"ibug68"}
    assert prediction.points["ibug68"].mean(0) == pytest.approx([50, 50], abs=25)


def test_the_labels_offset_is_added_in_pixels_of_the_picture():
    network = make(("ibug68",))
    plain, moved = (
        LandmarkRegressor(Session(export_landmarks(network, "toy", ibug68_offset=offset)))
        for offset in ((0.0, 0.0), (0.75, 1.5))
    )
    image, roi = np.zeros((100, 100, 3), np.uint8), Roi(np.array([50.0, 50]), 80, 0.3)
    apart = moved(image, roi).points["ibug68"] - plain(image, roi).points["ibug68"]
    assert apart == pytest.approx(np.broadcast_to([0.75, 1.5], (68, 2)), abs=1e-4)


def test_a_difference_is_measured_in_pixels():
    """A file of another network: its bias moved by one unit of 8 pixels in x."""
    network, other = make(("ibug68",)), make(("ibug68",))
    with torch.no_grad():
        other.heads["coordinates"].linear["ibug68"].bias[0] += 1.0
    found = difference(network, export_landmarks(other, "toy", storage="float32"), drawn_crops(64))
    assert found.largest == pytest.approx(8, abs=1e-3)
    assert found.mean == pytest.approx(8 / 68, abs=1e-3)
    assert isinstance(found, Difference)


def test_points_are_the_same_in_parts():
    network, crops = make(("ibug68",)), drawn_crops(64, 20)
    whole = points_of(network, crops)["ibug68"]
    assert whole.shape == (20, 68, 2)
    assert points_of(network, crops[17:18])["ibug68"][0] == pytest.approx(whole[17], abs=1e-4)


def test_the_card_carries_hash_and_size(tmp_path):
    data = export_landmarks(make(), "toy", "1")
    write_model(tmp_path, {"name": "toy"}, data)
    card = json.loads((tmp_path / "toy.json").read_text())
    assert card["bytes"] == (tmp_path / "toy.onnx").stat().st_size
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.json", "toy.onnx"]


def test_a_run_becomes_a_file_with_card_and_golden_sample(tmp_path):
    network = make_run(tmp_path / "run", {"sigma": 0.1, "presence": 0.5})
    done = export_run(tmp_path / "run", tmp_path / "my.onnx", licence="mine")
    card = Card(**json.loads((tmp_path / "my.json").read_text()))
    data = (tmp_path / "my.onnx").read_bytes()
    assert (card.name, card.licence, card.scores["score"]) == ("my", "mine", 4.25)
    assert card.sha256 == hashlib.sha256(data).hexdigest()
    assert card.outputs["ibug68"].startswith("(batch, 68, 2) pixels of the crop")
    assert card.export["difference_px"].keys() == {"float32", "float16", "weights8"}
    assert done.differences["float16"].largest < 0.05
    assert difference(network, data, drawn_crops(64)).largest < 0.05
    golden = read_golden(tmp_path / "my.onnx")
    session = Session(data)
    assert max(golden.differences(session.run).values()) <= golden.tolerance
    assert set(session.outputs) == {"ibug68", "ibug68_sigma", "presence"}


def test_a_changed_file_fails_its_golden_sample(tmp_path):
    make_run(tmp_path / "run", {"presence": 0.5})
    export_run(tmp_path / "run", tmp_path / "my.onnx")
    other = make(("ibug68",))
    with torch.no_grad():
        other.heads["coordinates"].linear["ibug68"].bias[0] += 0.1
    found = read_golden(tmp_path / "my.onnx").differences(Session(export_landmarks(other, "x")).run)
    assert found["ibug68"] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "absent", "outputs"),
    [
        ({"points": "wing"}, 0.2, {"ibug68"}),
        ({"presence": 0.5}, 0.0, {"ibug68"}),
        ({"presence": 0.5}, 0.1, {"ibug68", "presence"}),
        ({"sigma": 0.1}, 0.0, {"ibug68", "ibug68_sigma"}),
        ({"points": "gaussian"}, 0.0, {"ibug68", "ibug68_sigma"}),
    ],
)
def test_what_nothing_was_told_is_left_out(tmp_path, loss, absent, outputs):
    make_run(tmp_path / "run", loss, absent)
    export_run(tmp_path / "run", tmp_path / "my.onnx")
    assert set(Session((tmp_path / "my.onnx").read_bytes()).outputs) == outputs


def test_a_recipe_of_the_founding_kind_teaches_points_alone():
    said = untrained_heads(config.Recipe("landmarks", {}))
    assert said == ["presence", "uncertainty", "expression"]


def test_what_another_run_taught_stays_where_one_part_learns():
    only = {"train": {"only": "heads.expression"}}
    told = only | {"loss": {"expression": 1.0}}
    assert untrained_heads(config.Recipe("landmarks", told)) == []
    assert untrained_heads(config.Recipe("landmarks", only)) == ["expression"]


def test_int8_without_faces_and_strange_names_are_refused(tmp_path):
    make_run(tmp_path / "run", {})
    with pytest.raises(InputError, match="name a pack"):
        export_run(tmp_path / "run", tmp_path / "my.onnx", storage="int8")
    with pytest.raises(InputError, match="ends in"):
        export_run(tmp_path / "run", tmp_path / "my.bin")
    with pytest.raises(InputError, match="weights8"):
        export_run(tmp_path / "run", tmp_path / "my.onnx", storage="tiny")


def test_faces_that_calibrate_are_compared_on(tmp_path):
    card = {"name": "my", "version": "1", "licence": "", "data": [], "recipe": "", "scores": {}}
    crops = drawn_crops(64, 16)
    done = export_network(
        make(("ibug68",)), tmp_path / "my.onnx", card, storage="int8", crops=crops, calibrated=True
    )
    assert done.crops == "16 crops of a pack"
    assert set(done.differences) == set(STORAGES)
    assert done.differences["int8"].largest < 2
    assert done.differences["int8"].bytes < done.differences["float16"].bytes


def test_the_same_seed_draws_the_same_faces():
    assert np.array_equal(drawn_crops(48, 3), drawn_crops(48, 3))
    assert not np.array_equal(drawn_crops(48, 3), drawn_crops(48, 3, seed=1))
