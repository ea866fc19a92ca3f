"""How a head moved between two crops, read off the pixels by optical flow.

Lucas and Kanade's tracker (pyramids, Bouguet 2001) follows points of the skin from the last crop to
this one, and back again: a point that does not return is not believed (forward-backward error,
Kalal et al. 2010). What is left fits one motion of the whole head, linear in the points' place and
depth (a rigid head seen from afar), by iteratively reweighted least squares. The network's points
err anew in every frame; pixels do not, so that motion comes without their noise and without lag.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bauta.filters.seen import Seen
from bauta.geometry import affine

FOLLOWED = 48
"""Points of the skin that are followed."""
WINDOW, LEVELS = 13, 1
"""Pixels of the window at each level, and levels above the first, in crops of 72 to 128 pixels."""
RETURN = 1.0
"""Pixels of the crop within which a point has to come back."""
LEAST = 0.4
"""Share of the followed points that must come back, or the motion is not known."""
ROUNDS = 3
BORDER = 2.0
"""Pixels at the border of a crop that are not looked at."""

Motion = Callable[[np.ndarray], np.ndarray]
"""Points (N, 3) -> how far each moves (N, 2), pixels of the picture."""


class HeadFlow:
    """Motion from crop to crop."""

    def __init__(self) -> None:
        self._crop: np.ndarray | None = None
        self._T = np.zeros((2, 3))

    def remember(self, seen: Seen) -> None:
        """The next motion starts from here."""
        self._crop = None if seen.T_crop_image is None else seen.grey
        if seen.T_crop_image is not None:
            self._T = seen.T_crop_image

    def __call__(self, points: np.ndarray, seen: Seen) -> Motion | None:
        """Motion of the head since the last frame, in which its `points` (N, 3) were; None when
        the pixels do not say."""
        if self._crop is None or seen.grey is None or seen.T_crop_image is None:
            return None
        if seen.layout is None or self._crop.shape != seen.grey.shape:
            return None
        rigid = seen.layout.rigid
        chosen = points[rigid[:: max(len(rigid) // FOLLOWED, 1)]]
        before = affine.apply(self._T, chosen[:, :2])
        after, good = _followed(
            self._crop, seen.grey, before, affine.apply(seen.T_crop_image, chosen[:, :2])
        )
        if good.sum() < max(LEAST * len(chosen), 6):
            return None
        now = affine.apply(affine.invert(seen.T_crop_image), after[good])
        return _linear(chosen[good], now - chosen[good, :2], max(seen.size, 1e-6))


def _followed(
    last: np.ndarray, crop: np.ndarray, before: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where points `before` (N, 2) of the crop `last` are in `crop` (N, 2), and which came back."""
    import cv2

    how = {
        "winSize": (WINDOW, WINDOW),
        "maxLevel": LEVELS,
        "criteria": (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 8, 0.03),
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    start = (before - 0.5).astype(np.float32)
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        last, crop, start, (guess - 0.5).astype(np.float32), **how
    )
    back, returned, _ = cv2.calcOpticalFlowPyrLK(crop, last, there, start.copy(), **how)
    side = crop.shape[0] - 1
    good = (found[:, 0] > 0) & (returned[:, 0] > 0)
    good &= np.abs(back - start).max(1) < RETURN
    good &= ((there > BORDER) & (there < side - BORDER)).all(1)
    return there.astype(np.float64) + 0.5, good


def _linear(points: np.ndarray, moved: np.ndarray, size: float) -> Motion:
    """The motion d = B (x, y, z, 1) of points (N, 3) that moved by (N, 2), outliers left out."""
    center = points.mean(0)
    rows = np.column_stack([(points - center) / size, np.ones(len(points))])
    ridge = 1e-5 * len(points) * np.diag([1.0, 1.0, 1.0, 0.0])
    weight = np.ones(len(points))
    solved = np.zeros((4, 2))
    for _ in range(ROUNDS):
        weighted = rows * weight[:, None]
        solved = np.linalg.solve(weighted.T @ rows + ridge, weighted.T @ moved)
        away = np.linalg.norm(moved - rows @ solved, axis=1)
        weight = 1 / (1 + (away / (2 * np.median(away) + 2e-4 * size)) ** 2)
    return lambda place: (place - center) / size @ solved[:3] + solved[3]
