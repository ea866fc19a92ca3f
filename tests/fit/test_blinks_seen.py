"""Blinks of the two clips, marked frame by frame by eye, against what the tracker reports."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import bauta
from bauta.checks import SourceError
from bauta.data.teachers import data_root

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
TOLERANCE = 3
"""Frames between the marked and the found moment of most closed eyes."""


def marks(clip: str) -> tuple[list[int], list[int]]:
    """Closed frames of (sure, doubtful) blinks."""
    lines = (Path(__file__).parent / f"blinks_{clip}.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    sure = [int(row["frame"]) for row in rows if row["sure"] == "1"]
    return sure, [int(row["frame"]) for row in rows if row["sure"] == "0"]


def found(path: Path) -> tuple[list[int], np.ndarray]:
    """Frames in which the eyes were most closed, of the blinks that the tracker reports, and the
    mean eyeBlink of every frame."""
    times, blinks, closed = [], [], []
    with bauta.Tracker() as tracker:
        for frame in bauta.open_video(str(path)):
            times.append(frame.time)
            faces = tracker(frame)
            blinks += [face.blink.closed for face in faces if face.blink]
            weights = [face.blendshapes[name] for face in faces for name in BLINKS]
            closed.append(np.mean(weights) if weights else 0.0)
    seen = [min(range(len(times)), key=lambda k: abs(times[k] - blink)) for blink in blinks]
    return seen, np.array(closed)


def counts(seen: list[int], sure: list[int], doubtful: list[int]) -> tuple[int, int, int]:
    """(true, false, missed); a doubtful blink is neither."""
    near = lambda frame, list_: [one for one in list_ if abs(one - frame) <= TOLERANCE]  # noqa: E731
    true = sum(1 for blink in sure if near(blink, seen))
    false = sum(1 for frame in seen if not near(frame, sure) and not near(frame, doubtful))
    return true, false, len(sure) - true


def test_counting_by_hand():
    assert counts([10, 31, 77], [11, 30, 50], [78]) == (2, 0, 1)
    assert counts([10, 20], [11], []) == (1, 1, 0)


def test_nine_blinks_in_ten_are_found_and_true_and_shut_the_eyes():
    try:
        folder = data_root() / "videos"
    except SourceError:
        folder = Path("none")
    if not folder.is_dir():
        pytest.skip("needs the clips of the training data (BAUTA_DATA)")
    total, shut = [0, 0, 0], []
    for clip in ("webcam", "talking"):
        seen, closed = found(folder / f"{clip}.mp4")
        sure, doubtful = marks(clip)
        total = [a + b for a, b in zip(total, counts(seen, sure, doubtful), strict=True)]
        shut += [closed[max(k - TOLERANCE, 0) : k + TOLERANCE + 1].max() for k in sure]
        assert np.median(closed) < 0.1
    true, false, missed = total
    assert 2 * true / (2 * true + false + missed) >= 0.9, total
    assert np.median(shut) > 0.9
    assert min(shut) > 0.6
