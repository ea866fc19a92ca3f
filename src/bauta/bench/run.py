"""Trackers in turn over one clip, each in a process of its own, and what came out side by side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import InputError
from bauta.eval import clips, predictions, steadiness
from bauta.eval.video import score_track

TRACK, RAW, STILL, RAW_STILL = "track", "raw", "still", "raw_still"
FLAGS = {TRACK: (), RAW: ("--raw",), STILL: ("--still",), RAW_STILL: ("--still", "--raw")}
COLUMNS = {
    "ms": "milliseconds a frame, median",
    "ms p95": "milliseconds a frame, 95th percentile",
    "MB": "peak memory of its process",
    "found": "frames with a face, percent",
    "jitter": "mean second difference of the inner 51, percent of the outer eye corners' distance",
    "lag": "frames behind the same tracker without its filter",
    "still, raw": "spread on noisy copies of one frame without its filter, percent",
    "still": "the same with its filter",
    "lids": "smallest lid gap of marked blinks over the open gap, median, percent",
    "lids, worst": "of the blink that is seen least, percent",
    "F1": "of blinks, against marked ones",
}
"""What is compared."""


@dataclass(frozen=True)
class Row:
    """Results of one tracker; what could not be measured is NaN."""

    tracker: str
    values: dict[str, float]


def plan(trackers: list[str], rounds: int) -> list[tuple[str, str, int]]:
    """(tracker, what, round) in the order in which they are run: trackers take turns."""
    timed = [(name, TRACK, turn) for turn in range(rounds) for name in trackers]
    return timed + [(name, kind, 0) for name in trackers for kind in (RAW, STILL, RAW_STILL)]


def run(
    clip: str,
    trackers: list[str],
    frames: int,
    rounds: int,
    out: Path,
    after: Callable[[int], None],
) -> None:
    """Run all; a file a run lies in `out` then. InputError, with its own words, when one fails."""
    out.mkdir(parents=True, exist_ok=True)
    for done, (name, kind, turn) in enumerate(plan(trackers, rounds), 1):
        target = file_of(out, name, kind, turn)
        command = [sys.executable, "-m", "bauta.bench.worker", name, clip, str(target)]
        command += ["--frames", str(frames), *FLAGS[kind]]
        alone = os.environ | {"OMP_NUM_THREADS": "1"}
        found = subprocess.run(command, capture_output=True, text=True, env=alone)
        if found.returncode:
            said = found.stderr.strip().splitlines() or ["it said nothing"]
            raise InputError(f"{name}: failed on {clip}: {said[-1].removeprefix('bauta: ')}")
        after(done)


def file_of(out: Path, tracker: str, kind: str, turn: int) -> Path:
    """Where a run's points and costs lie."""
    return out / f"{Path(tracker).stem}_{kind}_{turn}.npz"


def rows(trackers: list[str], rounds: int, out: Path, blinks: Path | None) -> Iterator[Row]:
    """Measure what was run."""
    for name in trackers:
        tracks = [file_of(out, name, TRACK, turn) for turn in range(rounds)]
        costs = [predictions.load(path).header for path in tracks]
        spent = np.concatenate([cost["milliseconds"] for cost in costs])
        values = {
            "ms": float(np.median(spent)),
            "ms p95": float(np.percentile(spent, 95)),
            "MB": float(max(cost["peak_mb"] for cost in costs)),
        }
        yield Row(
            name,
            values
            | _motion(tracks[0], file_of(out, name, RAW, 0), blinks)
            | {
                "still, raw": _spread(file_of(out, name, RAW_STILL, 0)),
                "still": _spread(file_of(out, name, STILL, 0)),
            },
        )


def _motion(track: Path, raw: Path, blinks: Path | None) -> dict[str, float]:
    scored = score_track(track, reference=raw, blinks=blinks).values
    nothing = float("nan")
    return {
        "found": scored["found, %"],
        "jitter": scored["jitter ibug68, %"],
        "lag": scored["lag, frames"],
        "lids": 100 * scored.get("lid gap, shut over open", nothing),
        "lids, worst": 100 * scored.get("lid gap, worst", nothing),
        "F1": scored.get("blink F1", nothing),
    }


def _spread(path: Path) -> float:
    track = clips.read(path)
    size = float(np.nanmedian(track.eye_distance()))
    return steadiness.still_spread(track.inner51(), size)
