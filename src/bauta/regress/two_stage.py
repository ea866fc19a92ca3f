"""Coarse to fine: five points first, then the whole face in a crop made upright by them.

The first network looks at the detector's square as it stands and has learned large turns; the
second only ever sees faces that lie alike. Both are called as a `LandmarkRegressor` is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from bauta.checks import check_choice
from bauta.crop import MARGIN, Roi
from bauta.geometry.alignment import umeyama
from bauta.regress.landmarks import Prediction, Regressor
from bauta.tables import mesh478

FIVE = "celeba5"
"""Scheme of the first network: the subject's right eye, left eye, nose tip, right and left corner
of the mouth."""

_SIXTY_EIGHT = (range(36, 42), range(42, 48), [30], [48], [54])
GROUPS = {
    "celeba5": ([0], [1], [2], [3], [4]),
    "ibug68": _SIXTY_EIGHT,
    "ibug68-3d": _SIXTY_EIGHT,
    "jd106": (range(66, 74), range(75, 83), [54], [84], [90]),
    "mesh478": ([33, 133], [263, 362], [4], [61], [291]),
    "wflw98": (range(60, 68), range(68, 76), [54], [76], [82]),
}
"""Scheme -> the points whose means are the five: outline or corners of the eyes, never the pupils,
which move with the gaze."""


def five_points(points: np.ndarray, scheme: str) -> np.ndarray:
    """The five points (..., 5, 2) of points (..., K, 2 or 3); InputError for other schemes."""
    groups = GROUPS[check_choice(scheme, GROUPS, "five points: scheme")]
    return np.stack([points[..., list(group), :2].mean(-2) for group in groups], -2)


@cache
def canonical_five() -> np.ndarray:
    """(5, 2) float64: the five of the canonical face from in front, in sides of its crop (0..1).

    The face's points, forehead to chin, fill 1 / MARGIN of the side, as in `bauta.crop`.
    """
    face = mesh478()["canonical"][:, :2].astype(np.float64) * [1, -1]  # y up to y down
    low, high = face.min(0), face.max(0)
    side = MARGIN * float(max(high - low))
    return (five_points(face, "mesh478") - (low + high) / 2) / side + 0.5


def roi_of_five(points: np.ndarray) -> Roi:
    """The Roi in which five points (5, 2) of the picture lie closest to the canonical ones.

    By the least-squares similarity (`umeyama`): the face is upright and of standard size in it.
    """
    scale, R, t = umeyama(canonical_five(), np.asarray(points, np.float64))
    center = scale * R @ np.full(2, 0.5) + t
    return Roi(center, max(scale, 1.0), float(np.arctan2(R[1, 0], R[0, 0])))


class TwoStage:
    """Two regressors as one: `coarse` gives `FIVE`, `fine` everything in the upright crop."""

    def __init__(self, coarse: Regressor, fine: Regressor) -> None:
        self.coarse, self.fine = coarse, fine
        self.schemes, self.ibug68_offset = fine.schemes, fine.ibug68_offset
        self.watched, self.device, self.doubt = fine.watched, fine.device, fine.doubt

    def __call__(self, image: np.ndarray, roi: Roi) -> Prediction:
        """Points of the face in `roi` of an RGB uint8 picture (H, W, 3)."""
        five = self.coarse(image, roi).points[FIVE]
        return self.fine(image, replace(roi_of_five(five[:, :2]), mirrored=roi.mirrored))
