"""Two stages from their runs to `bauta track` and `bauta eval`: two files, one name."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from tiny_runs import make_run

from bauta.assets.store import Card, read_model
from bauta.checks import InputError, ModelError
from bauta.crop import Roi
from bauta.demo.run import CLIP
from bauta.demo.truth import truth68
from bauta.engine.session import Session
from bauta.records import read_tracks
from bauta.regress.landmarks import LandmarkRegressor
from bauta.regress.opening import open_regressor
from bauta.regress.two_stage import FIVE, TwoStage, roi_of_five
from bauta.train.export import export_run, export_stages
from bauta.video import open_video


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with the runs `coarse` and `fine`, and what was exported of both."""
    folder = tmp_path_factory.mktemp("runs")
    loss = {"sigma": 0.1}
    make_run(folder / "coarse", loss, schemes=(FIVE,), task="two-stage", stage="coarse")
    make_run(folder / "fine", loss, task="two-stage", stage="fine")
    export_stages(folder / "coarse", folder / "fine", folder / "my.onnx", storage="float32")
    return folder


def copied(runs: Path, folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes((runs / name).read_bytes())
    return folder / "my.onnx"


def test_the_file_that_is_named_runs_both(runs):
    image = next(iter(open_video(CLIP))).image
    both = open_regressor(runs / "my.onnx")
    assert isinstance(both, TwoStage)
    roi = Roi(np.array([200.0, 150.0]), 180.0, 0.4)
    coarse, fine = (
        LandmarkRegressor(Session(read_model(runs / name)))
        for name in ("my.coarse.onnx", "my.onnx")
    )
    expected = fine(image, roi_of_five(coarse(image, roi).points[FIVE][:, :2]))
    found = both(image, roi)
    assert (found.points["ibug68"] == expected.points["ibug68"]).all()
    assert (found.sigma["ibug68"] == expected.sigma["ibug68"]).all()
    assert np.abs(found.points["ibug68"] - fine(image, roi).points["ibug68"]).max() > 1
    card = Card(**json.loads((runs / "my.json").read_text()))
    first = Card(**json.loads((runs / "my.coarse.json").read_text()))
    assert (card.name, first.name) == ("my", "my.coarse")
    assert card.export["coarse"] == "my.coarse.onnx"
    assert card.export["coarse_sha256"] == first.sha256


def test_what_does_not_lie_beside_it_or_is_another_is_refused(runs, tmp_path):
    alone = copied(runs, tmp_path, "my.onnx")
    with pytest.raises(ModelError, match=r"second of two stages; my\.coarse\.onnx must lie beside"):
        open_regressor(alone)
    (tmp_path / "my.coarse.onnx").write_bytes(alone.read_bytes())
    with pytest.raises(ModelError, match="not the first stage with which"):
        open_regressor(alone)


def test_runs_that_do_not_belong_together_are_refused(runs, tmp_path):
    with pytest.raises(InputError, match="learned the second of two stages; name the run"):
        export_run(runs / "fine", tmp_path / "my.onnx")
    with pytest.raises(InputError, match="a first stage predicts celeba5"):
        export_stages(runs / "fine", runs / "fine", tmp_path / "my.onnx")
    assert not list(tmp_path.iterdir())


def test_track_and_eval_take_it_by_its_name(runs, run, tmp_path):
    """The networks know nothing: that they are asked, and what comes out has their points."""
    code, out, err = run(
        *("export-model", runs / "fine", "--coarse", runs / "coarse", "-o", "my.onnx")
    )
    assert code == 0, err
    names = ("my.coarse.onnx", "my.coarse.json", "my.coarse.golden.npz")
    assert out.split() == [*names, "my.onnx", "my.json", "my.golden.npz"]
    code, _, err = run("export-model", runs / "fine", "--coarse", runs / "coarse", "-o", "my.onnx")
    assert (code, "my.coarse.onnx: exists already; --force" in err) == (1, True)
    assert run("models", "my.coarse.onnx", "--check")[0] == 0
    people = tmp_path / "mine/test/ann"
    people.mkdir(parents=True)
    with open_video(CLIP) as clip:
        for frame in clip:
            if frame.index == 2:
                break
            cv2.imwrite(str(people / f"{frame.index}.png"), frame.image[..., ::-1])
            lines = [f"{x + 0.5} {y + 0.5}" for x, y in truth68(frame.index)]
            text = "\n".join(["version: 1", "n_points: 68", "{", *lines, "}"])
            (people / f"{frame.index}.pts").write_text(text)
    code, _, err = run("track", people, "--model", "my.onnx", "--save", "jsonl")
    assert code == 0, err
    faces = [frame.faces for frame in read_tracks(tmp_path / "ann_faces.jsonl")]
    assert [len(each) for each in faces] == [1, 1]
    assert np.ptp(faces[0][0].points68[:, 0]) > 20
    options = ("--protocol", "folder", "--data", "mine", "--split", "test", "--crops", "truth")
    code, out, err = run("eval", *options, "--model", "my.onnx", "--no-pictures")
    assert code == 0, err
    scores = json.loads(out)["predictions"]["my, truth"]["68 points"]
    assert (scores["faces"], scores["found"]) == (2, 2)
