"""Supervision by registration: points of consecutive frames shall move as the pixels do.

Dong et al., "Supervision-by-Registration: An Unsupervised Approach to Improve the Precision of
Facial Landmark Detectors", CVPR 2018. The optical flow (Lucas and Kanade 1981, on a pyramid) is
followed there and back again; where it does not come home, nothing is learned from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

WINDOW = 17
"""Side of the patch that is registered, pixels; 20 steps at most, down to 1e-4 of a pixel."""
CRITERIA = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 1e-4)


@dataclass(frozen=True)
class Gate:
    """Which tracks are believed, in percent of the crop's side (the paper's: 1 and 2 px of 64)."""

    agree: float = 1.5
    """Largest distance between a point and its track there and back again."""
    reach: float = 3.0
    """Farthest that a point may move from one frame to the next."""
    doubt: float = 4.0
    """Largest distance from the truth that the network itself expects, where it says one."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Where the pixels under the points of N frames go, N - 1 steps; pixels of the crop."""

    onward: np.ndarray
    """(N - 1, K, 2) float32, the points of frame i as found in frame i + 1."""
    onward_valid: np.ndarray
    """(N - 1, K) bool, whether that is believed."""
    back: np.ndarray
    """(N - 1, K, 2) float32, the points of frame i + 1 as found in frame i."""
    back_valid: np.ndarray
    """(N - 1, K) bool."""


def flow(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, ...]:
    """Points (K, 2) of one grey picture (H, W) in another: (K, 2) float32, and (K,) bool found."""
    start = np.ascontiguousarray(points[:, None], np.float32) - 0.5  # pixel centres from 0
    where, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, start, start.copy(), winSize=(WINDOW, WINDOW), maxLevel=2, criteria=CRITERIA
    )
    return where[:, 0] + np.float32(0.5), found[:, 0] > 0


def _checked(
    before: np.ndarray, after: np.ndarray, points: np.ndarray, gate: Gate
) -> tuple[np.ndarray, np.ndarray]:
    """Points of `before` in `after`, and which of them pass the gate."""
    scale = 100.0 / before.shape[0]
    where, found = flow(before, after, points)
    home, found_again = flow(after, before, where)
    agree = np.linalg.norm(home - points, axis=-1) * scale < gate.agree
    near = np.linalg.norm(where - points, axis=-1) * scale < gate.reach
    inside = ((points > 0) & (points < before.shape[0])).all(-1)
    return where, found & found_again & agree & near & inside


def track(
    images: np.ndarray, points: np.ndarray, gate: Gate, sure: np.ndarray | None = None
) -> Tracks:
    """Tracks of points (N, K, 2) through frames (N, S, S, 3) uint8 that share one crop.

    `sure` (N, K) bool: points that the network is sure of; the others give no target.
    """
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    sure = np.ones(points.shape[:2], bool) if sure is None else sure
    onward, back = [], []
    for i in range(len(images) - 1):
        where, valid = _checked(grey[i], grey[i + 1], points[i], gate)
        onward.append((where, valid & sure[i]))
        where, valid = _checked(grey[i + 1], grey[i], points[i + 1], gate)
        back.append((where, valid & sure[i + 1]))

    def stack(pairs: list, k: int) -> np.ndarray:
        return np.stack([pair[k] for pair in pairs])

    return Tracks(stack(onward, 0), stack(onward, 1), stack(back, 0), stack(back, 1))


def registration_loss(points: Tensor, tracks: Tracks, size: int) -> tuple[Tensor, Tensor]:
    """Distance of points (N, K, 2) from their tracks, percent of `size`; and the share believed.

    Mean over believed tracks of ||L_(i+1) - onward_i|| and ||L_i - back_i|| (the paper's eq. 5);
    the tracks are targets, no gradient runs through them. 0 when none is believed.
    """

    def off(found: Tensor, target: np.ndarray) -> Tensor:
        d = (found - torch.from_numpy(target).to(found)) * (100.0 / size)
        return torch.sqrt((d * d).sum(-1) + 1e-6) - 1e-3  # smooth, and 0 at 0

    valid = np.stack([tracks.onward_valid, tracks.back_valid])
    weight = torch.from_numpy(valid).to(points)
    d = torch.stack([off(points[1:], tracks.onward), off(points[:-1], tracks.back)])
    return (d * weight).sum() / weight.sum().clamp_min(1.0), weight.mean()
