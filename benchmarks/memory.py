"""Does memory stay where it is? Long runs, many videos, many trackers.

    python benchmarks/memory.py [--frames 90000] [--videos 1000] [--opens 100] [--figure memory.png]
    python benchmarks/memory.py --frames 3000 --videos 60 --opens 20        # shortened: minutes

Resident memory of this process (Linux) while it follows the demo clip over and over into a video
and JSONL (90,000 frames are an hour), then short videos through `bauta track`, then opens and
closes trackers. What grows shows as a slope: the last half of each run is fitted with a line, after
the first frames have paid for models and buffers.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
from tracker_speed import machine

from bauta import outputs, pipeline
from bauta.cli import jobs, lanes
from bauta.demo.run import CLIP
from bauta.heads import HeadOptions
from bauta.tracker import Tracker
from bauta.video import Frame, VideoSink, open_video

SAMPLES = 400
SIZE_WH = (320, 240)


def resident() -> float:
    """Megabytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def looped(count: int) -> Iterator[Frame]:
    """Frames of the demo clip, small, read from its file again and again."""
    index = 0
    while True:
        for frame in open_video(CLIP):
            if index == count:
                return
            image = cv2.resize(frame.image, SIZE_WH, interpolation=cv2.INTER_AREA)
            yield Frame(image, index / 25, index, frame.name)
            index += 1


def long_run(frames: int, model: str, folder: Path) -> list[float]:
    """Memory while one clip goes on and on."""
    seen: list[float] = []
    every = max(1, frames // SAMPLES)

    def after(summary: pipeline.Summary) -> None:
        if summary.frames % every == 0:
            seen.append(resident())

    with ExitStack() as stack:
        source = stack.enter_context(open_video(CLIP))
        where = outputs.paths(folder, "long", ["video", "jsonl"])
        sinks = outputs.open_outputs(stack, where, source, model, True)
        tracker = stack.enter_context(Tracker(model))
        pipeline.track(looped(frames), tracker, sinks, after=after)
    return seen


def many_videos(count: int, model: str, folder: Path) -> list[float]:
    """Memory while short videos follow one another in one command."""
    with VideoSink(folder / "clip0.mp4", force=True) as sink:
        for frame in looped(5):
            sink.write(frame.image, frame.time)
    names = [str(folder / f"clip{i}.mp4") for i in range(count)]
    for name in names[1:]:
        os.symlink(names[0], name)
    seen: list[float] = []
    request = jobs.Request(
        jobs.Reading(),
        jobs.Following(model, 1, "one_euro", True, 1, "cpu", HeadOptions()),
        jobs.Results(folder / "out", "video,jsonl", "mesh,box", True),
    )
    report = jobs.Done.report
    jobs.Done.report = lambda self: seen.append(resident())
    try:
        lanes.follow_all(names, request)
    finally:
        jobs.Done.report = report
    return seen


def many_trackers(count: int, model: str) -> list[float]:
    """Memory while trackers are opened, used and closed."""
    image = next(iter(open_video(CLIP))).image
    seen = []
    for _ in range(count):
        with Tracker(model) as tracker:
            tracker(image, 0.0)
        del tracker
        gc.collect()
        seen.append(resident())
    return seen


def line(name: str, seen: list[float], each: float, unit: str) -> str:
    """What was seen, and the slope of the last half in MB per `unit`, `each` of it a sample."""
    half = np.array(seen[len(seen) // 2 :])
    slope = np.polyfit(np.arange(len(half)) * each, half, 1)[0] if len(half) > 2 else float("nan")
    return (
        f"{name:28} {seen[0]:7.1f} MB at first, {half[0]:.1f} at half time, {half[-1]:.1f} at the "
        f"end, highest {max(seen):.1f}; {slope:+.2f} MB a {unit} in the second half"
    )


def figure(runs: dict[str, list[float]], path: Path) -> None:
    """Memory over each run, one panel under the other."""
    panels = []
    for name, seen in runs.items():
        panel = np.full((200, 900, 3), 255, np.uint8)
        top = max(seen) * 1.2
        x = np.linspace(90, 880, len(seen))
        y = 170 - np.array(seen) / top * 140
        corners = np.stack([x, y], 1).round().astype(np.int32)
        cv2.polylines(panel, [corners], False, (160, 80, 20), 2, cv2.LINE_AA)
        cv2.line(panel, (90, 170), (880, 170), (0, 0, 0), 1)
        for value in (0, max(seen)):
            place = (8, int(174 - value / top * 140))
            cv2.putText(panel, f"{value:.0f} MB", place, 0, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(panel, name, (90, 22), 0, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
        panels.append(panel)
    cv2.imwrite(str(path), np.vstack(panels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=90_000)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--opens", type=int, default=100)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    print(machine(), f"load {os.getloadavg()[0]:.1f}")
    hours = options.frames / 90_000
    runs: dict[str, list[float]] = {}

    def run(name: str, work: Callable[[], list[float]], length: float, unit: str) -> None:
        started = time.perf_counter()
        seen = work()
        runs[name] = seen
        print(
            line(name, seen, length / len(seen), unit), f"({time.perf_counter() - started:.0f} s)"
        )

    with tempfile.TemporaryDirectory() as place:
        folder, model = Path(place), options.model
        if options.frames:
            run(
                f"{options.frames} frames",
                lambda: long_run(options.frames, model, folder),
                hours,
                "hour",
            )
        if options.videos:
            run(
                f"{options.videos} videos",
                lambda: many_videos(options.videos, model, folder),
                options.videos / 1000,
                "thousand",
            )
    if options.opens:
        run(
            f"{options.opens} trackers",
            lambda: many_trackers(options.opens, options.model),
            options.opens / 100,
            "hundred",
        )
    if options.figure:
        figure(runs, options.figure)


if __name__ == "__main__":
    main()
