"""When there is no room left: one error, exit code 1, and what was written stays good."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from pyarrow import parquet

from bauta.checks import SinkError
from bauta.demo import clip_path
from bauta.records import parquet as tables
from bauta.records import read_tracks
from bauta.video import VideoSink
from bauta.video.fragments import check_end
from bauta.video.source import open_video

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs RLIMIT_FSIZE, /dev/full"
)

FRAMES = 12
FASTER = ["--model", "nano", "--no-fit", "--filter", "none"]
LIMITED = """
import resource, sys
from bauta import cli
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
cli.main()
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """The first frames of the demo clip."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoSink(path) as sink:
        for frame in islice(open_video(clip_path()), FRAMES):
            sink.write(frame.image, frame.time)
    return path


def child(command: Sequence[object], clip: Path, out: Path, kinds: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    words = [*command, "track", clip, *FASTER, "-o", out, "--save", kinds]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def check_error(done: tuple[int, str, str], why: str) -> None:
    code, _, err = done
    assert code == 1, err
    assert err.count("bauta:") == 1
    assert f"cannot be written: {why}; free some space" in err
    assert "Traceback" not in err


def check_good(folder: Path, kind: str) -> int:
    """The number of frames that are left; all of them whole."""
    stem = folder / "clip_faces"
    if kind == "jsonl":
        tracks = read_tracks(f"{stem}.jsonl")
        count = len(list(tracks))
        assert not tracks.truncated  # the line that did not fit was taken back
        return count
    if kind == "csv":
        text = Path(f"{stem}.csv").read_text()
        assert text.endswith("\n")
        assert len({line.count(",") for line in text.splitlines()}) == 1
        return len(text.splitlines()) - 1
    if kind == "png":
        pictures = [cv2.imread(str(path)) for path in stem.iterdir()]
        assert all(picture is not None for picture in pictures)
        return len(pictures)
    if kind == "video":
        return len(list(open_video(f"{stem}.mp4")))
    parts = Path(f"{stem}.{kind}.parts")
    whole = Path(f"{stem}.{kind}")
    assert not (whole.exists() and parts.exists())
    if kind == "parquet":
        there = [path for path in (whole, parts) if path.exists()]
        return parquet.read_table(there[0]).num_rows if there else 0
    if whole.exists():
        arrays = dict(np.load(whole))
    else:
        arrays = {path.stem: np.load(path) for path in parts.iterdir()}
    assert len(arrays["time"]) == len(arrays["mesh"]) == len(arrays["id"])
    return len(arrays["time"])


@pytest.mark.parametrize(
    ("kind", "limit", "at_least"),
    [
        ("jsonl", 200_000, 5),
        ("csv", 20_000, 5),
        ("video", 300_000, 25),
        ("npz", 100_000, 10),
        ("parquet", 1_000, 0),  # nor is there room for an empty table
        ("png", 100_000, 0),  # every frame is larger
    ],
)
def test_files_that_may_not_grow(tmp_path, kind, limit, at_least):
    done = child([sys.executable, "-c", LIMITED, limit], clip_path(), tmp_path, kind)
    check_error(done, "File too large")
    assert at_least <= check_good(tmp_path, kind) < 220
    assert not list(tmp_path.rglob(".*"))
    if kind == "npz":
        parts = tmp_path / "clip_faces.npz.parts"
        assert f"{parts} holds what could be written" in done[2]
        assert done[1].split() == [str(parts)]
    elif kind == "parquet":
        assert not list(tmp_path.iterdir())  # nor an empty folder in the way of the next run


def test_parts_that_cannot_be_put_together_stay_and_are_named(run, clip, monkeypatch):
    def fail(self: object) -> None:
        raise SinkError("clip_faces.parquet: cannot be written: a stand-in; free some space")

    monkeypatch.setattr(tables.ParquetWriter, "_put_together", fail)
    done = run("track", clip, *FASTER, "--save", "parquet")
    check_error(done, "a stand-in")
    assert "clip_faces.parquet.parts holds what could be written" in done[2]
    assert done[1].split() == ["clip_faces.parquet.parts"]
    assert parquet.read_table("clip_faces.parquet.parts").num_rows == FRAMES
    assert os.listdir() == ["clip_faces.parquet.parts"]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "video"])
def test_a_device_that_is_always_full(run, clip, kind):
    name = "clip_faces.mp4" if kind == "video" else f"clip_faces.{kind}"
    Path(name).symlink_to("/dev/full")
    done = run("track", clip, *FASTER, "--force", "--save", kind)
    check_error(done, "No space left on device")
    assert f"bauta: {name}:" in done[2]


SMALL = """
mount -t tmpfs -o size=2500k none "$DISK" || exit 77
"$@"
code=$?
cp -r "$DISK/." "$COPY"
exit $code
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_a_full_disk_under_all_sinks_at_once(tmp_path, monkeypatch):
    """A file system of its own, in memory, with room for the first frames."""
    for name in ("disk", "copy"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name.upper(), str(tmp_path / name))
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL, "sh"]
    kinds = ["video", "jsonl", "csv", "npz", "parquet", "png"]
    command = [*alone, sys.executable, "-m", "bauta"]
    done = child(command, clip_path(), tmp_path / "disk", ",".join(kinds))
    if done[0] == 77 or "unshare" in done[2]:
        pytest.skip("this system does not allow a file system of one's own")
    check_error(done, "No space left on device")
    left = {kind: check_good(tmp_path / "copy", kind) for kind in kinds}
    assert min(left["jsonl"], left["csv"], left["npz"], left["png"]) >= 1, left
    assert not list((tmp_path / "copy").rglob(".*"))


@pytest.mark.parametrize("lost", [1, 20, 10_000])
def test_a_video_whose_last_bytes_are_missing_is_known(clip, tmp_path, lost):
    """FFmpeg says nothing when the last writes of a file fail."""
    path = Path(shutil.copy(clip, tmp_path))
    check_end(path)
    os.truncate(path, path.stat().st_size - lost)
    with pytest.raises(OSError, match="error"):
        check_end(path)
