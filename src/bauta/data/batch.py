"""What a network is shown at once: crops and everything that moved along with their pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Batch:
    """B crops of S pixels. Points are in pixels of the crop; finite, weight 0, where unknown."""

    images: np.ndarray
    """(B, S, S, 3) uint8 RGB."""
    points: dict[str, np.ndarray]
    """Scheme -> (B, K, 2 or 3) float32; z is NaN where a face was labelled in x and y alone."""
    weights: dict[str, np.ndarray]
    """Scheme -> (B, K) float32 >= 0."""
    visible: dict[str, np.ndarray] = field(default_factory=dict)
    """Scheme -> (B, K) float32, 1 visible, 0 hidden, NaN unknown; only where a set says so."""
    pose: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    """(B, 3) float32 yaw, pitch, roll in degrees as seen in the crop; NaN unknown."""
    present: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """(B,) float32, 1 a face, 0 none."""
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    """Name -> (B,) float32, NaN unknown."""
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """(B,) int64, row of the pack, -1 where no face was drawn."""
