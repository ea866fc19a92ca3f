"""Lids of labels that meet where the lids of the picture do.

Lid points of a mesh lie on the skin just outside of the lids' edges. In open eyes that is how the
teacher of the photographs has them, too, and nobody minds; of shut eyes it leaves a gap, although
who looks at them sees one line. A network that learns such labels never shuts its eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 0.1
"""Share of the gap between two lid points that is always left: upper stays above lower."""

OPEN, SHUT = 0.15, 0.05
"""Gaps of the mesh's lids, once they meet, over the eye's width: 68 labelled points are believed
from the one on, the mesh up to the other. Their teachers hardly know shut eyes: where the mesh has
0 to 0.05, labels of `ytf` have 0.2 and the anatomical ones 0.28, as in open eyes."""


@dataclass(frozen=True)
class Eye:
    """Points of one eye in a scheme, lids in pairs."""

    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]

    def gaps(self, points: np.ndarray) -> np.ndarray:
        """(..., pairs) distance of the lids over the eye's width, of points (..., K, 3)."""
        across = points[..., self.corners[0], :] - points[..., self.corners[1], :]
        apart = points[..., self.upper, :] - points[..., self.lower, :]
        width = np.linalg.norm(across, axis=-1)[..., None]
        return np.linalg.norm(apart, axis=-1) / np.maximum(width, 1e-9)


@dataclass(frozen=True)
class Opening:
    """Gaps (pairs,) of an eye that is shut, and the mean gap from which labels are left alone."""

    shut: np.ndarray
    open: float


EYES68 = (Eye((36, 39), (37, 38), (41, 40)), Eye((45, 42), (44, 43), (46, 47)))
EYES = {
    "mesh478": (
        Eye((33, 133), (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
        Eye((263, 362), (466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
    ),
    "ibug68": EYES68,
    "ibug68-3d": EYES68,
}
TEACHER = Opening(np.array([0.037, 0.061, 0.076, 0.084, 0.078, 0.055, 0.034]), 0.14)
"""Of the photographs' `mesh478`: means over 126 training faces whose mean gap lies between 0.05 and
0.07. Of sixty with gaps up to 0.1 that were looked at, all but three have their eyes shut."""


def meeting(points: np.ndarray, eyes: Sequence[Eye], openings: Sequence[Opening]) -> np.ndarray:
    """Points (..., K, 3) whose lids are nearer to each other by what is left of a shut eye's gap,
    the more the further they are shut; those of open eyes are where they were."""
    out = np.array(points, np.float64)
    for eye, opening in zip(eyes, openings, strict=True):
        gaps, shut = eye.gaps(out), opening.shut
        span = opening.open - shut.mean()
        closed = 1 - np.clip((gaps.mean(-1, keepdims=True) - shut.mean()) / span, 0, 1)
        kept = np.maximum(1 - closed * shut / np.maximum(gaps, 1e-9), LEAST)[..., None]
        upper, lower = out[..., eye.upper, :], out[..., eye.lower, :]
        middle, half = (upper + lower) / 2, (upper - lower) / 2
        out[..., eye.upper, :], out[..., eye.lower, :] = middle + kept * half, middle - kept * half
    return out


def lids_of_mesh(
    points: np.ndarray, mesh: np.ndarray, eyes: Sequence[Eye], nearest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, K, 2 or 3) whose lids, in x and y, are those of the meshes (N, 478, 3) where these
    are shut; and (N, K) how far: 0 as they were, 1 the mesh's.

    `nearest` (K,) mesh point of each; the mesh's lids are moved so that the corners' middles agree.
    """
    out, share = np.array(points, np.float64), np.zeros(points.shape[:2], np.float32)
    like = mesh[:, nearest]
    for eye in eyes:
        corners, lids = list(eye.corners), [*eye.upper, *eye.lower]
        gap = eye.gaps(like).mean(-1)
        taken = np.clip((OPEN - gap) / (OPEN - SHUT), 0, 1)
        moved = points[:, corners, :2].mean(1) - like[:, corners, :2].mean(1)
        of_mesh = like[:, lids, :2] + moved[:, None]
        known = np.isfinite(of_mesh).all((1, 2)) & np.isfinite(out[:, lids, :2]).all((1, 2))
        taken = np.where(known, taken, 0)
        step = taken[:, None, None] * (of_mesh - out[:, lids, :2])
        out[:, lids, :2] += np.where(known[:, None, None], step, 0)
        share[:, lids] = taken[:, None]
    return out, share
