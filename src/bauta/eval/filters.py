"""Filters compared on the same predictions: recorded once, replayed through each.

What the network says of a frame depends a little on the filter (the next crop comes from filtered
points); here every filter is given the same, so that nothing but the filter differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bauta.eval import clips, eyes, steadiness
from bauta.filters.kinds import Make
from bauta.regress.landmarks import Prediction
from bauta.schemes import INNER51
from bauta.steady import filtered, smoothed
from bauta.tracker import Tracker

Recording = list[tuple[Prediction, float, float]]
"""Prediction, seconds and size of the face of each frame."""
RETURN = 250
"""Frames that are played forward and backward for the drift."""


@dataclass(frozen=True, eq=False)
class Footage:
    """One clip, recorded three ways."""

    name: str
    clip: Recording
    still: Recording
    """Copies of its first frame with noise."""
    there_and_back: Recording
    blinks: np.ndarray
    """Frames (E,) in which the eyes are shut."""


def record(images: Iterable[np.ndarray], model: str, step: float) -> Recording:
    """What the network says of the one face in each picture, `step` seconds apart. Frames without
    it are left out."""
    out: Recording = []
    with Tracker(model, 1, filter="none", fit=False) as tracker:
        for count, image in enumerate(images):
            tracker(image, count * step)
            out += list(tracker.raw().values())[:1]
    return out


def film(
    name: str, images: list[np.ndarray], model: str, step: float, blinks: np.ndarray
) -> Footage:
    """Record a clip."""
    there = images[:RETURN]
    return Footage(
        name,
        record(images, model, step),
        record(steadiness.noisy_copies(images[0]), model, step),
        record([*there, *there[::-1]], model, step),
        blinks,
    )


def replay(recording: Recording, make: Make | None, ahead: bool = False) -> list[Prediction]:
    """The predictions after a filter; `ahead`: forward and backward."""
    if make is None:
        return [face for face, _, _ in recording]
    if ahead:
        return smoothed(recording, make)
    filter = make()
    return [filtered(filter, *one) for one in recording]


def score(footage: Footage, make: Make | None, ahead: bool = False) -> dict[str, float]:
    """Jitter, lag, still spread, drift at return (percent of the outer eye distance, frames), and
    how much more open than without a filter the lids stay at blinks: median, worst (percent of
    the open gap)."""
    points, raw = _points(replay(footage.clip, make, ahead)), _points(replay(footage.clip, None))
    still = _points(replay(footage.still, make, ahead))["ibug68"]
    both = _points(replay(footage.there_and_back, make, ahead))["ibug68"]
    half = len(both) // 2
    inner = points["ibug68"][:, INNER51]
    left = _lids(points["mesh478"], footage.blinks) - _lids(raw["mesh478"], footage.blinks)
    size = _eyes(points["ibug68"])
    away = steadiness.drift(both[:half, INNER51], both[half:, INNER51], _eyes(both[:half]))
    return {
        "jitter": steadiness.jitter(inner, size),
        "lag": steadiness.lag(inner, raw["ibug68"][:, INNER51]),
        "still": steadiness.still_spread(still[:, INNER51], float(np.median(_eyes(still)))),
        "drift": float(away[0]),
        "lids": float(np.median(left)),
        "lids, worst": float(left.max()),
    }


def _points(faces: list[Prediction]) -> dict[str, np.ndarray]:
    names = ("ibug68", "mesh478")
    return {name: np.stack([face.points[name][:, :2] for face in faces]) for name in names}


def _eyes(points68: np.ndarray) -> np.ndarray:
    right, left = clips.OUTER_EYE_CORNERS68
    return np.linalg.norm(points68[:, right] - points68[:, left], axis=-1)


def _lids(mesh: np.ndarray, blinks: np.ndarray) -> np.ndarray:
    """Smallest lid gap about each blink over the open gap, percent."""
    gap = eyes.lid_gap(mesh)
    share = gap / eyes.open_gap(gap)
    return np.array([100 * share[max(frame - 3, 0) : frame + 4].min() for frame in blinks])
