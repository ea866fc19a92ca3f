"""What is known of a person before the clip: who it is, a blank face, how far each shape goes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import InputError, check_array
from bauta.fit.result import HeadFit

FORMAT, VERSION = "bauta-profile", 1
LEAST_FRAMES = 50
"""Fewer say too little: two seconds of video."""
REACHED = 0.98
"""Quantile of a weight that counts as the person's utmost."""
LEAST_RANGE = 0.3
"""A shape that went less far beyond the blank face was not shown: its range stays up to 1."""


@dataclass(frozen=True, eq=False)
class Profile:
    """One person, as `learn_profile` saw them. E expressions, I identity modes."""

    names: tuple[str, ...]
    """(E,) expressions."""
    neutral: np.ndarray
    """(E,) weights that the fit gives to their blank face."""
    reach: np.ndarray
    """(E,) weights at their utmost; 1 where that was not shown."""
    identity: np.ndarray
    """(I,)"""
    size: float
    """Of the head over the mean head's."""

    def __post_init__(self) -> None:
        for name in ("neutral", "reach"):
            values = check_array(getattr(self, name), (len(self.names),), f"profile {name}")
            object.__setattr__(self, name, values.astype(np.float64))
        identity = check_array(self.identity, (None,), "profile identity").astype(np.float64)
        object.__setattr__(self, "identity", identity)
        if (self.reach <= self.neutral).any():
            raise InputError("profile reach: expected every shape to go beyond the blank face")
        if not 0.5 < self.size < 2.0:
            raise InputError(f"profile size: expected 0.5 to 2, got {self.size}")

    def calibrated(self, weights: np.ndarray) -> np.ndarray:
        """(E,) w -> (w - neutral) / (reach - neutral), within 0..1."""
        return np.clip((weights - self.neutral) / (self.reach - self.neutral), 0.0, 1.0)

    def as_json(self) -> dict[str, Any]:
        """What `read_profile` reads."""
        rows = zip(self.names, self.neutral, self.reach, strict=True)
        return {
            "format": FORMAT,
            "version": VERSION,
            "shapes": {
                name: {"neutral": round(low, 4), "reach": round(high, 4)}
                for name, low, high in rows
            },
            "identity": np.round(self.identity, 4).tolist(),
            "size": round(self.size, 5),
        }


def learn_profile(fits: Sequence[HeadFit]) -> Profile:
    """The person of a clip in which they mostly look blank and otherwise make faces.

    Blank is the median over the calmer half of the frames: those nearest to the median of all.
    Identity and size are those of the last frame. InputError for less than two seconds.
    """
    if len(fits) < LEAST_FRAMES:
        raise InputError(
            f"calibration: expected {LEAST_FRAMES} frames with a fitted face or more, "
            f"got {len(fits)}; film longer, the face in full view"
        )
    weights = np.array([fit.weights for fit in fits])
    away = np.abs(weights - np.median(weights, axis=0)).sum(1)
    neutral = np.median(weights[away <= np.median(away)], axis=0)
    most = np.quantile(weights, REACHED, axis=0)
    reach = np.where(most - neutral >= LEAST_RANGE, most, np.maximum(1.0, neutral + LEAST_RANGE))
    return Profile(fits[-1].names, neutral, reach, fits[-1].identity, fits[-1].size)


def read_profile(path: Path, names: tuple[str, ...]) -> Profile:
    """Profile of a JSON file of `bauta calibrate`, for a model with the expressions `names`;
    InputError when it cannot be used."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"profile {path}: cannot be read ({error})") from error
    except ValueError as error:
        raise InputError(f"profile {path}: not JSON ({error})") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
        raise InputError(f"profile {path}: expected a file of `bauta calibrate`, version {VERSION}")
    try:
        shapes = data["shapes"]
        return Profile(
            names,
            np.array([shapes[name]["neutral"] for name in names]),
            np.array([shapes[name]["reach"] for name in names]),
            np.array(data["identity"]),
            float(data["size"]),
        )
    except (InputError, KeyError, TypeError, ValueError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"profile {path}: {what}") from error
