"""Scores of tracked points on the demo clip, against hand-marked points moved by the known motion.

Points are (FRAMES, 68, 2) in pixels of the frame, NaN in frames without a face. Errors are percent
of the distance between the outer eye corners of the truth in the same frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bauta.checks import InputError
from bauta.demo import motion
from bauta.geometry import affine
from bauta.schemes import OUTER_EYE_CORNERS68, REGIONS68

ON_THE_FACE = 50.0
"""Percent of the eye distance: up to this mean error a reported face is the one that is there."""


@cache
def _table() -> np.ndarray:
    path = Path(__file__).with_name("astronaut68.csv")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[np.argsort(table[:, 0]), 1:]


def marks68() -> np.ndarray:
    """The 68 points (68, 2) float64 marked by hand in the 512 x 512 photograph, pixels ("ibug68").

    Sure to about half a pixel at eyes, lips and nostrils. Points that slide along an outline
    without a feature (jaw, brows, bridge) are sure across it to about a pixel, along it to two or
    three.
    """
    return _table().copy()


def truth68(index: int) -> np.ndarray:
    """The marks (68, 2) float32 in pixels of frame `index`; they may lie outside of it."""
    return affine.apply(motion.T_frame_picture(index), _table())


def truth() -> np.ndarray:
    """The marks in every frame, (FRAMES, 68, 2) float32 pixels."""
    return np.stack([truth68(index) for index in range(motion.FRAMES)])


def eye_distance(points: np.ndarray) -> np.ndarray:
    """Distance of the outer eye corners in pixels, of points (..., 68, 2)."""
    right, left = OUTER_EYE_CORNERS68
    return np.linalg.norm(points[..., right, :2] - points[..., left, :2], axis=-1)


def _checked(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, np.float64)
    if points.shape != (motion.FRAMES, 68, 2):
        raise InputError(f"points: expected shape ({motion.FRAMES}, 68, 2), got {points.shape}")
    return points


def point_errors(points: np.ndarray) -> np.ndarray:
    """|p - truth| / eye distance * 100, (FRAMES, 68) percent; NaN where not found."""
    right = truth().astype(np.float64)
    distance = np.linalg.norm(_checked(points) - right, axis=-1)
    return distance / eye_distance(right)[:, None] * 100


def nme(points: np.ndarray) -> float:
    """Mean error in percent over the frames that show the whole face; NaN if found in none.

    Frames without a face do not count here: `presence` counts them.
    """
    return _mean(point_errors(points)[motion.frames_showing("full")])


def nme_regions(points: np.ndarray) -> dict[str, float]:
    """`nme` of each region of `bauta.schemes.REGIONS68`, percent."""
    errors = point_errors(points)[motion.frames_showing("full")]
    return {name: _mean(errors[:, start:stop]) for name, (start, stop) in REGIONS68.items()}


def _mean(values: np.ndarray) -> float:
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else float("nan")


def steadiness(points: np.ndarray) -> float:
    """sqrt(mean |p - mean p|^2) / eye distance * 100 over the still frames, percent.

    Lower is steadier. The inner mean is each point's own over `motion.STILL`, so a constant error
    does not count. NaN if the face was found in fewer than two of those frames.
    """
    still = _checked(points)[motion.STILL.start : motion.STILL.stop]
    still = still[np.isfinite(still).all(axis=(1, 2))]
    if len(still) < 2:
        return float("nan")
    squares = ((still - still.mean(0)) ** 2).sum(-1)
    return float(np.sqrt(squares.mean()) / eye_distance(truth68(motion.STILL.start)) * 100)


@dataclass(frozen=True)
class Presence:
    """Where the face was found, in frames."""

    visible: int
    """Frames that show the whole face."""
    found: int
    """Those of them in which it was found."""
    until_dropped: int | None
    """Frames still reported as a face once it had left; None if it was never dropped."""
    until_found: int | None
    """Frames it took from the first that shows the whole face again; None if it was not found."""


def presence(found: np.ndarray) -> Presence:
    """Counts of `found` (FRAMES,) bool: whether a face was reported in each frame.

    A face found while it is still coming back in has `until_found` 0.
    """
    found = np.asarray(found, bool)
    if found.shape != (motion.FRAMES,):
        raise InputError(f"found: expected shape ({motion.FRAMES},), got {found.shape}")
    full, gone = motion.frames_showing("full"), motion.frames_showing("none")
    back = full[full > gone[-1]]
    return Presence(
        visible=len(full),
        found=int(found[full].sum()),
        until_dropped=_first(~found[gone]),
        until_found=_first(found[back]),
    )


def _first(values: np.ndarray) -> int | None:
    return int(values.argmax()) if values.any() else None


@dataclass(frozen=True)
class Score:
    """What the demo prints."""

    nme: float
    """Percent of the eye distance, mean over the frames that show the whole face."""
    regions: dict[str, float]
    """The same for each region."""
    steadiness: float
    """Percent of the eye distance, RMS over the still frames."""
    presence: Presence


def score(points: np.ndarray) -> Score:
    """Every score of points (FRAMES, 68, 2) in pixels, NaN in frames where no face was found."""
    points = _checked(points)
    found = np.asarray(np.isfinite(points).all(axis=(1, 2)))
    shown = motion.frames_showing("full")
    found[shown] &= point_errors(points)[shown].mean(1) < ON_THE_FACE
    return Score(
        nme=nme(points),
        regions=nme_regions(points),
        steadiness=steadiness(points),
        presence=presence(found),
    )
