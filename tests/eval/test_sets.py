"""Every set of the catalogue is scored: the copies are those that the tests of its reader write.

Predictions lie one pixel beside the labels, so that an error is 100 over the length, in percent.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from test_300w_lp import lp
from test_aflw import root as aflw
from test_aflw import root19 as aflw19
from test_bioid import root as bioid
from test_celeba import root as celeba
from test_facesynthetics import root as facesynthetics
from test_helen import root as helen
from test_jd106 import LINES
from test_jd106 import jd as jd106
from test_lfpw import root as lfpw29

import tiny_models
import tiny_pictures
from bauta import cli, schemes
from bauta.checks import InputError
from bauta.data import catalog
from bauta.data.splits import SPLITS, split_of
from bauta.eval import protocols, run, truth
from bauta.eval.score import score
from bauta.eval.sets import SETS, protocol_of
from labelled import grid, sample, shifted

COPIES = (lp, aflw, aflw19, bioid, celeba, facesynthetics, helen, jd106, lfpw29)
"""Fixtures: named here so that pytest finds them."""


@pytest.fixture
def lapa(tmp_path):
    for part in ("train", "val", "test"):
        tiny_pictures.write(tmp_path / f"LaPa/{part}/images/1.jpg")
        tiny_pictures.text(tmp_path / f"LaPa/{part}/landmarks/1.txt", *LINES)
    return tmp_path


@pytest.fixture
def helen_pts(tmp_path):
    """HELEN in iBUG's form: point i at (i + 0.5, i + 2), of as many points as the folder says."""
    for count in (29, 68):
        lines = [f"{i} {i + 1}.5" for i in range(1, count + 1)]
        pts = ["version: 1", f"n_points:  {count}", "{", *lines, "}"]
        for part in ("trainset", "testset"):
            tiny_pictures.text(tmp_path / f"{count}" / part / "1.pts", *pts)
            tiny_pictures.write(tmp_path / f"{count}" / part / "1.jpg")
    return tmp_path


EXPECTED = [
    # set, fixture, folder in it, faces, length of the headline, what is divided by
    ("300w-lp", "lp", "", 6, 67.0, "box"),
    ("aflw", "aflw", "", 1, np.sqrt(8 * 18.75), "box"),
    ("aflw19", "aflw19", "", 2, np.sqrt(30 * 40), "own_box"),
    ("bioid", "bioid", "", 1, np.hypot(71.726, 0.635), "pupils"),
    ("celeba", "celeba", "", 1, np.hypot(20, 1), "pupils"),
    ("celeba-aligned", "celeba", "", 1, np.hypot(28, 6), "pupils"),
    ("facesynthetics", "facesynthetics", "", 2, np.hypot(9, 9), "outer_eyes"),
    ("helen", "helen", "", 1, np.hypot(20, 40), "pupils"),
    ("helen29", "helen_pts", "29", 1, np.hypot(1, 1), "pupils"),
    ("helen68", "helen_pts", "68", 1, np.hypot(9, 9), "outer_eyes"),
    ("jd106", "jd106", "", 1, 105.0, "box"),
    ("lapa", "lapa", "", 1, 105.0, "box"),
    ("lfpw29", "lfpw29", "", 1, np.hypot(1, 1), "pupils"),
]


@pytest.mark.parametrize(("name", "fixture", "folder", "count", "length", "norm"), EXPECTED)
def test_a_set_is_scored_over_the_length_of_its_papers(
    request, name, fixture, folder, count, length, norm
):
    root = request.getfixturevalue(fixture) / folder
    protocol = protocols.get(name)
    usual = {"300w-lp": ("AFW", "AFW_Flip"), "facesynthetics": ("",)}
    subsets = usual.get(name, protocol.subsets)  # by people the two have little in so small a copy
    faces = list(run.samples(name, root, subsets))
    made = shifted(faces, catalog.get(name).schemes[0], [1.0] * len(faces))
    result = score([made], truth.read(faces), protocol)
    row = result.views[0][1][0].row()
    assert (row.count, row.norm) == (count, norm)
    assert row.values["mean"].value == pytest.approx(100 / length, rel=1e-4)


def test_every_set_of_the_catalogue_has_a_protocol():
    assert {name for name, *_ in EXPECTED} == set(SETS)
    for name, dataset in catalog.CATALOG.items():
        protocol = protocols.get(name)
        assert name in protocol.datasets
        assert protocol.headline in ("mean", "bins")
        if name in SETS:
            assert {view.scheme for view in protocol.views} == set(dataset.schemes)
            assert protocol.notes
    assert (protocols.get("lfw").name, protocols.get("lfw").datasets) == ("own", ("lfw",))


