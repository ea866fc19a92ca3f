"""`bauta track --resume`, `--show` and `--page` from the command line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta.assets.store import load_card, read_model
from bauta.cli import jobs
from bauta.cli.journal import NAME, Journal
from bauta.demo import clip_path
from bauta.records import read_tracks
from bauta.tracker import Tracker
from bauta.video import VideoSink, open_video


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """A folder of three short clips."""
    folder = tmp_path_factory.mktemp("clips")
    images = [frame.image for frame in open_video(clip_path()) if frame.index < 4]
    for name in ("a", "b", "c"):
        with VideoSink(folder / f"{name}.mp4") as sink:
            for k, image in enumerate(images):
                sink.write(image, k / 25)
    return folder


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*_faces.jsonl")}


def test_what_is_done_is_left_out_and_the_rest_is_done(run, clips):
    command = ("track", clips, "-o", "out", "--save", "jsonl,csv", "--resume")
    assert run("track", clips / "a.mp4", *command[2:])[0] == 0
    first = stamps(Path("out"))
    code, out, err = run(*command)
    assert code == 0, err
    assert "a.mp4: is done already" in err
    assert "a_faces" not in out
    assert stamps(Path("out")).items() >= first.items()
    assert len(stamps(Path("out"))) == 3
    code, out, err = run(*command)
    assert (code, out) == (0, "")
    assert err.count("is done already") == 3


def test_what_was_interrupted_is_done_over(run, clips):
    """A run that was killed has begun, not finished: its results are replaced without --force."""
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    journal = Path("out", NAME)
    lines = journal.read_text().splitlines()
    kept = [line for line in lines if line and not json.loads(line)["done"]]
    journal.write_text("\n".join([*kept, lines[-1][:40]]))  # the last line was cut off
    Path("out/a_faces.jsonl").write_text("half a line")
    code, _, err = run(*command)
    assert code == 0, err
    assert len(list(read_tracks("out/a_faces.jsonl"))) == 4
    assert "is done already" in run(*command)[2]


@pytest.mark.parametrize(
    "change",
    [
        lambda: Path("out/a_faces.jsonl").unlink(),
        lambda: Path("out/a_faces.jsonl").write_bytes(b""),
        lambda: Path("out/a_faces/frame_000001.png").unlink(),
        lambda: Path("out/a_faces/frame_000001.png").write_bytes(b""),
        lambda: Path("a.mp4").write_bytes(Path("b.mp4").read_bytes() + b"\0" * 8),
    ],
    ids=["no result", "an empty one", "a frame is gone", "an empty frame", "another clip"],
)
def test_what_is_no_longer_so_is_done_over(run, clips, change):
    for name in ("a.mp4", "b.mp4"):
        Path(name).write_bytes((clips / name).read_bytes())
    command = ("track", "a.mp4", "-o", "out", "--save", "jsonl,png", "--resume")
    assert run(*command)[0] == 0
    assert "is done already" in run(*command)[2]
    change()
    code, _, err = run(*command)
    assert code == 0, err
    assert "is done already" not in err
    assert "is done already" in run(*command)[2]


def test_other_settings_are_another_job(run, clips):
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    code, _, err = run(*command, "--model", "nano")
    assert code == 0
    assert "is done already" not in err
    assert read_tracks("out/a_faces.jsonl").header.model == "nano"


def test_results_of_another_clip_of_the_same_name_are_never_replaced(run, clips):
    for folder, clip in (("A", "a.mp4"), ("B", "b.mp4")):
        Path(folder).mkdir()
        Path(folder, "clip.mp4").write_bytes((clips / clip).read_bytes())
    options = ("-o", "rs", "--save", "jsonl", "--resume")
    assert run("track", "A/clip.mp4", *options)[0] == 0
    before = stamps(Path("rs"))
    for _ in range(2):
        code, out, err = run("track", "B/clip.mp4", *options)
        assert (code, out) == (1, "")
        assert f"holds the results of {Path('A/clip.mp4').absolute()}" in err
        assert "--out" in err
        assert stamps(Path("rs")) == before
    assert "is done already" in run("track", "A/clip.mp4", *options)[2]
    assert run("track", "B/clip.mp4", *options, "--force")[0] == 0
    code, _, err = run("track", "A/clip.mp4", *options)
    assert code == 1  # its results are gone, so it is not done, and those there are another's
    assert f"holds the results of {Path('B/clip.mp4').absolute()}" in err


def test_settings_that_come_back_are_done_over_when_their_results_were_replaced(run, clips):
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "video", "--resume", "--draw")
    videos = []
    for draw in ("mesh", "none", "mesh"):
        code, _, err = run(*command, draw)
        assert code == 0, err
        assert "is done already" not in err
        videos.append(Path("out/a_faces.mp4").read_bytes())
    assert videos[0] != videos[1] != videos[2]
    assert "is done already" in run(*command, "mesh")[2]


def own_model(name: str) -> None:
    Path("my.onnx").write_bytes(read_model(name))


def test_another_model_of_the_same_name_is_another_job(run, clips):
    own_model("nano")
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "csv", "--resume", "--model")
    assert run(*command, "my.onnx")[0] == 0
    before = Path("out/a_faces.csv").read_text()
    own_model("base")
    code, _, err = run(*command, "my.onnx")
    assert code == 0, err
    assert Path("out/a_faces.csv").read_text() != before


@pytest.mark.parametrize("what", ["version of bauta", "weights"])
def test_what_another_bauta_did_is_done_over(run, clips, monkeypatch, what):
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "csv", "--resume")
    assert run(*command)[0] == 0
    if what == "weights":
        card = replace(load_card("detector"), sha256="another")
        cards = {"detector": card, "face": load_card("face")}
        monkeypatch.setattr(jobs, "load_card", cards.__getitem__)
    else:
        monkeypatch.setattr("bauta.__version__", "9")
    assert "is done already" not in run(*command)[2]
    assert "is done already" in run(*command)[2]


def test_parts_of_a_run_that_was_not_this_job_are_never_replaced(run, clips):
    kept = Path("out/a_faces.npz.parts/time.npy")
    kept.parent.mkdir(parents=True)
    kept.write_text("precious")
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "jsonl,npz", "--resume")
    code, _, err = run(*command)
    assert code == 1
    assert "a_faces.npz.parts: holds what an interrupted run wrote" in err
    assert kept.read_text() == "precious"
    assert not stamps(Path("out"))  # nor was anything else made


@pytest.mark.parametrize("source", ["shots", "shots/*"])
def test_a_picture_that_has_changed_in_its_folder_is_looked_at_again(run, clips, source):
    Path("shots").mkdir()
    frames = [frame.image for frame in open_video(clips / "a.mp4")]
    for k, image in enumerate(frames[:2]):
        cv2.imwrite(f"shots/{k}.png", image)
    command = ("track", source, "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    assert "is done already" in run(*command)[2]
    cv2.imwrite("shots/1.png", frames[3][::2, ::2])
    code, _, err = run(*command)
    assert code == 0, err
    assert "is done already" not in err


def test_a_clip_that_grew_while_it_was_followed_is_not_done(run, clips, monkeypatch):
    clip = Path("a.mp4")
    clip.write_bytes((clips / "a.mp4").read_bytes())
    real = jobs.Following.tracker

    def tracker(self: jobs.Following) -> Tracker:
        clip.write_bytes((clips / "a.mp4").read_bytes() + b"\0" * 8)
        return real(self)

    monkeypatch.setattr(jobs.Following, "tracker", tracker)
    command = ("track", clip, "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    assert "is done already" not in run(*command)[2]


def test_files_that_this_job_did_not_make_are_never_replaced(run, clips):
    Path("out").mkdir()
    Path("out/a_faces.jsonl").write_text("precious")
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "jsonl", "--resume")
    for _ in range(2):  # nor by the second try
        code, _, err = run(*command)
        assert code == 1
        assert "--force" in err
        assert Path("out/a_faces.jsonl").read_text() == "precious"


def test_stdout_cannot_be_gone_on_with(run, clips):
    code, _, err = run("track", clips / "a.mp4", "-o", "-", "--resume")
    assert code == 1
    assert "--resume: needs a folder" in err
    assert not Path("-").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_job_goes_on(clips, tmp_path):
    long = tmp_path / "z.mp4"
    long.write_bytes(Path(clip_path()).read_bytes())
    command = [sys.executable, "-m", "bauta", "track", str(clips / "a.mp4"), str(long)]
    command += ["-o", str(tmp_path / "out"), "--save", "jsonl,npz", "--resume"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        lines = tmp_path / "out" / "z_faces.jsonl"
        limit = time.monotonic() + 60
        while time.monotonic() < limit and not (
            lines.exists() and lines.read_bytes().count(b"\n") > 5
        ):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    journal = Journal(tmp_path / "out", {})
    assert len(journal.path.read_text().split('"done": true')) == 2
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "a.mp4: is done already" in done.stderr
    assert len(list(read_tracks(lines))) == 220
    with np.load(tmp_path / "out" / "z_faces.npz") as arrays:
        assert len(arrays["time"]) == 220


def test_a_page_shows_the_run_and_writes_nothing(tmp_path):
    command = [sys.executable, "-m", "bauta", "track", str(clip_path())]
    command += ["-o", str(tmp_path), "--save", "none", "--page", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"to look at: (http://127\.0\.0\.1:\d+/\S+/)", process.stderr.readline())
        assert found
        numbers: dict = {}
        limit = time.monotonic() + 60
        while (numbers.get("frame") or 0) < 5 and time.monotonic() < limit:
            with urllib.request.urlopen(found[1] + "numbers", timeout=20) as answer:
                numbers = json.loads(answer.read())
        assert numbers["faces"][0]["expressions"]
        process.stderr.read()
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_cannot_be_is_one_error(run, clips):
    code, _, err = run("track", clips / "a.mp4", "--page", 70000)
    assert code == 1
    assert "--page: port 70000 cannot be used" in err
    assert not list(Path().iterdir())


def test_a_closed_window_ends_the_run_in_order(run, clips, monkeypatch):
    from bauta.view import window

    real = subprocess.Popen

    def popen(command: list[str], **more: object) -> object:
        code = "import sys; print('ready', flush=True); sys.stdin.buffer.read(100)"
        return real([sys.executable, "-c", code], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(window.subprocess, "Popen", popen)
    code, _, err = run("track", clip_path(), "--save", "jsonl", "--show")
    assert code == 0, err
    assert "the window was closed; what was written until now is kept" in err
    assert 0 < len(list(read_tracks("clip_faces.jsonl"))) < 220
