"""Speed and memory of the tracker: `make bench`.

640 x 360, one face, one thread, without decoding and drawing, on the demo clip. Models take turns
in rounds, so that a noisy machine hurts all alike; medians over all rounds are printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

import bauta
from bauta.crop import mesh_rotation, roi_of_mesh
from bauta.demo.run import CLIP
from bauta.filters.kinds import filter_maker
from bauta.heads import Head, HeadOptions
from bauta.regress.landmarks import LandmarkRegressor, cut
from bauta.steady import filtered
from bauta.tracker import Faces, Tracker, face_state

SETTLING = 90
"""Frames in which identity is gathered."""


def frames(count: int) -> list[np.ndarray]:
    """The first frames of the demo clip, which show a face, cut to 640 x 360."""
    out = []
    for frame in bauta.open_video(CLIP):
        out.append(np.ascontiguousarray(frame.image[:360]))
        if len(out) == count:
            break
    return out


def milliseconds(call: Callable[[], object], rounds: int) -> list[float]:
    """Time of each of `rounds` calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return times


def show(name: str, times: list[float]) -> None:
    p50, p95 = np.percentile(times, [50, 95])
    print(f"{name:34} {p50:7.2f} {p95:7.2f}")


def fit(images: list[np.ndarray], rounds: int) -> None:
    """Processor time of the fit alone: first frame, while identity settles, and after."""
    with Tracker(fit=False) as tracker:
        states = [tracker(image, i * 0.04)[0] for i, image in enumerate(images)]
    states = [replace(states[i % len(states)], time=i * 0.04) for i in range(4 * len(states))]
    height, width = images[0].shape[:2]
    times = []
    for _ in range(rounds):
        head, spent = Head(HeadOptions()), []
        for state in states:
            start = time.thread_time()
            head(state, width, height)
            spent.append((time.thread_time() - start) * 1000)
        times.append(spent)
    first, settling, after = np.split(np.array(times), [1, SETTLING], axis=1)
    print("\nfit, ms of processor time             p20     p50    mean")
    for name, values in (("first frame", first), ("settling", settling), ("settled", after)):
        p20, p50 = np.percentile(values, [20, 50])
        print(f"  {name:32} {p20:7.2f} {p50:7.2f} {values.mean():7.2f}")


def stages(model: str, images: list[np.ndarray]) -> None:
    """Where the time of one frame goes."""
    faces = Faces(model)
    image = images[0]
    (prediction,) = faces.find(image, np.zeros((0, 4)), 1)
    roi = roi_of_mesh(prediction.points["mesh478"])
    assert isinstance(faces.regressor, LandmarkRegressor), f"{model} looks in two stages"
    session, size = faces.regressor._session, faces.regressor.size
    crop = cut(image, roi, size)[None]
    mesh = prediction.points["mesh478"]
    ticks = iter(range(10**6))
    print(f"\n{model}: stages, ms                      p50     p95")
    show("  detector, 640 x 360", milliseconds(lambda: faces.detector(image), 30))
    small = cv2.resize(image, (320, 240))
    show("  detector, 320 x 240", milliseconds(lambda: faces.detector(small), 30))
    show("  crop", milliseconds(lambda: cut(image, roi, size), 300))
    show("  network", milliseconds(lambda: session.run({"crop": crop}), 300))
    show("  pose", milliseconds(lambda: mesh_rotation(mesh), 300))
    for name in ("flow", "head", "kalman", "one_euro"):
        filter = filter_maker(name)()  # type: ignore[misc]
        once = lambda: filtered(filter, prediction, next(ticks) * 0.04, 100.0)  # noqa: B023, E731
        show(f"  filter {name}", milliseconds(once, 300))
    show("  next crop", milliseconds(lambda: roi_of_mesh(mesh), 300))
    show("  result", milliseconds(lambda: face_state(prediction, 0, 0.0), 300))


def whole(models: list[str], images: list[np.ndarray], rounds: int) -> None:
    """The tracker as it is used, without the face model and with it, models in turn."""
    kinds = [(model, fit) for model in models for fit in (False, True)]
    times: dict[tuple[str, bool], list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for model, fit in kinds:
            with Tracker(model, fit=fit) as tracker:
                for i, image in enumerate(images):
                    start = time.perf_counter()
                    tracker(image, i * 0.04)
                    if i:  # the first frame pays for detection
                        times[model, fit].append((time.perf_counter() - start) * 1000)
    print("\nwhole tracker, ms a frame             p50     p95   spread of round medians")
    for (model, fit), values in times.items():
        medians = [statistics.median(chunk) for chunk in np.array_split(values, rounds)]
        p50, p95 = np.percentile(values, [50, 95])
        name, spread = model + ", with fit" * fit, f"{min(medians):.2f}-{max(medians):.2f}"
        print(f"  {name:32} {p50:7.2f} {p95:7.2f}   {spread}")


def machine() -> str:
    """Processor, Python and commit."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = lines[0].split(":")[1].strip() if lines else cpu
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return (
        f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {git.stdout.strip()}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["base", "small", "nano"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    images = frames(60)
    print(machine())
    whole(options.models, images, options.rounds)
    fit(images, options.rounds)
    for model in options.models:
        stages(model, images)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of this process {peak:.0f} MB")


if __name__ == "__main__":
    main()
