"""How many crops a second the whole augmentation gives: `python benchmarks/augment.py`.

Processor time of one thread, so that a busy machine changes little; decoding included. Draws from
`.packs/own` unless told otherwise.
"""

import argparse
import platform
import statistics
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from bauta.train.augment import Augment
from bauta.train.augment.settings import NONE
from bauta.train.dataset import DataSettings, FaceCrops

ROUNDS, COUNT = 9, 128


def processor_ms(crops: FaceCrops, step: int) -> float:
    """Milliseconds of processor time a crop."""
    start = time.process_time()
    crops.batch(1, step, COUNT)
    return (time.process_time() - start) / COUNT * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path(".packs/own"))
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    whole = FaceCrops(DataSettings((options.pack,), absent=0.15), Augment(), options.size)
    flat = replace(whole.data, schemes=("ibug68",), absent=0.0)
    cases = {
        "everything on, all schemes": whole,
        "everything on, ibug68": FaceCrops(flat, Augment(), options.size, pack=whole.pack),
        "cut only, ibug68": FaceCrops(flat, NONE, options.size, pack=whole.pack),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for crops in cases.values():  # photographs are decoded once
        crops.batch(0, 0, 4 * COUNT)
    for step in range(ROUNDS):  # interleaved, so that all meet the same neighbours
        for name, crops in cases.items():
            times[name].append(processor_ms(crops, step))
    machine = platform.processor() or platform.machine()
    print(f"{machine}, numpy {np.__version__}, cv2 {cv2.__version__}")
    print(f"{options.size} pixels, {ROUNDS} rounds of {COUNT} crops, one thread")
    for name, found in times.items():
        middle, spread = statistics.median(found), f"{min(found):.2f} to {max(found):.2f}"
        print(f"{name:28} {middle:.2f} ms a crop ({spread}): {2000 / middle:.0f}/s on two cores")


if __name__ == "__main__":
    main()
