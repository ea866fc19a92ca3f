"""The rasteriser: triangles through a pinhole camera into depth, triangle and weights per pixel.

A pixel belongs to a triangle that covers its centre (x + 0.5, y + 0.5); a centre on an edge that
two triangles share belongs to exactly one of them (the top-left rule, on corners rounded to 1/256
of a pixel). The nearest surface wins. Values at corners are interpolated in perspective:

    value = sum_k w_k value_k,   w_k = (l_k / z_k) / sum_m (l_m / z_m)

with l the barycentric weights on screen (Heckbert and Moreton 1991). What is nearer than the near
plane is cut off; what lies behind the camera, has no area or is not finite is left out.

Needs numba: pip install "bauta[render]".
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from bauta.checks import BautaError, InputError, check_count
from bauta.geometry.camera import Camera

NEAR = 1e-2
"""Distance of the near plane, in the vertices' unit of length: 0.1 mm where that is centimetres."""


def compiled() -> ModuleType:
    """The compiled loops; BautaError, which says what to install, without numba.

    The first import on a machine compiles for some seconds; later ones read numba's cache.
    """
    try:
        from bauta.render import kernels
    except ImportError as error:
        raise BautaError(
            f'drawing surfaces needs numba ({error}); install it with: pip install "bauta[render]"'
        ) from error
    except RuntimeError as error:
        raise BautaError(
            f"drawing surfaces: numba finds no place for its cache ({error}); set "
            "NUMBA_CACHE_DIR to a folder that can be written"
        ) from error
    return kernels


@dataclass(frozen=True, eq=False)
class Raster:
    """What is seen at each of the (h, w) samples of a picture; h = samples * height."""

    triangle: np.ndarray
    """(h, w) int32: row of the triangle, -1 where there is none."""
    depth: np.ndarray
    """(h, w) float32: z in camera axes, infinity where there is none."""
    weight: np.ndarray
    """(h, w, 3) float32: weights of the triangle's corners in perspective, summing to 1."""
    samples: int
    """Samples of a pixel along each side: 1, or 2 for smooth edges."""

    def interpolate(self, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
        """(h, w, C) float32, 0 outside, of `values` (N, C) at the corners `triangles` (T, 3).

        The corners may be others than those that were drawn: those of the texture, for example.
        """
        corners, table = self._table(triangles, values)
        out = np.zeros((*self.triangle.shape, table.shape[1]), np.float32)
        compiled().interpolate(self.triangle, self.weight, corners, table, out)
        return out

    def shade(self, triangles: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`resolve(interpolate(triangles, values))` in one go: colours (N, C) of corners."""
        corners, table = self._table(triangles, values)
        height, width = (side // self.samples for side in self.triangle.shape)
        out = np.zeros((height, width, table.shape[1]), np.float32)
        cover = np.zeros((height, width), np.float32)
        compiled().shade(self.triangle, self.weight, corners, table, self.samples, out, cover)
        return out, cover

    def resolve(self, colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean over the samples of a pixel, of `colour` (h, w, C), which is 0 outside.

        Returns colour (H, W, C) multiplied by coverage, and coverage (H, W) 0..1, both float32.
        """
        n = self.samples
        seen = (self.triangle >= 0).astype(np.float32)
        if n == 1:
            return colour.astype(np.float32, copy=False), seen
        tiles = [(slice(i, None, n), slice(j, None, n)) for i in range(n) for j in range(n)]
        mean = sum((colour[tile] for tile in tiles[1:]), colour[tiles[0]]) / np.float32(n * n)
        cover = sum((seen[tile] for tile in tiles[1:]), seen[tiles[0]]) / np.float32(n * n)
        return mean, cover

    def _table(self, triangles: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        table = np.ascontiguousarray(values, np.float32)
        if table.ndim != 2:
            raise InputError(f"values: expected shape (N, C), got {table.shape}")
        corners = _corners(triangles, len(table))
        if self.triangle.max(initial=-1) >= len(corners):
            raise InputError(
                f"triangles: expected as many as were drawn, got {len(corners)}; "
                f"triangle {self.triangle.max()} is seen"
            )
        return corners, table


def rasterise(
    vertices: np.ndarray,
    triangles: np.ndarray,
    camera: Camera,
    size: tuple[int, int],
    *,
    cull: bool = True,
    samples: int = 1,
    near: float = NEAR,
) -> Raster:
    """What a camera sees of triangles.

    `vertices` (V, 3) in camera axes (x right, y down, z forward), any unit of length; `triangles`
    (T, 3); `size` (width, height) of the picture in pixels. `cull` leaves out triangles that turn
    their back (seen clockwise). `samples` 2 looks at four places of each pixel (`Raster.resolve`).
    Lens distortion bends the vertices' places, not the straight edges between them.
    InputError for wrong shapes; BautaError without numba.
    """
    width, height = (check_count(side, "size") for side in size)
    if samples not in (1, 2):
        raise InputError(f"samples: expected 1 or 2, got {samples!r}")
    if not near > 0:
        raise InputError(f"near: expected a distance above 0, got {near}")
    points = np.array(vertices, np.float64, order="C")
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"vertices: expected shape (V, 3), got {points.shape}")
    corners = _corners(triangles, len(points))
    if len(camera.distortion):
        _bend(points, camera, near)
    K = camera.K * samples
    intrinsics = np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2]])
    points[:, 0] += camera.K[0, 1] / camera.K[0, 0] * points[:, 1]  # skew
    shape = (samples * height, samples * width)
    triangle = np.full(shape, -1, np.int32)
    depth = np.full(shape, np.inf, np.float32)
    weight = np.zeros((*shape, 3), np.float32)
    compiled().rasterise(points, corners, intrinsics, near, cull, triangle, depth, weight)
    return Raster(triangle, depth, weight, samples)


def _corners(triangles: np.ndarray, below: int) -> np.ndarray:
    corners = np.ascontiguousarray(triangles, np.int32)
    if corners.ndim != 2 or corners.shape[1] != 3:
        raise InputError(f"triangles: expected shape (T, 3), got {corners.shape}")
    if corners.size and not 0 <= corners.min() <= corners.max() < below:
        raise InputError(
            f"triangles: expected rows 0 to {below - 1}, got {corners.min()} to {corners.max()}"
        )
    return corners


def _bend(points: np.ndarray, camera: Camera, near: float) -> None:
    """Move the points that are before the camera to where they seem to be without distortion."""
    before = points[:, 2] > near
    seen, z = camera.project(points[before]), points[before, 2]
    y = (seen[:, 1] - camera.K[1, 2]) / camera.K[1, 1]
    x = (seen[:, 0] - camera.K[0, 2] - camera.K[0, 1] * y) / camera.K[0, 0]
    points[before, 0], points[before, 1] = x * z, y * z
