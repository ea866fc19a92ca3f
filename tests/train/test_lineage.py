"""The card of a model says whose pictures it saw by way of the weights that it began with."""

import json

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from toy_task import ToyTask

from bauta.assets.store import load_card
from bauta.checks import SourceError
from bauta.train.config import Recipe
from bauta.train.lineage import ORIGIN, data_of, data_of_run, keep_origin
from bauta.train.loop import run
from bauta.train.settings import TrainSettings

FEW = TrainSettings(steps=1, batch=4, device="cpu")


def recipe(packs=(), **tables) -> Recipe:
    return Recipe("landmarks", {"data": {"packs": list(packs)}, **tables})


def test_weights_that_ship_hand_on_the_data_of_their_card(tmp_path):
    said = [f"weights of base {load_card('base').version}: {d}" for d in load_card("base").data]
    keep_origin(tmp_path, tmp_path / "weights" / "base.npz")
    assert data_of_run(tmp_path, recipe()) == said
    assert any("research only" in line for line in said)


def test_it_is_handed_on_from_run_to_run(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "recipe.toml").write_text('task = "landmarks"\n[data]\npacks = ["gone/mine"]\n')
    keep_origin(first, tmp_path / "nano.npz")
    keep_origin(second, first / "best.pt")
    lines = data_of(second)
    assert lines[0] == "pack mine: no longer there"
    assert lines[1:] == data_of(tmp_path / "nano.npz")


def test_teachers_and_videos_are_data_too(tmp_path):
    lines = data_of_run(
        tmp_path, recipe(teacher={"weights": "weights/nano.npz"}, video={"files": ["a/b.mp4"]})
    )
    assert lines[0] == "video b.mp4 (terms unknown)"
    assert lines[1:] == data_of(tmp_path / "nano.npz")


def test_what_is_not_known_is_said(tmp_path):
    assert data_of(tmp_path / "other.npz") == [
        "whatever the weights other.npz learned from: not known"
    ]
    assert data_of(tmp_path) == [f"whatever the run {tmp_path.name} learned from: not known"]
    (tmp_path / ORIGIN).write_text("{}")
    with pytest.raises(SourceError, match=r"origin\.json"):
        data_of_run(tmp_path, recipe())


def test_a_run_notes_what_it_begins_with(tmp_path):
    run(ToyTask(), FEW, tmp_path / "fresh")
    assert not (tmp_path / "fresh" / ORIGIN).exists()
    run(ToyTask(), FEW, tmp_path / "tuned", init=tmp_path / "fresh")
    noted = json.loads((tmp_path / "tuned" / ORIGIN).read_text())
    assert noted["init"] == str(tmp_path / "fresh")
    assert noted["data"] == ["whatever the run fresh learned from: not known"]
    run(ToyTask(), FEW, tmp_path / "tuned", init=tmp_path / "elsewhere")  # over: not begun anew
    assert json.loads((tmp_path / "tuned" / ORIGIN).read_text()) == noted
