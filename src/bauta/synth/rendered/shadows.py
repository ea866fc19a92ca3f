"""Shadow maps of lamps far away (Williams 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry.camera import Camera
from bauta.render.raster import rasterise
from bauta.synth.rendered.canvas import compiled

FAR, BIAS = 2000.0, 0.35
"""Distance of the lamp, and how far behind what casts the shadow it begins: centimetres."""


@dataclass(frozen=True, eq=False)
class ShadowMap:
    """What one lamp sees."""

    R: np.ndarray
    """(3, 3) float32 axes of the lamp."""
    middle: np.ndarray
    """(3,) float32 that it looks at."""
    f: float
    depth: np.ndarray
    """(side, side) float32."""

    def share(self, receivers: np.ndarray) -> np.ndarray:
        """(n,) float32 0..1 how much of `receivers` (n, 3) sees the lamp: the mean of four
        comparisons (Reeves et al. 1987)."""
        seen = (receivers.astype(np.float32) - self.middle) @ self.R.T
        seen[:, 2] += np.float32(FAR)
        shift = np.float32(len(self.depth) / 2 - 0.5)
        places = np.float32(self.f) * seen[:, :2] / seen[:, 2:] + shift
        result = np.empty(len(seen), np.float32)
        far = np.ascontiguousarray(seen[:, 2])
        compiled().unshadowed(self.depth, places, far, BIAS, result)
        return result


def shadow_map(casters: np.ndarray, triangles: np.ndarray, way: np.ndarray, side: int) -> ShadowMap:
    """Of `casters` (V, 3) with triangles (T, 3) under a lamp in direction `way` (3,)."""
    z = -np.asarray(way, np.float64) / np.linalg.norm(way)
    x = np.cross((0, 1, 0) if abs(z[1]) < 0.9 else (1, 0, 0), z)
    x /= np.linalg.norm(x)
    R = np.stack([x, np.cross(z, x), z]).astype(np.float32)
    middle = casters.mean(0).astype(np.float32)
    there = (casters.astype(np.float32) - middle) @ R.T
    f = 0.45 * side * FAR / max(float(np.abs(there[:, :2]).max()), 1e-3)
    there[:, 2] += FAR
    camera = Camera(np.array([[f, 0, side / 2], [0, f, side / 2], [0, 0, 1.0]]))
    depth = rasterise(there, triangles, camera, (side, side), cull=False).depth
    return ShadowMap(R, middle, f, depth)
