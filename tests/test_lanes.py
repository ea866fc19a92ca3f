"""What `bauta track` does after each of several sources."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bauta.cli import lanes
from bauta.records import read_tracks
from bauta.video import VideoSink


def test_freed_memory_is_handed_back_after_each_source_also_a_failed_one(run, monkeypatch):
    for name in ("a.mp4", "c.mp4"):
        with VideoSink(name) as sink:
            for k in range(2):
                sink.write(np.full((64, 64, 3), 128, np.uint8), k / 25)
    Path("b.mp4").write_text("not a video")
    there: list[dict[str, int]] = []

    def give_back() -> None:
        found = Path().glob("*_faces.jsonl")
        there.append({path.name: len(list(read_tracks(path))) for path in found})

    monkeypatch.setattr(lanes, "give_memory_back", give_back)
    code, _, err = run("track", "a.mp4", "b.mp4", "c.mp4", "--save", "jsonl", "--model", "nano")
    assert code == 1
    assert "1 of the sources failed" in err
    a = {"a_faces.jsonl": 2}
    assert there == [a, a, a | {"c_faces.jsonl": 2}]  # each time after the results were closed


@pytest.mark.parametrize(
    ("platform", "library", "calls"),
    [("linux", "glibc", [0]), ("linux", "musl", []), ("darwin", "glibc", [])],
)
def test_only_glibc_is_asked_for_it(monkeypatch, platform, library, calls):
    asked: list[int] = []
    known = SimpleNamespace(malloc_trim=asked.append) if library == "glibc" else SimpleNamespace()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: known)
    monkeypatch.setattr(sys, "platform", platform)
    lanes.give_memory_back()
    assert asked == calls
