"""Turns a still's head out of the plane by a few degrees: 3DDFA_V2's F, without a face model.

A point moves as a rigid head's would under scaled orthography: its depth is that of its scheme on
the canonical face, seen under the still's pose. The picture is drawn along with the points, less
and less towards its border, and the labels are where that smooth warp takes the pixels under them,
so that both agree whatever the warp smooths away. What a turn would bring into sight, and how a
visible outline (the jaw of `ibug68`) slides over the skin, it does not make: a few degrees only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from bauta import schemes
from bauta.data.batch import Batch
from bauta.geometry.rotation import from_angles, to_angles

GRID = 32
"""Places a side at which the warp is worked out; between them it is linear."""
RELAXED = 1e-2
"""By how much points that lie close need not all be met: lips that touch shall not fold over."""
MOST = 70
"""Points that the warp goes through."""
STILL = 6
"""Points a side of the border, which stays where it is."""
ROUNDS = 3
"""Of the inversion of the warp at the labels: it is a fraction of a pixel off before the last."""
FEWEST = 5
"""Known points that a head is turned by."""
FARTHEST = 60.0
"""Degrees of yaw beyond which half of a face hides the other: such a head is not turned."""


@cache
def _layout(scheme: str) -> np.ndarray:
    return schemes.layout(scheme)


def moved(points: np.ndarray, head: np.ndarray, R: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Points (K, 2) of a head with rotation `R` after it was turned by `turn` (3, 3) in the
    camera's axes, about their middle; `head` (K, 3) are the points on the canonical face."""
    seen, middle = head @ R.T, points.mean(0)
    seen, flat = seen - seen.mean(0), points - middle
    scale = (seen[:, :2] * flat).sum() / (seen[:, :2] ** 2).sum()
    return (np.column_stack([flat, scale * seen[:, 2]]) @ turn.T)[:, :2] + middle


class Warp:
    """The smoothest displacement that is `moves` (K, 2) at `points` (K, 2) and nothing along the
    border of a picture of `size` pixels: a thin-plate spline (Bookstein 1989), a little relaxed."""

    def __init__(self, points: np.ndarray, moves: np.ndarray, size: int) -> None:
        along, edge = np.linspace(0, 1, STILL, endpoint=False), np.ones(STILL)
        sides = [(along, 0 * edge), (edge, along), (1 - along, edge), (0 * edge, 1 - along)]
        border = [np.stack(side, 1) for side in sides]
        self.size, self.at = size, np.concatenate([points / size, *border])
        count = len(self.at)
        flat = np.column_stack([np.ones(count), self.at])
        A = np.zeros((count + 3, count + 3))
        A[:count, :count] = _plate(self.at, self.at) + RELAXED * np.eye(count)
        A[:count, count:], A[count:, :count] = flat, flat.T
        wanted = np.zeros((count + 3, 2))
        wanted[: len(moves)] = moves
        self.weights = np.linalg.solve(A, wanted)

    def __call__(self, where: np.ndarray) -> np.ndarray:
        """(M, 2) at places (M, 2), pixels."""
        where = where / self.size
        flat = np.column_stack([np.ones(len(where)), where])
        return _plate(where, self.at) @ self.weights[:-3] + flat @ self.weights[-3:]


def _plate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """r^2 log r between (M, 2) and (N, 2)."""
    x, y = (a[:, k, None] - b[:, k] for k in (0, 1))
    squares = np.maximum(x * x + y * y, 1e-12)
    return 0.5 * squares * np.log(squares)


def _through(image: np.ndarray, back: Warp) -> np.ndarray:
    """The picture (S, S, 3) whose pixel u is that of u - back(u)."""
    size = len(image)
    cells = (np.arange(GRID) + 0.5) * size / GRID
    field = back(np.stack(np.meshgrid(cells, cells), -1).reshape(-1, 2))
    field = cv2.resize(field.reshape(GRID, GRID, 2).astype(np.float32), (size, size))
    across, down = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    x, y = across - field[..., 0], down - field[..., 1]
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _turn_row(batch: Batch, row: int, yaw: float, pitch: float) -> None:
    """Turn the head of a row in place, by degrees. Rows whose pose is unknown or would be far to a
    side, or of whose points too few are known, stay as they are."""
    pose, size = batch.pose[row].astype(np.float64), batch.images.shape[1]
    known = {name: np.flatnonzero(weights[row] > 0) for name, weights in batch.weights.items()}
    scheme = max(known, key=lambda name: len(known[name]))
    rows = known[scheme][:: -(-len(known[scheme]) // MOST) or 1]
    if len(rows) < FEWEST or not abs(pose[0] + yaw) <= FARTHEST or not np.isfinite(pose).all():
        return
    R = from_angles(*pose.tolist())
    new = from_angles(pose[0] + yaw, pose[1] + pitch, pose[2])
    points, turn = batch.points[scheme][row, rows, :2].astype(np.float64), new @ R.T
    there = moved(points, _layout(scheme)[rows], R, turn)
    back = Warp(there, there - points, size)
    for values in batch.points.values():
        start = values[row, :, :2].astype(np.float64)
        if values.shape[-1] == 3:
            values[row, :, 2] = (start - points.mean(0)) @ turn[2, :2] + turn[2, 2] * values[
                row, :, 2
            ]
        place = start
        for _ in range(ROUNDS):
            place = start + back(place)
        values[row, :, :2] = place
    batch.images[row] = _through(batch.images[row], back)
    batch.pose[row] = to_angles(new)


def turned(batch: Batch, angles: np.ndarray) -> Batch:
    """The batch with the head of each row turned by (yaw, pitch) of `angles` (B, 2), degrees."""
    if not angles.any() or not len(batch.pose):
        return batch
    out = replace(
        batch,
        images=batch.images.copy(),
        points={name: values.copy() for name, values in batch.points.items()},
        pose=batch.pose.copy(),
    )
    for row in np.flatnonzero(angles.any(1)).tolist():
        _turn_row(out, row, *angles[row].tolist())
    return out
