"""Frames a second of the whole `bauta track --save video,jsonl`, overlapped and one after another.

    python benchmarks/track_speed.py [--size 1280x720] [--frames 150] [--rounds 4] [--cores 0,1]

The demo clip scaled to the size, one face. "In turn" calls reader, tracker and sinks one after
another, as a plain loop does; "overlapped" is what ships. They take turns in rounds, so that a busy
machine hurts both alike. Processor time tells what an idle machine could do: with two cores, no
more frames a second than 2000 / ms, as many if the work were shared out evenly.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
from tracker_speed import machine

from bauta import outputs, pipeline
from bauta.demo.run import CLIP
from bauta.tracker import Tracker
from bauta.video import VideoSink, open_video


class InTurn:
    """Stands in for `Ahead` and `Behind`: no thread, no queue."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __enter__(self) -> Any:
        return self.what

    def __exit__(self, *exception: object) -> None:
        return


def scaled(path: Path, size_wh: tuple[int, int], count: int) -> Path:
    """The demo clip at another size, over and over until there are `count` frames."""
    with VideoSink(path, threads=2) as sink:
        for i, image in zip(range(count), looped(), strict=False):
            sink.write(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR), i / 25)
    return path


def looped() -> Iterable[Any]:
    """Frames of the demo clip that show the face, without end."""
    while True:
        for frame in open_video(CLIP):
            if frame.index < 150:
                yield frame.image


def run(clip: Path, folder: Path, overlapped: bool) -> tuple[float, float]:
    """Follow the clip once; returns frames a second and processor milliseconds a frame."""
    with ExitStack() as stack:
        if not overlapped:
            for place in (pipeline, outputs):
                for name in ("Ahead", "Behind"):
                    if hasattr(place, name):
                        stack.enter_context(patch.object(place, name, InTurn))
        tracker = stack.enter_context(Tracker())
        started, spent = time.perf_counter(), time.process_time()
        with ExitStack() as files, open_video(clip) as frames:
            where = outputs.paths(folder, "run", ["video", "jsonl"])
            sinks = outputs.open_outputs(files, where, frames, "base", True)
            count = pipeline.track(frames, tracker, sinks).frames
        seconds, busy = time.perf_counter() - started, time.process_time() - spent
    return count / seconds, busy / count * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--cores", default="", help="which to run on, as 0,1")
    options = parser.parse_args()
    if options.cores:
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    width, height = (int(side) for side in options.size.split("x"))
    print(machine(), f"load {os.getloadavg()[0]:.1f}")
    rates: dict[bool, list[float]] = {False: [], True: []}
    spent: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        clip = scaled(Path(folder) / "clip.mp4", (width, height), options.frames)
        for _ in range(options.rounds):
            for overlapped in (False, True):
                rate, milliseconds = run(clip, Path(folder), overlapped)
                rates[overlapped].append(rate)
                spent[overlapped].append(milliseconds)
    for overlapped, name in ((False, "in turn"), (True, "overlapped")):
        values = rates[overlapped]
        print(
            f"{name:11} {statistics.median(values):6.1f} frames/s (rounds "
            f"{min(values):.1f}-{max(values):.1f}), "
            f"{statistics.median(spent[overlapped]):.1f} ms of processor a frame"
        )
    ratios = [new / old for old, new in zip(rates[False], rates[True], strict=True)]
    print(f"ratio of each round: {' '.join(f'{ratio:.2f}' for ratio in ratios)}")


if __name__ == "__main__":
    main()
