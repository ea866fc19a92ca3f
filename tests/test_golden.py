"""Golden samples: the models that ship say here what they said when they were made."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from bauta.assets.face import answer
from bauta.assets.golden import Golden, read_golden, write_golden
from bauta.assets.store import card_names, load_card, read_model
from bauta.checks import ModelError
from bauta.engine.session import Session

NETWORKS = [name for name in card_names() if load_card(name).file.endswith(".onnx")]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_that_ships_repeats_its_golden_sample(name):
    golden = read_golden(name)
    session = Session(read_model(name))
    assert set(golden.inputs) == set(session.inputs)
    assert set(golden.outputs) == set(session.outputs)
    assert max(golden.differences(session.run).values()) <= golden.tolerance


def test_the_face_model_repeats_its_golden_sample():
    sample = read_golden("face")
    assert {"vertices", "mesh478", "ibug68"} <= set(sample.outputs)
    assert max(sample.differences(answer).values()) <= sample.tolerance
    other = dict(sample.inputs, expression=sample.inputs["expression"][::-1])
    found = sample.differences(lambda _: answer(other))
    assert min(found.values()) > sample.tolerance


def golden(value: float = 3.0) -> Golden:
    return Golden({"crop": np.zeros((1, 2), np.uint8)}, {"points": np.full((1, 2), value)}, 0.5)


def test_a_sample_comes_back_as_it_was_written(tmp_path):
    write_golden(tmp_path / "my.golden.npz", golden())
    back = read_golden(tmp_path / "my.onnx")
    assert back.inputs["crop"].dtype == np.uint8
    assert back.outputs["points"].tolist() == [[3, 3]]
    assert back.tolerance == 0.5


def test_differences_are_the_largest_of_each_output():
    found = golden().differences(lambda inputs: {"points": np.array([[3.25, 2.0]])})
    assert found == {"points": 1.0}


@pytest.mark.parametrize("now", [{}, {"points": np.zeros((2, 2))}], ids=["missing", "shape"])
def test_what_is_missing_differs_without_limit(now):
    assert golden().differences(lambda inputs: now) == {"points": float("inf")}


def test_a_file_without_a_sample_cannot_be_checked(tmp_path):
    with pytest.raises(ModelError, match="no golden sample"):
        read_golden(tmp_path / "my.onnx")


def bauta(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bauta", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ)


def test_check_says_how_far_a_model_is_off():
    done = bauta("nano", "--check")
    assert done.returncode == 0
    assert {line.split()[0] for line in done.stdout.splitlines()} >= {"mesh", "presence"}


def test_check_knows_the_face_model():
    done = bauta("face", "--check")
    assert done.returncode == 0
    assert "vertices" in done.stdout


def test_check_fails_where_a_file_is_not_what_it_was(tmp_path):
    (tmp_path / "my.onnx").write_bytes(read_model("nano"))
    sample = read_golden("nano")
    wrong = sample.outputs | {"ibug68": sample.outputs["ibug68"] + 0.5}
    write_golden(tmp_path / "my.golden.npz", Golden(sample.inputs, wrong, sample.tolerance))
    done = bauta(str(tmp_path / "my.onnx"), "--check")
    assert done.returncode == 1
    assert "does not say what it said" in done.stderr
    assert "ibug68               differs by 0.5" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "match"),
    [(["--check"], "name a model"), (["nano", "--networks"], "leave out NAME")],
)
def test_options_that_contradict_each_other_are_refused(arguments, match):
    done = bauta(*arguments)
    assert done.returncode == 1
    assert match in done.stderr


def test_networks_need_torch_and_say_so():
    code = "import sys; sys.modules['torch'] = None; from bauta.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "models", "--networks"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "pip install 'bauta[train]'" in done.stderr


def test_cards_are_json():
    cards = [json.loads(line) for line in bauta("--json").stdout.splitlines()]
    assert {card["name"] for card in cards} == set(card_names())
