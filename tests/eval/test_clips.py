"""Clips and their tracks, from files and from the tracker."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import tiny_models
from bauta import cli
from bauta.checks import InputError
from bauta.data.lids import EYES
from bauta.demo import clip_path, truth
from bauta.eval import clips, steadiness, video
from bauta.eval.predictions import Predictions, save
from bauta.eval.report.clips import page
from bauta.records import JsonlWriter
from bauta.video import VideoSink, open_video
from faces import synthetic_face


def write_track(path, offsets, id=0) -> None:
    """A synthetic face at each (x, y); None: nobody."""
    with JsonlWriter(path) as writer:
        for index, offset in enumerate(offsets):
            faces = [] if offset is None else [synthetic_face(center=offset, id=id)]
            writer.write(index / 25, index, faces)


def truth_file(path, frames: np.ndarray, points: np.ndarray) -> None:
    names = frames.astype(str)
    save(path, Predictions(names, {"ibug68": points.astype(np.float32)}))


def test_a_track_is_read_with_gaps_where_nobody_was(tmp_path):
    path = tmp_path / "t.jsonl"
    write_track(path, [(100, 100), None, (102, 100)])
    track = clips.read(path)
    assert track.found.tolist() == [True, False, True]
    assert track.points["ibug68"][2] - track.points["ibug68"][0] == pytest.approx(
        np.tile([2.0, 0.0], (68, 1)), abs=0.02
    )


def test_of_several_faces_the_one_that_stays_is_measured():
    states = [[synthetic_face(id=1), synthetic_face(center=(60, 60), id=2)]]
    states += [[synthetic_face(center=(60, 60), id=2)]] * 2
    track = clips.of_states([0, 1, 2], states)
    assert track.found.all()
    assert np.ptp(track.points["mesh478"][:, 0], axis=0) == pytest.approx([0, 0])
    with pytest.raises(InputError, match="no face"):
        clips.of_states([0], [[]])


def test_tracks_are_compared_frame_by_frame_whatever_their_order(tmp_path):
    points = np.tile(np.arange(3.0)[:, None, None], (1, 68, 2))
    truth_file(tmp_path / "p.npz", np.array([9, 4, 7]), points)
    track = clips.read(tmp_path / "p.npz")
    assert track.frames.tolist() == [4, 7, 9]
    at = clips.aligned(track, np.array([7, 8, 9]))["ibug68"][:, 0, 0]
    assert at[0] == 2
    assert np.isnan(at[1])
    assert at[2] == 0


def test_marked_blinks_are_read_and_damage_is_named(tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("name, frame\nx,40\n\ny,12\n")
    assert [frames.tolist() for frames in clips.read_blinks(path)] == [[12, 40], []]
    path.write_text("# seen by eye\nframe,sure\n8,1\n9,0\n")
    assert [frames.tolist() for frames in clips.read_blinks(path)] == [[8], [9]]
    path.write_text("name,frame\nx,soon\n")
    with pytest.raises(InputError, match="line 2"):
        clips.read_blinks(path)
    path.write_text("12\n")
    with pytest.raises(InputError, match="column named frame"):
        clips.read_blinks(path)


def test_a_track_from_a_file_against_truth_and_reference(tmp_path):
    """Two frames late, one pixel off, no shake."""
    way = [(160 + 30 * np.sin(t / 9), 120 + 20 * np.cos(t / 7)) for t in range(120)]
    write_track(tmp_path / "true.jsonl", way)
    write_track(tmp_path / "late.jsonl", [way[0], way[0], *way[:-2]])
    score = video.score_track(
        tmp_path / "late.jsonl",
        truth=tmp_path / "true.jsonl",
        reference=tmp_path / "true.jsonl",
    )
    assert score.values["lag, frames"] == pytest.approx(2, abs=0.1)
    assert score.values["E1 lag, share of a frame"] > 1.5
    assert score.values["found, %"] == 100
    same = video.score_track(tmp_path / "true.jsonl", truth=tmp_path / "true.jsonl")
    assert same.values["error, %"] == 0
    assert same.values["E1 lag, share of a frame"] == 0
    assert same.values["stability 3DDFA_V2, % of face"] == 0
    assert "lag, frames" not in same.values


def test_lids_of_every_scheme_are_measured_at_a_blink(tmp_path):
    """Mesh shut, 68 points shut by half."""

    def blinking(points: np.ndarray, scheme: str, left: float) -> np.ndarray:
        points = points.copy()
        for eye in EYES[scheme]:
            middle = (points[eye.upper, :] + points[eye.lower, :]) / 2
            points[eye.upper, :] = middle + left * (points[eye.upper, :] - middle)
            points[eye.lower, :] = middle + left * (points[eye.lower, :] - middle)
        return points

    with JsonlWriter(tmp_path / "t.jsonl") as writer:
        for index in range(40):
            face = synthetic_face()
            if index == 20:
                face = replace(
                    face,
                    mesh=blinking(face.mesh, "mesh478", 0.1),
                    points68=blinking(face.points68, "ibug68", 0.5),
                )
            writer.write(index / 25, index, [face])
    (tmp_path / "b.csv").write_text("frame\n20\n")
    values = video.score_track(tmp_path / "t.jsonl", blinks=tmp_path / "b.csv").values
    assert (values["blinks found"], values["blink F1"]) == (1, 1)
    assert values["lid gap, shut over open"] == pytest.approx(0.1, abs=0.02)
    assert values["lid gap of ibug68, shut over open"] == pytest.approx(0.5, abs=0.02)
    assert values["lid gap of ibug68-3d, worst"] == pytest.approx(1, abs=0.02)
    (tmp_path / "b.csv").write_text("frame,sure\n20,0\n")  # counts neither way
    assert (
        video.score_track(tmp_path / "t.jsonl", blinks=tmp_path / "b.csv").values["blinks found"]
        == 0
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "face.mp4"
    with VideoSink(path) as sink:
        for frame in open_video(clip_path()):
            if frame.index == 30:
                break
            sink.write(frame.image, frame.time)
    return path


def test_a_clip_is_measured_with_its_settings(clip, tmp_path, monkeypatch, capsys):
    marks = np.stack([truth.truth68(index) for index in range(30)])
    truth_file(tmp_path / "marks.npz", np.arange(30), marks)
    arguments = ["eval", "video", clip, "--model", "nano", "--truth", tmp_path / "marks.npz"]
    monkeypatch.setattr(sys, "argv", ["bauta", *map(str, arguments), "-o", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    (scored,) = json.loads(capsys.readouterr().out)["clips"]
    values = scored["values"]
    assert values["still spread ibug68, %, filtered"] < values["still spread ibug68, %, unfiltered"]
    assert values["jitter ibug68, %, filtered"] < values["jitter ibug68, %, unfiltered"]
    assert 1 < values["error, %, filtered"] < 9
    assert abs(values["lag, frames"]) < 1
    assert values["drift at return, %"] < 5
    assert scored["settings"]["model"] == "nano"
    assert "noise 8 of 255" in scored["settings"]["still"]
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "results.json").read_text())["clips"][0]["name"] == "face.mp4"


@pytest.mark.parametrize("scheme", ["ibug68", "ibug68-3d", "mesh478", "wflw98"])
def test_a_strangers_model_is_measured_by_the_points_that_it_has(
    clip, tmp_path, monkeypatch, capsys, scheme
):
    """None of them predicts both kinds of 68 points, as the models that ship do."""
    few = partial(steadiness.noisy_copies, count=8)
    monkeypatch.setattr(steadiness, "noisy_copies", few)
    model = tiny_models.write(tmp_path / "my.onnx", scheme)
    marks = np.stack([truth.truth68(index) for index in range(30)])
    known = "ibug68-3d" if scheme == "ibug68-3d" else "ibug68"
    names = np.arange(30).astype(str)
    save(tmp_path / "marks.npz", Predictions(names, {known: marks.astype(np.float32)}))
    arguments = ["eval", "video", clip, "--model", model, "--truth", tmp_path / "marks.npz"]
    monkeypatch.setattr(sys, "argv", ["bauta", *map(str, arguments), "-o", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    (scored,) = json.loads(capsys.readouterr().out)["clips"]
    measured = {name for name in scored["values"] if name.startswith("still spread")}
    assert measured == {f"still spread {known}, %, {how}" for how in ("filtered", "unfiltered")}
    assert scored["values"]["found, %, unfiltered"] == 100
    assert scored["values"]["drift at return, %"] is not None
    assert scored["values"]["error, %, unfiltered"] < 40
    assert scored["settings"]["points"].startswith(f"inner 51 of {known}")


def test_a_track_of_other_points_is_measured_on_68_mapped_from_them(tmp_path):
    mesh = np.stack([synthetic_face(center=(100 + t, 100)).mesh for t in range(4)])
    names, path = np.arange(4).astype(str), tmp_path / "mesh.npz"
    save(path, Predictions(names, {"mesh478": mesh.astype(np.float32)}))
    score = video.score_track(path)
    assert score.values["jitter ibug68, %"] == pytest.approx(0, abs=1e-3)
    assert score.settings["points"] == "inner 51 of ibug68, from mesh478"
    save(path, Predictions(names, {"celeba5": mesh[:, :5].astype(np.float32)}))
    with pytest.raises(InputError, match="celeba5 only"):
        video.score_track(path)


def test_tracks_without_points_in_common_are_not_compared(tmp_path):
    points = np.zeros((3, 68, 2), np.float32) + np.arange(68)[None, :, None]
    for scheme in clips.SIXTY_EIGHT:
        save(tmp_path / f"{scheme}.npz", Predictions(np.array(list("012")), {scheme: points}))
    with pytest.raises(InputError, match="cannot be compared"):
        video.score_track(tmp_path / "ibug68.npz", truth=tmp_path / "ibug68-3d.npz")


def test_the_page_counts_blinks_in_whole_numbers():
    gap = np.full(60, 0.3)
    values = {"blinks found": 2.0, "lid gap, worst": 0.0751}
    html = page([video.ClipScore("a", {}, values, gap, gap, np.array([9, 30]), np.zeros(0, int))])
    assert "<td>blinks found</td><td>2</td>" in html
    assert "<td>lid gap, worst</td><td>0.075</td>" in html
    assert "blinks found (2)" in html


def test_options_that_belong_to_one_clip_are_refused_for_more(clip, monkeypatch, capsys):
    arguments = ["eval", "video", str(clip), str(clip), "--still", "3"]
    monkeypatch.setattr(sys, "argv", ["bauta", *arguments])
    with pytest.raises(SystemExit):
        cli.main()
    assert "belong to a single clip" in capsys.readouterr().err
