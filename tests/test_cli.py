"""The command line as a user meets it: files, exit codes, what goes to which stream."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from bauta.checks import SinkError
from bauta.demo.run import CLIP
from bauta.records import read_tracks
from bauta.video import PngSink, VideoSink, open_video

FRAMES = 12


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """The first frames of the demo clip."""
    path = tmp_path_factory.mktemp("clip") / "face.mp4"
    with VideoSink(path) as sink:
        for frame in open_video(CLIP):
            if frame.index == FRAMES:
                break
            sink.write(frame.image, frame.time)
    return path


def decoded(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_track_writes_every_kind_and_names_them_on_stdout(run, clip):
    code, out, err = run("track", clip, "-o", "out", "--save", "video,jsonl,csv,npz,png")
    assert code == 0, err
    assert out.split() == [f"out/face_faces{end}" for end in (".mp4", ".jsonl", ".csv", ".npz", "")]
    assert f"{FRAMES} frames, a face in {FRAMES}" in err
    assert decoded(Path("out/face_faces.mp4")) == FRAMES
    tracks = list(read_tracks(Path("out/face_faces.jsonl")))
    assert [len(frame.faces) for frame in tracks] == [1] * FRAMES
    with open("out/face_faces.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == FRAMES
    with np.load("out/face_faces.npz") as arrays:
        assert arrays["mesh"].shape == (FRAMES, 478, 3)
    assert len(list(Path("out/face_faces").glob("*.png"))) == FRAMES
    written = tracks[3].faces[0].points68
    assert float(rows[3]["x30"]) == pytest.approx(written[30, 0], abs=0.01)


def test_the_overlay_is_drawn_where_the_face_is(run, clip):
    run("track", clip, "-o", "out")
    with open_video(clip) as before, open_video(Path("out/face_faces.mp4")) as after:
        plain, drawn = next(iter(before)).image, next(iter(after)).image
    changed = np.abs(plain.astype(int) - drawn).max(-1) > 60
    (first,) = next(iter(read_tracks(Path("out/face_faces.jsonl")))).faces
    x1, y1, x2, y2 = first.box.astype(int)
    assert changed[y1:y2, x1:x2].mean() > 0.03
    assert changed[300:, :150].mean() < 0.001


def test_a_photo_gives_a_picture_and_a_record(run, clip):
    image = next(iter(open_video(clip))).image
    cv2.imwrite("photo.jpg", image[..., ::-1])
    code, out, _ = run("track", "photo.jpg")
    assert code == 0
    assert out.split() == ["photo_faces", "photo_faces.jsonl"]
    assert len(list(Path("photo_faces").glob("*.png"))) == 1


def test_no_face_is_a_valid_empty_result(run):
    with VideoSink("grey.mp4") as sink:
        for i in range(5):
            sink.write(np.full((120, 160, 3), 128, np.uint8), i / 25)
    code, _, err = run("track", "grey.mp4", "-o", "out", "--save", "video,jsonl,csv,npz")
    assert code == 0
    assert "a face in 0" in err
    assert [len(frame.faces) for frame in read_tracks(Path("out/grey_faces.jsonl"))] == [0] * 5
    assert len(Path("out/grey_faces.csv").read_text().splitlines()) == 1
    with np.load("out/grey_faces.npz") as arrays:
        assert len(arrays["mesh"]) == 0


def test_what_came_before_a_cut_is_delivered_then_one_error(run, clip):
    """The index at the front, half of the frames gone."""
    whole = Path("whole.mp4")
    with (
        av.open(str(clip)) as source,
        av.open(str(whole), "w", options={"movflags": "faststart"}) as sink,
    ):
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                sink.mux(packet)
    data = whole.read_bytes()
    Path("cut.mp4").write_bytes(data[: int(len(data) * 0.7)])
    code, _, err = run("track", "cut.mp4", "-o", "out", "--save", "jsonl,video")
    assert code == 1
    assert len([line for line in err.splitlines() if line.startswith("bauta:")]) == 1
    tracks = list(read_tracks(Path("out/cut_faces.jsonl")))
    assert 0 < len(tracks) < FRAMES
    assert decoded(Path("out/cut_faces.mp4")) == len(tracks)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: None, "no such file"),
        (lambda: Path("in.mp4").write_bytes(b""), "empty"),
        (lambda: Path("in.mp4").write_text("hello"), "not a readable video"),
    ],
    ids=["missing", "empty", "text named .mp4"],
)
def test_a_bad_input_is_one_clear_error(run, make, match):
    make()
    code, out, err = run("track", "in.mp4", "-o", "out")
    assert (code, out) == (1, "")
    assert err.startswith("bauta: in.mp4")
    assert match in err
    assert not list(Path("out").glob("*"))


def test_a_folder_without_pictures_is_an_error(run):
    Path("empty").mkdir()
    code, _, err = run("track", "empty")
    assert code == 1
    assert "empty" in err


def test_an_existing_output_is_refused_and_replaced_with_force(run, clip):
    assert run("track", clip, "-o", "out", "--save", "csv")[0] == 0
    Path("out/face_faces.csv").write_text("precious")
    code, _, err = run("track", clip, "-o", "out", "--save", "csv")
    assert code == 1
    assert "--force" in err
    assert Path("out/face_faces.csv").read_text() == "precious"
    assert run("track", clip, "-o", "out", "--save", "csv", "--force")[0] == 0
    assert len(Path("out/face_faces.csv").read_text().splitlines()) == FRAMES + 1


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--model", "huge"], "unknown 'huge'; choose one of base, nano, small, or give a path"),
        (["--model", "detector"], "is for another task (detection, not landmarks); choose one"),
        (["--model", "face"], "is for another task (face model, not landmarks); choose one"),
        (["--model", "none.onnx"], "cannot read"),
        (["--filter", "median"], "unknown 'median'"),
        (["--save", "gif"], "unknown 'gif'"),
    ],
)
def test_an_unknown_option_names_the_known_ones(run, clip, options, match):
    code, _, err = run("track", clip, "-o", "out", *options)
    assert code == 1
    assert match in err


def test_a_corrupt_model_is_a_clear_error(run, clip):
    Path("broken.onnx").write_bytes(b"not a network" * 100)
    code, _, err = run("track", clip, "--model", "broken.onnx")
    assert code == 1
    assert "broken.onnx" in err
    assert "Traceback" not in err


def test_a_foreign_model_is_a_clear_error(run, clip):
    from importlib.resources import files

    model = files("bauta.assets.models").joinpath("detector.onnx").read_bytes()
    Path("foreign.onnx").write_bytes(model)
    code, _, err = run("track", clip, "--model", "foreign.onnx")
    assert code == 1
    assert "not a bauta landmark model" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_clear_error(run, clip):
    Path("out").mkdir()
    Path("out/face_faces.csv").symlink_to("/dev/full")
    code, _, err = run("track", clip, "-o", "out", "--save", "csv", "--force")
    assert code == 1
    assert "face_faces.csv" in err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_was_written_and_exits_130(tmp_path):
    command = [sys.executable, "-m", "bauta", "track", str(CLIP), "-o", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    records = tmp_path / "clip_faces.jsonl"
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if records.exists() and records.read_bytes().count(b"\n") > 10:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err
    count = len(list(read_tracks(records)))
    assert 9 < count < 220
    assert abs(decoded(tmp_path / "clip_faces.mp4") - count) <= 1


def test_the_main_job_opens_no_socket(run, clip, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was touched")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert run("track", clip, "-o", "out", "--save", "video,jsonl,csv,npz,png")[0] == 0


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_the_main_job_runs_where_there_is_no_network(clip, tmp_path):
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this system does not allow network namespaces")
    command = [sys.executable, "-m", "bauta", "track", str(clip), "-o", str(tmp_path)]
    done = subprocess.run([*alone, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_models_lists_what_ships(run):
    code, out, _ = run("models")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {
        "base",
        "detector",
        "face",
        "nano",
        "small",
    }
    card = json.loads(run("models", "base")[1])
    assert "research-only" in card["licence"]


def test_an_unknown_command_shows_usage_on_stderr(run):
    code, out, err = run("dance")
    assert (code, out) == (2, "")
    assert "Usage" in err


def pictures(clip: Path, folder: Path, count: int = 3) -> None:
    folder.mkdir()
    for frame in open_video(clip):
        if frame.index < count:
            cv2.imwrite(str(folder / f"frame_{frame.index:06d}.png"), frame.image[..., ::-1])


def test_pictures_that_are_read_are_never_written_over(run, clip):
    pictures(clip, Path("shots"))
    before = {path: path.read_bytes() for path in Path("shots").iterdir()}
    assert run("track", "shots", "--force")[0] == 0
    assert run("track", "shots/*", "--force")[0] == 0
    assert {path: path.read_bytes() for path in Path("shots").iterdir()} == before


def test_results_of_pictures_name_their_pictures(run, clip):
    pictures(clip, Path("shots"), 2)
    Path("shots/frame_000001.png").rename("shots/anna.png")
    run("track", "shots")
    names = [frame.name for frame in read_tracks(Path("shots_faces.jsonl"))]
    assert names == ["anna.png", "frame_000000.png"]
    drawn = sorted(path.name for path in Path("shots_faces").iterdir())
    assert drawn == ["frame_000000_anna.png", "frame_000001_frame_000000.png"]


def test_a_folder_that_is_read_is_never_a_folder_of_results(clip, tmp_path):
    pictures(clip, tmp_path / "shots")
    (tmp_path / "link").symlink_to("shots")
    before = {path: path.read_bytes() for path in (tmp_path / "shots").iterdir()}
    with pytest.raises(SinkError, match="holds the pictures that are read"):
        PngSink(tmp_path / "link", force=True, source_folder=tmp_path / "shots")
    assert {path: path.read_bytes() for path in (tmp_path / "shots").iterdir()} == before


def test_the_most_natural_command_works_beside_its_input(run, clip):
    shutil.copy(clip, "clip.mp4")
    code, out, err = run("track", "clip.mp4")
    assert code == 0, err
    assert out.split() == ["clip_faces.mp4", "clip_faces.jsonl"]


def test_one_refused_output_leaves_the_others_alone(run, clip):
    Path("out").mkdir()
    Path("out/face_faces.npz").write_text("precious")
    code, _, _ = run("track", clip, "-o", "out", "--save", "video,jsonl,csv,npz")
    assert code == 1
    assert [path.name for path in Path("out").iterdir()] == ["face_faces.npz"]


def test_a_file_in_place_of_the_folder_is_named(run, clip):
    Path("out").write_text("a file")
    code, _, err = run("track", clip, "-o", "out")
    assert code == 1
    assert "out: is a file" in err


def test_an_empty_list_of_outputs_is_refused(run, clip):
    code, _, err = run("track", clip, "--save", ",")
    assert code == 1
    assert "nothing named" in err


def test_settings_are_kept_with_the_tracks(run, clip):
    run("track", clip, "--save", "jsonl", "--model", "nano", "--filter", "none", "--faces", 2)
    header = json.loads(Path("face_faces.jsonl").read_text().splitlines()[0])
    assert header["model"] == "nano"
    assert (header["filter"], header["faces"], header["stills"]) == ("none", 2, False)


def test_the_filter_changes_the_points(run, clip):
    seen = []
    for kind in ("one_euro", "none"):
        run("track", clip, "-o", kind, "--save", "csv", "--filter", kind)
        seen.append(Path(kind, "face_faces.csv").read_text())
    assert seen[0] != seen[1]


def test_unrelated_pictures_are_not_smoothed_unless_they_are_a_sequence(run, clip):
    pictures(clip, Path("shots"), 4)
    run("track", "shots", "-o", "a", "--save", "csv")
    run("track", "shots", "-o", "b", "--save", "csv", "--sequence")
    rows = [Path(folder, "shots_faces.csv").read_text().splitlines()[1:] for folder in "ab"]
    assert rows[0][0].split(",")[4:] == rows[1][0].split(",")[4:]
    assert rows[0][3].split(",")[4:] != rows[1][3].split(",")[4:]


def test_several_faces_have_ids(run, clip):
    image = next(iter(open_video(clip))).image
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    with VideoSink("two.mp4") as sink:
        for i in range(6):
            sink.write(np.hstack([small, small]), i / 25)
    assert run("track", "two.mp4", "--faces", 3, "--save", "jsonl")[0] == 0
    ids = [[face.id for face in frame.faces] for frame in read_tracks(Path("two_faces.jsonl"))]
    assert ids == [[0, 1]] * 6


@pytest.mark.parametrize("name", ["a [b] c", "süß 顔", "[bold]x[red]"])
def test_strange_names_are_only_names(run, clip, name):
    shutil.copy(clip, f"{name}.mp4")
    code, out, err = run("track", f"{name}.mp4", "--save", "csv", "-o", name)
    assert code == 0, err
    assert out.strip() == f"{name}/{name}_faces.csv"


def test_a_camera_that_is_not_there_is_one_error(run):
    code, _, err = run("track", "99999999999999")
    assert code == 1
    assert err.startswith("bauta: camera 99999999999999")
