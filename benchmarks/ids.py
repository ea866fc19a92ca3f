"""Ids that change, over people who cross, leave and return: by looks, and by overlap alone.

    python benchmarks/ids.py [--model base] [--people rendered|photographed|both] [--seeds 1]

The table of docs/people.md. Photographs are of held-out people and need the training data
(BAUTA_DATA); "both" takes turns.
"""

from __future__ import annotations

import argparse
from itertools import chain, count, islice

import numpy as np
from tracker_speed import machine

from bauta.data.teachers import data_root
from bauta.synth.crowd_ids import by_overlap, count_ids, held_out_people
from bauta.synth.crowds import SCENARIOS, Cutout, play, rendered_person
from bauta.tracker import Tracker


def cast(kind: str, seed: int) -> list[Cutout]:
    """Ten people."""
    made = [] if kind == "photographed" else [rendered_person(100 * seed + n) for n in range(10)]
    if kind == "rendered":
        return made
    real = held_out_people(data_root(), 10, skip=10 * (seed - 1))
    return real if kind == "photographed" else [*chain(*zip(real, made, strict=True))][:10]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--people", choices=("rendered", "photographed", "both"), default="both")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    print(machine())
    print(f"{options.people} people, {options.model}, {options.seeds} cast(s)")
    casts = [cast(options.people, seed) for seed in islice(count(1), options.seeds)]
    print(f"{'':27} {'looks':>7} {'found':>6}   {'overlap':>7} {'found':>6}")
    for scene in SCENARIOS:
        cells = []
        for wrap in (lambda tracker: tracker, by_overlap):
            counted = [
                count_ids(play(scene, people), wrap(Tracker(options.model, 10, fit=False)))
                for people in casts
            ]
            changed, taken = sum(c.changed for c in counted), sum(c.taken for c in counted)
            found = float(np.mean([c.found for c in counted]))
            cells.append(f"{f'{changed} + {taken}':>7} {found:6.0%}")
        print(f"{scene.name:27} {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
