"""`bauta eval` on a set in its published layout, from the folder to the page."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta import cli
from bauta.data.splits import person_of, split_of
from bauta.demo import clip_path
from bauta.demo.truth import truth68
from bauta.eval.predictions import load, save
from bauta.video import open_video

PLACES = {0: "lfpw/testset/image_0001", 6: "helen/testset/1_1", 12: "ibug/image_003_1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """300W with three pictures: frames of the demo clip with their marks, MATLAB's pixels."""
    root = tmp_path_factory.mktemp("300w")
    for frame in open_video(clip_path()):
        if frame.index in PLACES:
            path = root / PLACES[frame.index]
            path.parent.mkdir(parents=True)
            cv2.imwrite(f"{path}.png", frame.image[..., ::-1])
            rows = [f"{x:.3f} {y:.3f}" for x, y in truth68(frame.index) + 0.5]
            text = "\n".join(["version: 1", "n_points: 68", "{", *rows, "}"])
            path.with_suffix(".pts").write_text(text + "\n")
        if frame.index > max(PLACES):
            return root
    raise AssertionError


@pytest.fixture
def bauta(monkeypatch, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bauta", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


def test_a_set_is_predicted_scored_and_scored_again_from_the_files(bauta, folder, tmp_path):
    options = ("--protocol", "300w", "--data", folder)
    models = ("--model", "base", "--model", "nano", "--crops", "detector,truth")
    code, out, err = bauta("eval", *options, *models, "-o", tmp_path)
    assert code == 0, err
    headline = json.loads(out)["predictions"]
    assert list(headline) == ["base, detector", "base, truth", "nano, detector", "nano, truth"]
    for views in headline.values():
        assert views["68 points"]["faces"] == views["68 points"]["found"] == 3
        assert 2 < views["68 points"]["mean"][0] < 8
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img") == 12
    results = json.loads((tmp_path / "results.json").read_text())
    rows = results["views"][0]["scored"][0]["rows"]
    assert {row["group"]: row["count"] for row in rows} == {
        "full": 3, "common": 2, "challenging": 1,
    }  # fmt: skip

    files = sorted(tmp_path.glob("base_*.npz"))
    code, out, err = bauta("eval", "score", *files, *options, "-o", tmp_path / "again")
    assert code == 0, err
    again = json.loads(out)["predictions"]
    assert again["base, detector"] == headline["base, detector"]


def test_truth_that_was_kept_is_enough(bauta, folder, tmp_path):
    options = ("--protocol", "300w", "--model", "nano", "-o", tmp_path, "--no-pictures")
    _, out, _ = bauta("eval", *options, "--data", folder, "--keep-truth")
    file = tmp_path / "nano_300w_detector.npz"
    for protocol in (options[:2], ()):  # a file says of which set it is
        code, again, err = bauta("eval", "score", file, *protocol, "--no-pictures", "-o", tmp_path)
        assert code == 0, err
        assert again == out
    save(file, replace(load(file), header={}))
    code, _, err = bauta("eval", "score", file)
    assert code == 1
    assert "does not say of which set it is" in err


def test_predictions_of_another_subset_are_refused_with_a_line(bauta, folder, tmp_path):
    options = ("--protocol", "300w", "--data", folder, "--no-pictures", "--model", "nano")
    bauta("eval", *options, "--split", "common", "-o", tmp_path / "a")
    bauta("eval", *options, "-o", tmp_path / "b")
    files = [tmp_path / name / "nano_300w_detector.npz" for name in "ab"]
    code, out, err = bauta("eval", "score", *files, *options[:4])
    assert (code, out) == (1, "")
    assert "different pictures" in err


@pytest.fixture
def own_sets(tmp_path, monkeypatch) -> dict[str, str]:
    """File -> split of a folder of training data that BAUTA_DATA points to; only `lfw` is in it."""
    files = [f"Ann_{chr(97 + k)}_0001.jpg" for k in range(20)]
    picture = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
    root = tmp_path / "data"
    root.mkdir()
    with zipfile.ZipFile(root / "lfw.zip", "w") as archive:
        for file in files:
            archive.writestr(file, picture)
    face = np.random.default_rng(0).integers(16 * 32, 48 * 32, (478, 3)).astype(np.int16)
    none = np.zeros(len(files), np.float32)
    np.savez(
        root / "lfw_labels.npz",
        name=np.array(files),
        mesh=np.stack([face] * len(files)),
        asym=none,
        alt68=np.stack([face[:68]] * len(files)),
        alt_asym=none,
    )
    monkeypatch.setenv("BAUTA_DATA", str(root))
    return {file: split_of(person_of(file)) for file in files}


@pytest.mark.parametrize("split", ["", "val"])
def test_own_sets_are_found_where_bauta_data_points_whatever_the_split(
    bauta, own_sets, tmp_path, split
):
    options = ("--protocol", "own", "--set", "lfw", "--model", "nano", "--crops", "truth")
    subset = ("--split", split) if split else ()
    code, out, err = bauta("eval", *options, *subset, "--no-pictures", "-o", tmp_path)
    assert code == 0, err
    wanted = sorted(file for file, own in own_sets.items() if own == (split or "test"))
    assert json.loads(out)["predictions"]["nano, truth"]["mesh"]["faces"] == len(wanted) > 0
    with np.load(tmp_path / "nano_lfw_truth.npz") as file:
        assert sorted(file["name"].tolist()) == wanted
    assert f"Set: lfw, {split or 'test'}." in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("eval",), "--protocol own"),
        (("eval", "--protocol", "wflw"), "--data FOLDER"),
        (("eval", "--protocol", "aflv"), "choose one of 300w"),
        (("eval", "--protocol", "aflw"), "--data FOLDER"),
        (("eval", "--set", "lapa"), "lapa: say where the set lies"),
        (("eval", "--protocol", "own", "--set", "wflw"), "choose one of ytf"),
        (("eval", "--protocol", "300w", "--split", "common"), "--data FOLDER"),
    ],
)
def test_what_is_missing_is_said(bauta, arguments, message):
    code, out, err = bauta(*arguments)
    assert (code, out) == (1, "")
    assert message in err


def test_points_are_read_where_they_were_written(folder):
    from bauta.data.readers.p300w import read

    first = next(iter(read(folder, "common")))
    assert np.abs(first.points - truth68(0)).max() < 0.01
