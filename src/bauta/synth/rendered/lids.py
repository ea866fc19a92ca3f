"""Lids of labels that meet where the lids of the picture do.

The mesh's lid points lie on the skin just outside of the lids' edges, where the labels of
photographs have them in open eyes. Carried along by a blink they stop short of each other, by a
tenth of the eye's width; who labels shut eyes draws one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bauta.assets.face import face_model

BLINKS = ("eyeBlinkRight", "eyeBlinkLeft")
LEAST = 0.1
"""Share of the gap between two lid points that is always left: upper stays above lower."""


@dataclass(frozen=True)
class Eye:
    """Points of one eye in a scheme."""

    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]

    def gaps(self, points: np.ndarray) -> np.ndarray:
        """(pairs,) distance of upper and lower lid over the eye's width, of points (K, 3)."""
        width = np.linalg.norm(points[self.corners[0]] - points[self.corners[1]])
        apart = points[list(self.upper)] - points[list(self.lower)]
        return np.linalg.norm(apart, axis=1) / max(float(width), 1e-9)


EYES68 = (Eye((36, 39), (37, 38), (41, 40)), Eye((45, 42), (44, 43), (46, 47)))
EYES = {
    "mesh478": (
        Eye((33, 133), (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
        Eye((263, 362), (466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
    ),
    "ibug68": EYES68,
    "ibug68-3d": EYES68,
}


@cache
def _left_over(scheme: str) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Gaps (pairs,) of the mean head's eyes at rest and when shut, an eye."""
    model = face_model()
    shut = np.array([float(name in BLINKS) for name in model.expression_names])
    name = "ibug68-3d" if scheme == "ibug68" else scheme
    rest, closed = (model.points(name, model.vertices(None, w)) for w in (0 * shut, shut))
    return tuple((eye.gaps(rest), eye.gaps(closed)) for eye in EYES[scheme])


def meeting(points: np.ndarray, scheme: str) -> np.ndarray:
    """Points (K, 3) whose lids are nearer to each other by what a shut eye of the mean head leaves
    over, the more the further they are shut; those of open eyes are where they were."""
    out = np.array(points, np.float64)
    for eye, (rest, shut) in zip(EYES[scheme], _left_over(scheme), strict=True):
        gaps = eye.gaps(points)
        open_ = np.clip((gaps.mean() - shut.mean()) / (rest.mean() - shut.mean()), 0, 1)
        kept = np.maximum(1 - (1 - open_) * shut / np.maximum(gaps, 1e-9), LEAST)[:, None]
        upper, lower = list(eye.upper), list(eye.lower)
        middle, half = (out[upper] + out[lower]) / 2, (out[upper] - out[lower]) / 2
        out[upper], out[lower] = middle + kept * half, middle - kept * half
    return out
