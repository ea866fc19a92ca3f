"""One tracker over one clip, in a process and on a processor of its own.

    python -m bauta.bench.worker TRACKER CLIP OUT.npz --frames 300 [--raw] [--still]

Writes predictions (docs/evaluation.md) whose header also says what it cost.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from bauta.bench.trackers import Follow, open_tracker
from bauta.checks import BautaError
from bauta.eval.predictions import Predictions, save
from bauta.eval.steadiness import noisy_copies
from bauta.eval.video import frames_of
from bauta.schemes import get

WARM = 5
"""Frames that are not timed: the first ones load and search."""


def played(clip: str, most: int, still: bool) -> Iterator[tuple[int, float, np.ndarray]]:
    """(number, seconds, picture) of the clip, or of noisy copies of its first frame."""
    if not still:
        yield from frames_of(clip, most)
        return
    _, _, first = next(frames_of(clip, 1))
    for number, copy in enumerate(noisy_copies(first)):
        yield number, number / 25, copy


def follow_all(
    follow: Follow, frames: Iterable[tuple[int, float, np.ndarray]]
) -> tuple[Predictions, list[float]]:
    """Points in every frame, NaN without a face, and the milliseconds of each call."""
    numbers: list[int] = []
    seen: list[dict[str, np.ndarray]] = []
    spent = []
    for number, seconds, image in frames:
        start = time.perf_counter()
        found = follow(image, seconds)
        spent.append((time.perf_counter() - start) * 1000)
        numbers.append(number)
        seen.append(dict(found or {}))
    points = {}
    for scheme in sorted({name for item in seen for name in item}):
        nothing = np.full((get(scheme).count, 2), np.nan)
        points[scheme] = np.array([item.get(scheme, nothing) for item in seen], np.float32)
    return Predictions(np.array([str(n) for n in numbers]), points), spent


def main(arguments: list[str]) -> None:
    """Follow, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tracker")
    parser.add_argument("clip")
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--raw", action="store_true", help="without its filter")
    parser.add_argument("--still", action="store_true", help="noisy copies of the first frame")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    follow = open_tracker(options.tracker, not options.raw)
    found, spent = follow_all(follow, played(options.clip, options.frames, options.still))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost = {
        "milliseconds": [round(value, 4) for value in spent[WARM:] or spent],
        "peak_mb": peak / (1e6 if sys.platform == "darwin" else 1e3),
    }
    found.header.update(model=options.tracker, **cost)
    save(options.out, found)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BautaError as error:
        sys.exit(f"bauta: {error}")
