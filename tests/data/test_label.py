"""`bauta data label`: what it finds in the demo clip's face, and what it writes."""

import csv
import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from bauta import cli
from bauta.checks import InputError, SinkError, SourceError
from bauta.data import label as labelling
from bauta.data.label import LabelSettings, label, pictures_to_label
from bauta.data.label_files import CsvRows, JsonLines, PtsFiles, pts
from bauta.data.readers import folder
from bauta.demo.run import CLIP
from bauta.tracker import detect_faces
from bauta.video import open_video


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """The first frame of the demo clip, RGB."""
    return next(iter(open_video(CLIP))).image


@pytest.fixture
def pictures(tmp_path, face):
    """A face in a folder below, two side by side, and nobody."""
    root = tmp_path / "pictures"
    (root / "ann").mkdir(parents=True)
    grey = np.full((120, 160, 3), 128, np.uint8)
    for name, image in (("ann/1", face), ("two", np.hstack([face, face])), ("zero", grey)):
        cv2.imwrite(str(root / f"{name}.png"), image[..., ::-1])
    return root


def read_pts(path) -> np.ndarray:
    lines = path.read_text().splitlines()
    assert lines[0] == "version: 1"
    assert lines[1] == f"n_points: {len(lines) - 4}"
    assert (lines[2], lines[-1]) == ("{", "}")
    return np.array([line.split() for line in lines[3:-1]], float)


def test_pts_count_from_one_at_pixel_centres():
    assert pts(np.array([[0.5, 0.5], [10.25, 3.0]])).decode().splitlines() == [
        "version: 1", "n_points: 2", "{", "1.000 1.000", "10.750 3.500", "}"
    ]  # fmt: skip


def test_ibug68_lies_where_the_picture_shows_it(pictures, tmp_path, face):
    """The state's points carry the offset of the labels that were learned; the file does not."""
    label(pictures, tmp_path / "out")
    (state,) = detect_faces(face, fit=False)
    found = read_pts(tmp_path / "out/ann/1.pts") - 0.5
    assert found == pytest.approx(state.points68[:, :2] - (0.78, 1.16), abs=2e-3)
    # what mirrored corners of the eyes have in common, x against the mesh, is not of the face
    mesh, corners = state.mesh[[33, 133, 362, 263], 0], [36, 39, 42, 45]
    assert abs((found[corners, 0] - mesh).mean()) < 0.2
    assert (state.points68[corners, 0] - mesh).mean() > 0.5


def test_what_is_written_is_read_back(pictures, tmp_path, face):
    summary = label(pictures, pictures / "labels")
    assert (summary.pictures, summary.faces, summary.without) == (3, 3, ["zero.png"])
    samples = list(folder.read(pictures))
    assert [sample.name for sample in samples] == ["ann/1.png", "two.png", "two.png#2"]
    (state,) = detect_faces(face, fit=False)
    assert samples[0].points == pytest.approx(state.points68[:, :2] - (0.78, 1.16), abs=2e-3)
    assert abs(samples[1].points - samples[2].points)[:, 0].mean() == pytest.approx(
        face.shape[1], abs=3
    )


@pytest.mark.parametrize(("scheme", "count"), [("ibug68", 68), ("ibug68-3d", 68), ("mesh478", 478)])
def test_schemes_keep_their_name(pictures, scheme, count):
    label(pictures, pictures, settings=LabelSettings(scheme))
    samples = list(folder.read(pictures))
    assert {sample.scheme for sample in samples} == {scheme}
    assert {len(sample.points) for sample in samples} == {count}


