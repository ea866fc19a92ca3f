"""Ids counted: what a tracker makes of people who cross, leave and return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from bauta.crop import Roi
from bauta.faces import Faces
from bauta.regress.landmarks import Prediction
from bauta.synth.crowds import CrowdFrame, switches
from bauta.tracker import Tracker


@dataclass(frozen=True)
class Ids:
    """`changed`: a person has another id than before; `taken`: an id shows another person than
    before; `found`: the share of faces that were found."""

    changed: int
    taken: int
    found: float


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
    tracker._faces = _Lookless(tracker._faces)  # type: ignore[assignment]
    tracker._cuts = lambda image: False  # type: ignore[assignment]
    return tracker


class _Lookless:
    """Faces without the crops that looks are read from."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self.watched, self.detector = faces.watched, faces.detector

    def regressor(self, image: np.ndarray, roi: Roi) -> Prediction:
        return replace(self._faces.regressor(image, roi), crop=None)

    def find(self, image: np.ndarray, taken: np.ndarray, most: int) -> list[Prediction]:
        return [replace(face, crop=None) for face in self._faces.find(image, taken, most)]
