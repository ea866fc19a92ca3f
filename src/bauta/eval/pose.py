"""Errors of head rotation, and errors by how far a head is turned.

Angles are (yaw, pitch, roll) in degrees, ours (docs/conventions.md), NaN where unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry.rotation import F, from_angles

ANGLES = ("yaw", "pitch", "roll")
YAW_EDGES = (30.0, 60.0, 90.0)
"""Bins of |yaw|: up to 30, over 30 up to 60, over 60 (anything above, fits can pass 90)."""
LARGEST = 99.0
"""AFLW2000-3D is scored on pictures whose three true angles are all within +-99 degrees."""


def wrap(degrees: np.ndarray) -> np.ndarray:
    """The same angle in -180 (excluded) .. 180."""
    return 180 - (180 - degrees) % 360


def angle_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Predicted minus true angles (N, 3), degrees in -180..180, both in the same order of axes."""
    return wrap(predicted - truth)


def rotation_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angle of the rotation between poses (N, 3), (N,) degrees in 0..180; free of any order."""
    return np.array([_between(a, b) for a, b in zip(predicted, truth, strict=True)])


def as_3ddfa(angles: np.ndarray) -> np.ndarray:
    """Angles (N, 3) of the same rotations as 3DDFA writes them: yaw, pitch, roll in degrees.

    3DDFA turns vertices (x right, y up, z to the viewer) by R = Rx(pitch) Ry(yaw) Rz(roll), whose
    factors are the transposes of the right-handed ones (face3d, `angle2matrix_3ddfa`); ours are
    multiplied the other way round, which differs once two angles are large.
    """
    out = np.full(np.shape(angles), np.nan)
    for row, each in enumerate(angles):
        if np.isfinite(each).all():
            R = F @ from_angles(*each.tolist())
            yaw = np.degrees(np.arcsin(np.clip(-R[0, 2], -1, 1)))
            pitch = np.degrees(np.arctan2(R[1, 2], R[2, 2]))
            out[row] = yaw, pitch, np.degrees(np.arctan2(R[0, 1], R[0, 0]))
    return out


def within(truth: np.ndarray, largest: float = LARGEST) -> np.ndarray:
    """(N,) bool: all three angles known and within +-`largest` degrees."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(truth) <= largest).all(1))


def yaw_bins(yaw: np.ndarray) -> list[np.ndarray]:
    """(N,) bool for each bin of |yaw|: <= 30, (30, 60], > 60; unknown yaw is in none."""
    size = np.abs(yaw)
    first, second = size <= YAW_EDGES[0], size <= YAW_EDGES[1]
    return [first, second & ~first, np.isfinite(size) & ~second]


@dataclass(frozen=True)
class YawCurve:
    """Mean error by signed yaw."""

    centers: np.ndarray
    """(B,) degrees."""
    mean: np.ndarray
    """(B,) mean error of the pictures found; NaN where fewer than `least`."""
    count: np.ndarray
    """(B,) pictures, found or not."""


def error_over_yaw(
    errors: np.ndarray, yaw: np.ndarray, width: float = 10.0, least: int = 5
) -> YawCurve:
    """Mean error in bins of signed yaw `width` degrees wide, centred on multiples of it."""
    known = np.isfinite(yaw)
    index = np.round(yaw[known] / width).astype(int)
    errors = errors[known]
    low, high = (int(index.min()), int(index.max())) if len(index) else (0, 0)
    centers = np.arange(low, high + 1)
    means, counts = [], []
    for center in centers:
        here = errors[index == center]
        found = here[np.isfinite(here)]
        means.append(float(found.mean()) if len(found) >= least else np.nan)
        counts.append(len(here))
    return YawCurve(centers * width, np.array(means), np.array(counts))


def _between(predicted: np.ndarray, truth: np.ndarray) -> float:
    if not (np.isfinite(predicted).all() and np.isfinite(truth).all()):
        return float("nan")
    R = from_angles(*predicted.tolist()) @ from_angles(*truth.tolist()).T
    return float(np.degrees(np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1))))
