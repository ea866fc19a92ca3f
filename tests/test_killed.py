"""kill -9 at random moments: every output keeps what was written but for what is in flight."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from pyarrow import parquet

from bauta.checks import SourceError
from bauta.demo import clip_path
from bauta.overlap import DEPTH
from bauta.records import read_tracks
from bauta.records.arrays import FRAME_COLUMNS
from bauta.video import open_video

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

KINDS = "video,jsonl,csv,npz,parquet,png"
IN_FLIGHT = 2 * (DEPTH + 1) + 1
"""Frames by which two outputs may differ: pictures go through two threads, each with its queue and
the frame at hand."""
FRAGMENT = 60
"""Frames that the video may owe: a fragment of a second, twice what the encoder holds back."""
PART = 3.0
"""Seconds that Parquet may owe: a part every second, and a machine that is busy."""


@dataclass
class Killed:
    """A run of `bauta track` with every output, killed when JSONL had so many frames."""

    folder: Path
    after: int
    seen: list[tuple[float, int]] = field(default_factory=list)
    """Moments, and the frames in JSONL then."""

    def run(self) -> None:
        command = [sys.executable, "-m", "bauta", "track", str(clip_path()), "--save", KINDS]
        command += ["-o", str(self.folder), "--model", "nano", "--no-fit", "--filter", "none"]
        limit = time.monotonic() + 120
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            while self.frames() < self.after:
                assert process.poll() is None, "it ended before it was killed"
                assert time.monotonic() < limit
                time.sleep(0.01)
            process.kill()
        self.frames()

    def frames(self) -> int:
        path = self.folder / "clip_faces.jsonl"
        count = path.read_bytes().count(b"\n") - 1 if path.exists() else 0
        self.seen.append((time.monotonic(), count))
        return count

    def before(self, seconds: float) -> int:
        """Frames in JSONL so long before the kill."""
        killed = self.seen[-1][0]
        return max((count for moment, count in self.seen if moment <= killed - seconds), default=0)


def arrays_in(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of an unfinished .npz, all of them with the rows of its whole frames."""
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    frames = len(arrays["time"])
    faces = int((arrays["frame"] < frames).sum())
    for name, values in arrays.items():
        if name != "header":
            assert len(values) >= (frames if name in FRAME_COLUMNS else faces), name
    return arrays


def decoded(path: Path) -> int:
    count = 0
    with suppress(SourceError):  # in the middle of a fragment
        for _ in open_video(path):
            count += 1
    return count


def check(killed: Killed) -> dict[str, int]:
    """Every output is whole up to what was in flight; returns how many frames each has lost."""
    stem = str(killed.folder / "clip_faces")
    tracks = list(read_tracks(f"{stem}.jsonl"))
    count = len(tracks)
    faced = [frame.index for frame in tracks if frame.faces]
    arrays = arrays_in(Path(f"{stem}.npz.parts"))
    pictures = sorted(Path(stem).glob("frame_*.png"))
    assert all(cv2.imread(str(path)) is not None for path in pictures)
    for found in ([frame.index for frame in tracks], arrays["index"], pictures):
        assert count - len(found) <= IN_FLIGHT
    assert arrays["index"].tolist() == list(range(len(arrays["index"])))
    assert [path.stem for path in pictures] == [f"frame_{k:06d}" for k in range(len(pictures))]
    text = Path(f"{stem}.csv").read_text().rpartition("\n")[0]  # a line cut off does not count
    rows = [int(line.partition(",")[0]) for line in text.splitlines()[1:]]
    parts = sorted(Path(f"{stem}.parquet.parts").glob("part-*"))
    table = parquet.read_table(parts)["frame"].to_pylist() if parts else []
    for found, owed in ((rows, count - IN_FLIGHT), (table, killed.before(PART) - IN_FLIGHT)):
        both = min(len(found), len(faced))
        assert found[:both] == faced[:both]
        assert len(found) >= sum(index < owed for index in faced)
    video = decoded(Path(f"{stem}.mp4")) if count > FRAGMENT else 0
    assert video >= count - FRAGMENT
    return {
        "npz": count - len(arrays["index"]),
        "png": count - len(pictures),
        "csv": len(faced) - len(rows),
        "parquet": len(faced) - len(table),
        "video": count - video,
    }


def test_kill_9_at_random_moments_loses_what_is_in_flight(tmp_path):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for low in (3, 50, 100):
        killed = Killed(tmp_path / str(low), chance.randint(low, low + 40))
        sys.stdout.write(f"seed {seed}: kill at {killed.after}\n")
        killed.run()
        sys.stdout.write(f"killed at {killed.seen[-1][1]}, lost {check(killed)}\n")
