"""`bauta track --resume`, `--show` and `--page` from the command line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from bauta.cli.journal import NAME, Journal
from bauta.demo import clip_path
from bauta.records import read_tracks
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
        lambda: Path("a.mp4").write_bytes(Path("b.mp4").read_bytes() + b"\0" * 8),
    ],
    ids=["a result is gone", "the clip has changed"],
)
def test_what_is_no_longer_so_is_done_over(run, clips, change):
    for name in ("a.mp4", "b.mp4"):
        Path(name).write_bytes((clips / name).read_bytes())
    command = ("track", "a.mp4", "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    change()
    code, _, err = run(*command)
    assert code == 0, err
    assert "is done already" not in err


def test_other_settings_are_another_job(run, clips):
    command = ("track", clips / "a.mp4", "-o", "out", "--save", "jsonl", "--resume")
    assert run(*command)[0] == 0
    code, _, err = run(*command, "--model", "nano")
    assert code == 0
    assert "is done already" not in err
    assert read_tracks("out/a_faces.jsonl").header.model == "nano"


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
