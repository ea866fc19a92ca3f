"""`bauta fit`, `bauta calibrate` and what `bauta track` is told about the camera and the person."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.demo.run import CLIP
from bauta.fit import FaceFitter, read_profile
from bauta.records import read_tracks
from bauta.video import VideoSink, open_video
from sure import sure


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """clip.mp4 with 60 frames, and three of them as a.png, b.png, c.png; empty.png has no face."""
    folder = tmp_path_factory.mktemp("fit")
    with VideoSink(folder / "clip.mp4") as sink:
        for frame in open_video(CLIP):
            if frame.index == 60:
                break
            sink.write(frame.image, frame.time)
            if frame.index in (0, 25, 50):
                name = "abc"[frame.index // 25] + ".png"
                cv2.imwrite(str(folder / name), frame.image[..., ::-1])
    cv2.imwrite(str(folder / "empty.png"), np.full((200, 200, 3), 90, np.uint8))
    return folder


def test_fit_writes_a_record_and_a_mesh_for_each_photo(run, folder, tmp_path):
    code, out, _ = run("fit", folder / "a.png", folder / "b.png", "-o", "out")
    assert code == 0
    assert out.split() == [f"out/{name}" for name in ("a.json", "a.obj", "b.json", "b.obj")]
    record = json.loads((tmp_path / "out/a.json").read_text())
    assert record["photo"] == "a.png"
    assert record["fit"]["blendshapes"]["jawOpen"] >= 0
    lines = (tmp_path / "out/a.obj").read_text().splitlines()
    assert sum(line.startswith("v ") for line in lines) == len(face_model().mean)


def test_photos_of_the_same_person_share_an_identity(run, folder, tmp_path):
    photos = [folder / f"{name}.png" for name in "abc"]
    run("fit", *photos, "-o", "one", "--same-person")
    run("fit", *photos, "-o", "each")
    read = lambda kind, name: json.loads((tmp_path / kind / f"{name}.json").read_text())["fit"]  # noqa: E731
    assert read("one", "a")["identity"] == read("one", "c")["identity"]
    assert read("each", "a")["identity"] != read("each", "c")["identity"]


def test_fit_says_which_photo_has_no_face_and_keeps_what_is_there(run, folder, tmp_path):
    code, _, err = run("fit", folder / "empty.png")
    assert (code, "empty.png: no face was found" in err) == (1, True)
    (tmp_path / "a.json").write_text("mine")
    code, _, err = run("fit", folder / "a.png")
    assert (code, "--force" in err) == (1, True)
    assert (tmp_path / "a.json").read_text() == "mine"


def test_a_photo_that_cannot_be_fitted_does_not_stop_the_others(run, folder, tmp_path):
    shots = tmp_path / "shots"
    shots.mkdir()
    for name in ("a", "b", "empty"):
        shutil.copy(folder / f"{name}.png", shots)
    (shots / "aa.jpg").write_bytes(b"no picture")
    small = sure(cv2.imread(str(folder / "a.png")))[::2, :300]
    cv2.imwrite(str(shots / "c.png"), small)
    (tmp_path / "K.json").write_text(
        '{"K": [[600, 0, 320], [0, 600, 240], [0, 0, 1]], "size": [640, 480]}'
    )
    for mode in ([], ["--same-person"]):
        code, out, err = run("fit", shots, "-o", "out", "--camera", "K.json", "--force", *mode)
        assert code == 1
        assert out.split() == [f"out/{name}" for name in ("a.json", "a.obj", "b.json", "b.obj")]
        for name in ("aa.jpg", "c.png", "empty.png"):
            assert f"{shots / name}: " in err
        assert "3 of 5 photos failed" in err


def test_a_wrong_model_is_said_once_for_all_photos(run, folder):
    code, out, err = run("fit", folder / "a.png", folder / "b.png", "--model", "bass")
    assert (code, out, err.count("unknown 'bass'")) == (1, "", 1)


def test_no_face_in_any_of_the_photos_of_a_person(run, folder, tmp_path):
    shutil.copy(folder / "empty.png", tmp_path / "other.png")
    code, out, err = run("fit", folder / "empty.png", "other.png", "--same-person")
    assert (code, out, "2 of 2 photos failed" in err) == (1, "", True)


def test_photos_of_one_name_are_refused(run, folder, tmp_path):
    code, out, err = run("fit", folder / "a.png", tmp_path / "a.jpg")
    assert (code, out, "the same name" in err) == (1, "", True)


def test_calibrate_writes_a_profile_that_track_takes(run, folder, tmp_path):
    code, out, _ = run("calibrate", folder / "clip.mp4", "-o", "me.json")
    assert (code, out.strip()) == (0, "me.json")
    learned = read_profile(tmp_path / "me.json", face_model().expression_names)
    code, *_ = run("track", folder / "clip.mp4", "--save", "jsonl", "--profile", "me.json")
    assert code == 0
    tracks = read_tracks(tmp_path / "clip_faces.jsonl")
    assert tracks.header.details["profile"]["size"] == pytest.approx(learned.size, abs=1e-5)
    faces = [frame.faces[0] for frame in tracks]
    fits = [sure(face.fit) for face in faces]
    assert fits[0].shapes is not None
    usual = np.median([list(face.blendshapes.values()) for face in faces], axis=0)
    raw = np.median([fit.weights for fit in fits], axis=0)
    assert usual.sum() < 0.4 * raw.sum()
    again = (
        "track",
        folder / "clip.mp4",
        "--save",
        "jsonl",
        "--force",
        "--faces",
        "2",
        "--profile",
    )
    code, _, err = run(*again, "me.json")
    assert (code, "whose of 2 faces" in " ".join(err.split())) == (1, True)
    code, *_ = run(*again, "0=me.json", "--profile", "1=me.json")
    assert code == 0
    tracks = read_tracks(tmp_path / "clip_faces.jsonl")
    assert set(tracks.header.details["profiles"]) == {"0", "1"}
    assert sure(next(iter(tracks)).faces[0].fit).shapes is not None


def test_calibrate_wants_two_seconds(run, folder):
    code, _, err = run("calibrate", folder / "a.png")
    assert (code, "expected 50 frames" in err) == (1, True)


def test_track_notes_what_it_was_told(run, folder, tmp_path):
    (tmp_path / "K.json").write_text('{"K": [[600, 0, 320], [0, 600, 240], [0, 0, 1]]}')
    clip = folder / "clip.mp4"
    assert run("track", clip, "--save", "jsonl", "--camera", "K.json", "--ipd", 6.3)[0] == 0
    tracks = read_tracks(tmp_path / "clip_faces.jsonl")
    assert tracks.header.details["ipd"] == 6.3
    assert tracks.header.details["camera"]["K"][0] == [600, 0, 320.5]
    face = next(iter(tracks)).faces[0]
    assert sure(face.fit).camera.K[0, 0] == 600
    assert run("track", clip, "--save", "jsonl", "--no-fit", "--force")[0] == 0
    tracks = read_tracks(tmp_path / "clip_faces.jsonl")
    assert tracks.header.details["fit"] is False
    assert next(iter(tracks)).faces[0].fit is None


@pytest.mark.parametrize(
    ("camera", "match"),
    [
        ({"K": [[1e-9, 0, 320], [0, 1e-9, 240], [0, 0, 1]]}, "sees 180 degrees of a 640x480"),
        ({"K": [[600, 0, 160], [0, 600, 120], [0, 0, 1]]}, "far from the middle of a 640x480"),
        ({"K": [[600, 0, 320], [0, 600, 180], [0, 0, 1]], "size": [640, 360]}, "640x360, not of"),
    ],
)
def test_a_camera_of_other_pictures_stops_the_run(run, folder, tmp_path, camera, match):
    (tmp_path / "K.json").write_text(json.dumps(camera))
    code, _, err = run("track", folder / "clip.mp4", "--save", "jsonl", "--camera", "K.json")
    assert (code, match in err) == (1, True), err
    assert not (tmp_path / "clip_faces.jsonl").exists()
    code, _, err = run("fit", folder / "a.png", "--camera", "K.json")
    assert (code, match in err) == (1, True), err


def test_a_clip_of_another_shape_does_not_stop_the_others(run, folder, tmp_path):
    (tmp_path / "K.json").write_text('{"K": [[600, 0, 320], [0, 600, 240], [0, 0, 1]]}')
    Path("parts").mkdir()
    for k in range(2):
        cv2.imwrite(f"parts/{k}.png", sure(cv2.imread(str(folder / "a.png")))[:, 140:500])
    with VideoSink("odd.mp4") as sink:
        for k in range(3):
            sink.write(np.full((96, 64, 3), 90, np.uint8), k / 25)
    given = ("--save", "jsonl", "--camera", "K.json")
    for odd in (["odd.mp4"], ["parts", "--sequence"]):
        shutil.copy(folder / "clip.mp4", "clip.mp4")
        code, out, err = run("track", *odd, "clip.mp4", *given, "--force")
        said = " ".join(err.split())
        assert (code, "clip_faces.jsonl" in out) == (1, True), said
        assert "1 of the sources failed" in said
        assert f"{odd[0]}: camera: its axis at (320.5, 240.5) is far from the middle" in said
    assert len(list(read_tracks(tmp_path / "clip_faces.jsonl"))) == 60


def test_photos_that_the_camera_cannot_have_taken_keep_their_points(run, folder, tmp_path):
    (tmp_path / "K.json").write_text('{"K": [[600, 0, 320], [0, 600, 240], [0, 0, 1]]}')
    Path("photos").mkdir()
    image = sure(cv2.imread(str(folder / "a.png")))
    for name, picture in {"a": image, "b": np.rot90(image), "c": image[:, 140:500]}.items():
        cv2.imwrite(f"photos/{name}.png", picture)
    cv2.imwrite("photos/d.png", image)
    code, _, err = run("track", "photos", "--save", "jsonl", "--camera", "K.json")
    said = " ".join(err.split())
    assert code == 0, said
    assert said.count("warning") == 1
    assert "2 of 4 pictures got no head, the camera cannot be theirs; the first: camera:" in said
    frames = list(read_tracks(tmp_path / "photos_faces.jsonl"))
    assert len(frames) == 4
    a, c, d = (frames[k].faces[0] for k in (0, 2, 3))
    assert [face.fit is None for face in (a, c, d)] == [False, True, False]
    assert len(c.mesh) == 478
    assert (a.pose.matrix is None, c.pose.matrix is None) == (False, True)


@pytest.mark.parametrize("fov", [1, 170])
def test_photos_take_the_bounds_of_fov(run, folder, fov):
    _, _, err = run("fit", folder / "a.png", "--fov", fov)
    assert "expected 1 to 170" not in err


def test_a_camera_of_larger_pictures_is_brought_to_theirs(run, folder, tmp_path):
    large = {"K": [[1200, 0, 639.5], [0, 1200, 479.5], [0, 0, 1]], "size": [1280, 960]}
    (tmp_path / "K.json").write_text(json.dumps(large))
    run("track", folder / "clip.mp4", "--save", "jsonl", "--camera", "K.json")
    tracks = read_tracks(tmp_path / "clip_faces.jsonl")
    assert tracks.header.details["camera"]["size"] == [1280, 960]
    K = sure(next(iter(tracks)).faces[0].fit).camera.K
    assert K.tolist() == [[600, 0, 320], [0, 600, 240], [0, 0, 1]]


def test_track_says_in_how_many_frames_a_head_fits(run, folder):
    _, _, err = run("track", folder / "clip.mp4", "--save", "jsonl")
    assert "head fitted in 60 of 60" in err
    assert "no head fits" not in err
    _, _, err = run("track", folder / "clip.mp4", "--save", "jsonl", "--force", "--offline")
    assert "head fitted in 60 of 60" in err
    _, _, err = run("track", folder / "clip.mp4", "--save", "jsonl", "--force", "--no-fit")
    assert "head" not in err


def test_track_warns_when_no_head_fits(run, folder, monkeypatch):
    monkeypatch.setattr(FaceFitter, "__call__", lambda *_: None)
    code, _, err = run("track", folder / "clip.mp4", "--save", "jsonl")
    assert (code, "head fitted in 0 of 60" in err) == (0, True)
    assert "warning: no head fits; is --camera or --fov that of these pictures?" in err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--fov", "200"], "field of view"),
        (["--ipd", "1"], "ipd: expected 4.0 to 8.5"),
        (["--camera", "none.json"], "none.json: cannot be read"),
        (["--profile", "none.json"], "none.json: cannot be read"),
        (["--profile", "1=none.json"], "none.json: cannot be read"),
        (["--profile", "a.json", "--profile", "1=b.json"], "expected ID=FILE for each"),
        (["--no-fit", "--fov", "50"], "no effect with fit=False"),
    ],
)
def test_track_refuses_what_makes_no_sense(run, folder, options, match):
    code, _, err = run("track", folder / "clip.mp4", "--save", "jsonl", *options)
    assert (code, match in " ".join(err.split())) == (1, True)
