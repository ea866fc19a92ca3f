"""Does memory stay where it is? Long runs, many videos, many trackers.

    python benchmarks/memory.py [--figure memory.png]
    python benchmarks/memory.py --trackers 20 --videos 60 --frames 3000        # shortened: minutes

Resident memory of this process (Linux) while it opens and closes trackers, then follows short
videos through `bauta track`, then the demo clip over and over into a video and JSONL (90,000 frames
are an hour). What grows shows as a slope: the second half of each run is fitted with a line, after
the first frames have paid for models and buffers. Ctrl-C ends a run early; it counts as far as it
came.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import cv2
import numpy as np
from tracker_speed import machine

from bauta import outputs, pipeline
from bauta.cli import jobs, lanes
from bauta.demo.run import CLIP
from bauta.filters.kinds import DEFAULT
from bauta.heads import HeadOptions
from bauta.tracker import Tracker
from bauta.video import VideoSink, open_video

SAMPLES = 400
SIZE_WH = (320, 240)
Sample = tuple[int, float]
"""How many were done, and megabytes in memory then."""


def resident() -> float:
    """Megabytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def clip_of(path: Path, count: int) -> Path:
    """A video of `count` frames: the demo clip, small, over and over."""
    small = [
        cv2.resize(frame.image, SIZE_WH, interpolation=cv2.INTER_AREA) for frame in open_video(CLIP)
    ]
    with VideoSink(path, force=True) as sink:
        for index in range(count):
            sink.write(small[index % len(small)], index / 25)
    return path


def long_run(frames: int, model: str, folder: Path, seen: list[Sample]) -> None:
    """One clip that goes on and on."""
    every = max(1, frames // SAMPLES)

    def after(summary: pipeline.Summary) -> None:
        if summary.frames % every == 0:
            seen.append((summary.frames, resident()))

    with ExitStack() as stack:
        source = stack.enter_context(open_video(clip_of(folder / "hour.mp4", frames)))
        where = outputs.paths(folder, "long", ["video", "jsonl"])
        sinks = outputs.open_outputs(stack, where, source, model, True)
        tracker = stack.enter_context(Tracker(model))
        pipeline.track(source, tracker, sinks, after=after)


def many_videos(count: int, model: str, folder: Path, seen: list[Sample]) -> None:
    """Short videos that follow one another in one command."""
    clip_of(folder / "clip0.mp4", 5)
    names = [str(folder / f"clip{i}.mp4") for i in range(count)]
    for name in names[1:]:
        os.symlink(names[0], name)
    request = jobs.Request(
        jobs.Reading(),
        jobs.Following(model, 1, DEFAULT, True, 1, "cpu", HeadOptions()),
        jobs.Results(folder / "out", "video,jsonl", "mesh,box", True),
    )
    report = jobs.Done.report
    jobs.Done.report = lambda self: seen.append((len(seen) + 1, resident()))
    try:
        lanes.follow_all(names, request)
    finally:
        jobs.Done.report = report


def many_trackers(count: int, model: str, folder: Path, seen: list[Sample]) -> None:
    """Trackers that are opened, used and closed."""
    image = next(iter(open_video(CLIP))).image
    for done in range(1, count + 1):
        with Tracker(model) as tracker:
            tracker(image, 0.0)
        del tracker
        gc.collect()
        seen.append((done, resident()))


RUNS: dict[str, tuple[Callable[[int, str, Path, list[Sample]], None], int]] = {
    "trackers": (many_trackers, 100),
    "videos": (many_videos, 1000),
    "frames": (long_run, 90_000),
}
"""What is counted, and how many make the unit of a slope: 90,000 frames are an hour."""


def line(name: str, seen: list[Sample]) -> str:
    """What was seen, and the slope of the second half."""
    count, memory = np.array(seen[len(seen) // 2 :]).T
    unit = RUNS[name][1]
    slope = np.polyfit(count / unit, memory, 1)[0] if len(seen) > 4 else float("nan")
    return (
        f"{seen[-1][0]} {name}: {seen[0][1]:.1f} MB at first, {memory[0]:.1f} at half time, "
        f"{memory[-1]:.1f} at the end, highest {max(seen, key=lambda s: s[1])[1]:.1f}; "
        f"{slope:+.2f} MB per {unit} in the second half"
    )


def figure(runs: dict[str, list[Sample]], path: Path) -> None:
    """Memory over each run, one panel under the other, every axis from 0."""
    panels = []
    for name, seen in runs.items():
        panel = np.full((190, 900, 3), 255, np.uint8)
        count, memory = np.array(seen).T
        x, y = 90 + 760 * count / count[-1], 150 - 110 * memory / (1.15 * memory.max())
        corners = np.stack([x, y], 1).round().astype(np.int32)
        cv2.rectangle(panel, (90, 40), (850, 150), (225, 225, 225), 1)
        cv2.polylines(panel, [corners], False, (160, 80, 20), 2, cv2.LINE_AA)
        for value in (0, memory.max()):
            _write(panel, f"{value:.0f} MB", 12, 154 - 110 * value / (1.15 * memory.max()))
        for share in (0, 0.5, 1):
            _write(panel, f"{share * count[-1]:,.0f}", 85 + 740 * share, 172)
        _write(panel, f"resident memory over {count[-1]:,.0f} {name}", 90, 28)
        panels.append(panel)
    cv2.imwrite(str(path), np.vstack(panels))


def _write(panel: np.ndarray, text: str, x: float, y: float) -> None:
    cv2.putText(panel, text, (round(x), round(y)), 0, 0.45, (40, 40, 40), 1, cv2.LINE_AA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, (_, count) in RUNS.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    print(machine(), f"load {os.getloadavg()[0]:.1f}", flush=True)
    runs: dict[str, list[Sample]] = {}
    with tempfile.TemporaryDirectory() as place:
        for name, (work, _) in RUNS.items():
            count, seen, started = getattr(options, name), [], time.perf_counter()
            with suppress(KeyboardInterrupt):  # what was seen until then counts
                work(count, options.model, Path(place), seen)
            if seen:
                runs[name] = seen
                print(line(name, seen), f"({time.perf_counter() - started:.0f} s)", flush=True)
    if options.figure:
        figure(runs, options.figure)


if __name__ == "__main__":
    main()
