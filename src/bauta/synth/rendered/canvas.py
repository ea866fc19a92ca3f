"""Samples of a picture: what is seen where, and colours put over colours."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import cv2
import numpy as np

from bauta.geometry.camera import Camera
from bauta.render import raster
from bauta.render.raster import Raster, rasterise

SAMPLES = 1.5
"""Of a pixel along each side: pixels are means of nine quarters of samples."""


def compiled() -> ModuleType:
    """The compiled loops over samples; BautaError, which says what to install, without numba."""
    raster.compiled()
    from bauta.synth.rendered import kernels

    return kernels


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
    K, wide = camera.K.copy(), round(side * SAMPLES)
    K[:2] *= SAMPLES
    points = np.ascontiguousarray(points, np.float32)
    triangles = np.ascontiguousarray(triangles, np.int32)
    intrinsics = np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2]])
    x0, y0, width, height = compiled().reach(points, triangles, intrinsics, wide)
    if width < 1 or height < 1:
        none = np.zeros(0, np.int32)
        return Hits(none.astype(np.int64), none, np.zeros(0, "f4"), np.zeros((0, 3), "f4"))
    K[:2, 2] -= (x0, y0)
    drawn = rasterise(points, triangles, Camera(K), (width, height), cull=False)
    return Hits(*compiled().gather(drawn.triangle, drawn.depth, drawn.weight, x0, y0, wide))


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
        """Mix `colour` (n, 3) in by `alpha` (n,), float32; from one half on it hides what comes
        later."""
        depth = self.depth.reshape(-1)
        compiled().put(self.colour, depth, hits.rows, hits.depth, alpha, colour)

    def resolved(self) -> np.ndarray:
        """(side, side, 3) means of the samples."""
        image = self.colour.reshape(self.wide, self.wide, 3)
        return cv2.resize(image, (self.side, self.side), interpolation=cv2.INTER_AREA)