def test_json_and_csv_tell_box_score_and_pose_in_our_pixels(pictures, tmp_path, face):
    label(pictures, tmp_path / "out", ("json", "csv"))
    text = (tmp_path / "out/labels.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["picture"], len(line["faces"])) for line in lines] == [
        ("ann/1.png", 1),
        ("two.png", 2),
        ("zero.png", 0),
    ]
    (state,) = detect_faces(face, fit=False)
    found = lines[0]["faces"][0]
    assert (lines[0]["width"], lines[0]["height"]) == face.shape[1::-1]
    assert found["box"] == pytest.approx(state.box.tolist(), abs=2e-3)
    assert found["yaw"] == pytest.approx(state.pose.yaw, abs=0.01)
    assert found["score"] == pytest.approx(state.score, abs=1e-4)
    with open(tmp_path / "out/labels.csv", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames is not None
        assert len(set(reader.fieldnames)) == len(reader.fieldnames) == 13 + 136
        rows = list(reader)
    assert [(row["picture"], row["face"], row["faces"]) for row in rows] == [
        ("ann/1.png", "1", "1"),
        ("two.png", "1", "2"),
        ("two.png", "2", "2"),
    ]
    x, y = found["points"][30]
    assert (float(rows[0]["x30"]), float(rows[0]["y30"])) == (x, y)
    assert float(rows[0]["left"]) == found["box"][0]
    assert not list((tmp_path / "out").rglob("*.pts"))


def test_a_second_run_looks_at_nothing_twice_and_replaces_nothing(pictures, tmp_path):
    out = tmp_path / "out"
    label(pictures, out, ("pts", "json", "csv"))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    summary = label(pictures, out, ("json",))
    assert (summary.pictures, summary.kept) == (0, 3)
    (out / "ann/1.pts").write_text("mine")
    summary = label(pictures, out, ("pts",))
    assert (summary.kept, summary.without) == (2, ["zero.png"])
    assert (out / "ann/1.pts").read_text() == "mine"
    label(pictures, out, ("pts", "json", "csv"), force=True)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_run_that_was_stopped_is_continued(pictures, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole", tmp_path / "out"
    label(pictures, whole, ("pts", "json", "csv"))

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(pictures, out, ("pts", "json", "csv"), after=stop)
    for name in ("labels.jsonl", "labels.csv"):
        data = (out / name).read_bytes()
        (out / name).write_bytes(data[:-40])  # half of the second picture's last line
    summary = label(pictures, out, ("pts", "json", "csv"))
    assert (summary.pictures, summary.kept) == (2, 1)
    for path in whole.rglob("*.*"):
        assert (out / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_a_second_face_of_an_older_run_does_not_stay(pictures, tmp_path):
    out = tmp_path / "out"
    label(pictures, out)
    assert (out / "two#2.pts").exists()
    label(pictures, out, settings=LabelSettings(faces=1), force=True)
    assert (out / "two.pts").exists()
    assert not (out / "two#2.pts").exists()


def test_labels_of_other_settings_are_not_mixed(pictures, tmp_path):
    label(pictures, tmp_path / "out")
    for other in (LabelSettings("ibug68-3d"), replace(LabelSettings(), model="nano")):
        with pytest.raises(SinkError, match=r"labels\.json: the labels there were made with"):
            label(pictures, tmp_path / "out", settings=other)


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(pictures, tmp_path):
    (pictures / "ann/0.jpg").write_bytes(b"broken")
    summary = label(pictures, tmp_path / "out")
    assert summary.pictures == 3
    (line,) = summary.unreadable
    assert "ann/0.jpg" in line


def test_what_cannot_be_labelled_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no such folder"):
        pictures_to_label(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="holds no picture"):
        pictures_to_label(tmp_path)
    for ending in ("jpg", "png"):
        cv2.imwrite(str(tmp_path / f"a.{ending}"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(SourceError, match=r"a\.jpg beside it would have the same labels"):
        pictures_to_label(tmp_path)
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError, match="format"):
        label(tmp_path, tmp_path / "out", ("xml",))
    with pytest.raises(InputError, match="scheme"):
        LabelSettings("wflw98")


@pytest.mark.parametrize("kind", [JsonLines, CsvRows, PtsFiles])
def test_files_say_what_they_hold(tmp_path, kind):
    file = kind(tmp_path, "ibug68", force=False)
    assert not file.has(labelling.Path("a.jpg"))
    file.close()


def test_the_command_reports_pictures_without_a_face(monkeypatch, capsys, pictures, tmp_path):
    monkeypatch.chdir(tmp_path)
    argv = ["bauta", "data", "label", str(pictures), "--format", "pts,json"]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out, err = capsys.readouterr()
    assert stop.value.code in (0, None)
    assert out == "labels\n"
    assert "no face: zero.png" in err
    assert "3 pictures looked at, 3 faces, 1 pictures without one" in err
    assert (tmp_path / "labels/two#2.pts").is_file()
    (pictures / "bad.png").write_bytes(b"broken")
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    assert "bad.png" in capsys.readouterr().err