def test_frontal_faces_of_aflw_are_those_of_which_every_point_is_seen(aflw19):
    protocol = protocols.get("aflw19")
    faces = list(run.samples("aflw19", aflw19, protocol.subsets))
    result = score([shifted(faces, "aflw19", [1.0, 3.0])], truth.read(faces), protocol)
    seen = result.views[0][1][0].row("every point visible")
    assert seen.count == 1  # the first; of the second a point is hidden
    assert seen.values["mean"].value == pytest.approx(100 / np.sqrt(1200), rel=1e-4)


def test_me17_leaves_out_temples_and_chin(bioid):
    faces = list(run.samples("bioid", bioid, ("",)))
    made = shifted(faces, "bioid20", [0.0])
    made.points["bioid20"][0, [8, 13, 19], 0] += 50
    views = score([made], truth.read(faces), protocols.get("bioid")).views
    means = {view.title: scored[0].row().values["mean"].value for view, scored in views}
    assert means["17 points, me17"] == pytest.approx(0, abs=1e-4)
    assert means["20 points"] == pytest.approx(7.5 / np.hypot(71.726, 0.635) * 100, rel=1e-4)


def test_a_set_without_parts_is_parted_as_packs_are(tmp_path):
    names = [f"{number:06}" for number in range(100)]
    for name in names:
        tiny_pictures.text(tmp_path / f"{name}_ldmks.txt", *(f"{i} {i}" for i in range(70)))
    assert protocols.get("facesynthetics").subsets == ("test",)
    for part in SPLITS:
        found = [s.name for s in run.samples("facesynthetics", tmp_path, (part,))]
        assert found == [f"{name}.png" for name in names if split_of(f"{name}.png") == part]
        assert found


def test_a_set_of_parts_keeps_its_own(celeba):
    assert [s.name for s in run.samples("celeba", celeba, ("val",))] == ["000002.jpg"]


def test_the_sets_own_box_is_kept_with_the_truth():
    box = np.array([10, 20, 40, 60], np.float32)
    faces = [sample("a", grid(19), "aflw19", box=box), sample("b", grid(19), "aflw19")]
    known = truth.read(faces)
    kept = truth.Truth.from_arrays(known.names, known.arrays())
    assert kept.box[0].tolist() == box.tolist()
    assert np.isnan(kept.box[1]).all()
    old = {key: value for key, value in known.arrays().items() if key != "box"}
    assert np.isnan(truth.Truth.from_arrays(known.names, old).box).all()
    result = score([shifted(faces, "aflw19", [1.0, 1.0])], kept, protocol_of("aflw19"))
    assert result.views[0][1][0].row().count == 1  # the other has no such length


@pytest.mark.parametrize(
    ("labelled", "predicted", "name"),
    [("helen194", "helen192", "helen"), ("ibug68", "ibug51", "300w"), ("wflw98", "wflw96", "wflw")],
)
def test_a_model_of_a_part_of_the_points_is_scored_on_that_part(labelled, predicted, name):
    points = grid(schemes.get(labelled).count)
    seen = np.arange(len(points)) % 2 == 0
    faces = [sample("a", points, labelled), sample("b", points, labelled)]
    known = truth.read(faces)
    known = replace(known, visible={labelled: np.stack([seen, seen])})
    made = shifted(faces, labelled, [2.0, 2.0])
    part = replace(
        made, points={predicted: schemes.convert(made.points[labelled], labelled, predicted)}
    )
    ((view, (one,)),) = score([part], known, protocols.get(name)).views
    assert view.title == f"{schemes.get(predicted).count} points"
    box = (
        one.row("full") if view.norms[0] == "box" else next(r for r in one.rows if r.norm == "box")
    )
    left = schemes.convert(points, labelled, predicted)
    size = np.sqrt(np.ptp(left, axis=0).prod())
    assert box.values["mean"].value == pytest.approx(200 / size, rel=1e-4)
    assert set(one.visibility) == {"visible points", "hidden points"}
    with pytest.raises(InputError, match="nothing could be scored"):
        score([replace(made, points={"bioid20": np.zeros((2, 20, 2))})], known, protocols.get(name))


def test_the_name_of_a_set_is_enough_for_the_command(lapa, tmp_path, monkeypatch, capsys):
    other = tiny_models.write(tmp_path / "other.onnx", "ibug68")  # nothing maps from it to 106
    options = ("--set", "lapa", "--data", lapa, "--model", "nano", "--crops", "truth")
    options += ("--model", other)
    monkeypatch.setattr(sys, "argv", ["bauta", "eval", *map(str, options), "-o", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out, err = capsys.readouterr()
    assert not stop.value.code, err
    said = json.loads(out)
    assert said["protocol"] == "lapa"
    (views,) = said["predictions"].values()
    assert (views["106 points"]["faces"], views["106 points"]["over"]) == (1, "box")
    html = (tmp_path / "report.html").read_text()
    assert "Set: lapa, test." in html
    assert "Grand Challenge of 106-Point" in html
    lines = [line for line in err.splitlines() if line.startswith("left out")]
    assert [line.split(",")[0] for line in lines] == ["left out: other"]
    assert html.count("Left out") == 1
