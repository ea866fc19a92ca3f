"""Ids counted: what a tracker makes of people who cross, leave and return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bauta.data.readers.own import read_ytf
from bauta.data.sample import Sample
from bauta.geometry import boxes
from bauta.synth.crowds import CrowdFrame, Cutout, photographed_person, switches
from bauta.tracker import Tracker

TURNED = 20.0
"""Degrees of yaw and pitch up to which a photograph is taken."""
NARROWEST = 45.0
"""Pixels across a face from which it is."""


@dataclass(frozen=True)
class Ids:
    """`changed`: a person has another id than before; `taken`: an id shows another person than
    before; `found`: the share of faces that were found."""

    changed: int
    taken: int
    found: float


def held_out_people(root: Path, most: int, skip: int = 0) -> list[Cutout]:
    """People that no run has trained on, a television frame of each (`ytf`), after the first
    `skip`. SourceError without the training data."""
    first: dict[str, Sample] = {}
    for sample in read_ytf(root, "test"):
        if sample.person not in first and _serves(sample):
            first[sample.person] = sample
    chosen = islice(first.values(), skip, skip + most)
    return [photographed_person(one.picture(), boxes.of_points(one.points)) for one in chosen]


def _serves(sample: Sample) -> bool:
    yaw, pitch, _ = sample.pose or (90.0, 0.0, 0.0)
    return max(abs(yaw), abs(pitch)) < TURNED and np.ptp(sample.points[:, 0]) > NARROWEST


def count_ids(frames: Iterable[CrowdFrame], tracker: Tracker) -> Ids:
    """Follow everybody and count."""
    answers = []
    for frame in frames:
        faces = tracker(frame.image, frame.time)
        answers.append((frame, {face.id: face.box for face in faces}))
    return Ids(*switches(answers))


def by_overlap(tracker: Tracker) -> Tracker:
    """The same tracker without its eye for looks and cuts: ids by overlap and motion alone. What
    looks are worth is measured against it; `reset()` brings the eye for cuts back."""
    tracker._looks_like = lambda image, face: None  # type: ignore[assignment]
    tracker._cuts = lambda image: False  # type: ignore[assignment]
    return tracker
