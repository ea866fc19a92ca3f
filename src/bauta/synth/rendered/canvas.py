"""Samples of a picture: what is seen where, and colours put over colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bauta.geometry.camera import Camera
from bauta.render.raster import Raster, rasterise

SAMPLES = 1.5
"""Of a pixel along each side: pixels are means of nine quarters of samples."""


@dataclass(frozen=True, eq=False)
class Hits:
    """The n samples at which a mesh is seen."""

    rows: np.ndarray
    """(n,) flat places among all samples of the picture."""
    number: np.ndarray
    """(n,) int32 rows of the triangles."""
    depth: np.ndarray
    """(n,) float32."""
    weight: np.ndarray
    """(n, 3) float32 weights of the corners."""

    def only(self, keep: np.ndarray) -> Hits:
        """Those of a mask (n,)."""
        return Hits(self.rows[keep], self.number[keep], self.depth[keep], self.weight[keep])

    def values(self, triangles: np.ndarray, table: np.ndarray) -> np.ndarray:
        """(n, C) of `table` (V, C) at the corners of triangles (T, 3)."""
        row = Raster(self.number[None], self.depth[None], self.weight[None], 1)
        return row.interpolate(triangles, table)[0]


def hits_of(points: np.ndarray, triangles: np.ndarray, camera: Camera, side: int) -> Hits:
    """Where triangles of `points` (V, 3) in camera axes are seen in a picture of `side` pixels.
    Only the part of the picture that they can reach is looked at."""
    used = np.zeros(len(points), bool)
    used[triangles] = True
    K, wide = camera.K.copy(), round(side * SAMPLES)
    K[:2] *= SAMPLES
    x0, y0, width, height = _reach(points[used], Camera(K), wide)
    if width < 1 or height < 1:
        none = np.zeros(0, np.int32)
        return Hits(none, none, np.zeros(0, np.float32), np.zeros((0, 3), np.float32))
    K[:2, 2] -= (x0, y0)
    raster = rasterise(points, triangles, Camera(K), (width, height), cull=False)
    flat = raster.triangle.reshape(-1)
    local = np.flatnonzero(flat >= 0)
    y, x = np.divmod(local, width)
    rows = (y + y0) * wide + x + x0
    weight = raster.weight.reshape(-1, 3)[local]
    return Hits(rows, flat[local], raster.depth.reshape(-1)[local], weight)


def _reach(points: np.ndarray, camera: Camera, side: int) -> tuple[int, int, int, int]:
    """x, y, width, height in samples; all of the picture when something is behind the camera."""
    if len(points) and points[:, 2].min() <= 1.0:
        return 0, 0, side, side
    places = camera.project(points) if len(points) else np.zeros((1, 2))
    low = np.clip(np.floor(places.min(0)), 0, side).astype(int)
    high = np.clip(np.ceil(places.max(0)), 0, side).astype(int)
    width, height = high - low
    return int(low[0]), int(low[1]), int(width), int(height)


class Canvas:
    """Colours and depths of all samples, over a background."""

    def __init__(self, behind: np.ndarray) -> None:
        """`behind` (side, side, 3) float32 linear light."""
        self.side = len(behind)
        self.wide = round(self.side * SAMPLES)
        fine = cv2.resize(behind, (self.wide, self.wide), interpolation=cv2.INTER_LINEAR)
        self.colour = np.ascontiguousarray(fine, np.float32).reshape(-1, 3)
        self.depth = np.full((self.wide, self.wide), np.inf, np.float32)

    def nearer(self, hits: Hits, slack: float = 0.0) -> Hits:
        """Those hits that lie before what is drawn, or less than `slack` behind it."""
        return hits.only(hits.depth < self.depth.reshape(-1)[hits.rows] + slack)

    def put(self, hits: Hits, alpha: np.ndarray, colour: np.ndarray) -> None:
        """Mix `colour` (n, 3) in by `alpha` (n,); from one half on it hides what comes later."""
        here = self.colour[hits.rows]
        self.colour[hits.rows] = here + alpha[:, None] * (colour - here)
        solid = alpha > 0.5
        self.depth.reshape(-1)[hits.rows[solid]] = hits.depth[solid]

    def resolved(self) -> np.ndarray:
        """(side, side, 3) means of the samples."""
        image = self.colour.reshape(self.wide, self.wide, 3)
        return cv2.resize(image, (self.side, self.side), interpolation=cv2.INTER_AREA)
