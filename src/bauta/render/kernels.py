"""Compiled loops of the rasteriser. Only `raster.py` and `shading.py` import this, and lazily.

Every function has an explicit signature, so that it is compiled (once a machine, then cached) when
this module is imported and never in the middle of a clip. All run without the interpreter's lock.
"""

from __future__ import annotations

import numpy as np
from numba import njit  # type: ignore[import-not-found]

GRID = 256
"""Steps of a pixel to which projected corners are rounded, so that coverage is exact."""
GUARD = float(1 << 20)
"""Pixels from the corner of the picture within which rounded corners cannot overflow; triangles
that reach farther are clipped there."""
LARGEST = 9
"""Corners of a triangle clipped by near plane and four sides, at most, with one to spare."""


@njit("float64(float64[:], int64, float64, float64[:])", cache=True, nogil=True)
def _inside(corner, plane, near, camera):
    """Distance, positive inside, of a corner (x, y, z, ...) to the near plane (0) or a side."""
    fx, fy, cx, cy = camera
    x, y, z = corner[0], corner[1], corner[2]
    if plane == 0:
        return z - near
    if plane == 1:
        return fx * x + (cx + GUARD) * z
    if plane == 2:
        return (GUARD - cx) * z - fx * x
    if plane == 3:
        return fy * y + (cy + GUARD) * z
    return (GUARD - cy) * z - fy * y


@njit(
    "int64(float64[:,:], float64[:,:], int64, int64, float64, float64[:])", cache=True, nogil=True
)
def _clip(polygon, clipped, count, plane, near, camera):
    """Sutherland and Hodgman 1974: corners (x, y, z, three weights) of the part that is inside.

    A crossing is always measured from its inner end, so that two triangles that share an edge cut
    it in the same place.
    """
    out = 0
    for k in range(count):
        a, b = polygon[k], polygon[(k + 1) % count]
        da, db = _inside(a, plane, near, camera), _inside(b, plane, near, camera)
        if da >= 0:
            clipped[out] = a
            out += 1
        if (da >= 0) != (db >= 0):
            if da >= 0:
                clipped[out] = a + da / (da - db) * (b - a)
            else:
                clipped[out] = b + db / (db - da) * (a - b)
            out += 1
    return out


@njit(
    "void(int64[:], int64[:], float64[:], float64[:,:], int64, boolean,"
    " int32[:,::1], float32[:,::1], float32[:,:,::1])",
    cache=True,
    nogil=True,
)
def _fill(xs, ys, zs, shares, number, cull, triangle, depth, weight):
    """Draw one triangle with corners at `xs`, `ys` in steps of the grid and depths `zs` > 0.

    `shares` (3, 3): weights of the drawn triangle's corners at these, which are others where it was
    clipped.
    """
    height, width = triangle.shape
    x0, x1, x2, y0, y1, y2 = xs[0], xs[1], xs[2], ys[0], ys[1], ys[2]
    half = GRID // 2
    left = max(0, (min(x0, x1, x2) - half + GRID - 1) // GRID)
    right = min(width - 1, (max(x0, x1, x2) - half) // GRID)
    top = max(0, (min(y0, y1, y2) - half + GRID - 1) // GRID)
    bottom = min(height - 1, (max(y0, y1, y2) - half) // GRID)
    if left > right or top > bottom:
        return
    area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
    if area == 0 or (cull and area > 0):  # y points down: counter-clockwise is negative
        return
    i, j = 1, 2
    if area < 0:
        area = -area
        i, j = 2, 1
        x1, y1, x2, y2 = x2, y2, x1, y1
    # a centre on an edge belongs to the triangle to which the edge is top or left
    bias0 = 0 if y2 < y1 or (y2 == y1 and x2 > x1) else -1
    bias1 = 0 if y0 < y2 or (y0 == y2 and x0 > x2) else -1
    bias2 = 0 if y1 < y0 or (y1 == y0 and x1 > x0) else -1
    px, py = left * GRID + half, top * GRID + half
    row0 = (x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)
    row1 = (x0 - x2) * (py - y2) - (y0 - y2) * (px - x2)
    row2 = (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0)
    dx0, dx1, dx2 = (y1 - y2) * GRID, (y2 - y0) * GRID, (y0 - y1) * GRID
    dy0, dy1, dy2 = (x2 - x1) * GRID, (x0 - x2) * GRID, (x1 - x0) * GRID
    scale = 1.0 / area
    r0, r1, r2 = scale / zs[0], scale / zs[i], scale / zs[j]
    whole = shares[0, 0] == 1.0 and shares[1, 1] == 1.0 and shares[2, 2] == 1.0
    for y in range(top, bottom + 1):
        e0, e1, e2 = row0, row1, row2
        for x in range(left, right + 1):
            if (e0 + bias0 | e1 + bias1 | e2 + bias2) >= 0:
                w0, w1, w2 = e0 * r0, e1 * r1, e2 * r2  # over z: linear on screen
                z = np.float32(1.0 / (w0 + w1 + w2))
                if z < depth[y, x]:
                    depth[y, x] = z
                    triangle[y, x] = number
                    w0, w1, w2 = w0 * z, w1 * z, w2 * z
                    if whole:
                        weight[y, x, 0] = w0
                        weight[y, x, i] = w1
                        weight[y, x, j] = w2
                    else:
                        for k in range(3):
                            weight[y, x, k] = (
                                w0 * shares[0, k] + w1 * shares[i, k] + w2 * shares[j, k]
                            )
            e0 += dx0
            e1 += dx1
            e2 += dx2
        row0 += dy0
        row1 += dy1
        row2 += dy2


@njit("int64(float64, float64, float64, float64)", cache=True, nogil=True)
def _snapped(across, z, f, middle):
    """A projected coordinate in steps of the grid."""
    return np.int64(np.rint((f * across / z + middle) * GRID))


@njit("void(float64[:,::1], float64[:], float64, int64[:,::1], int8[::1])", cache=True, nogil=True)
def _project(vertices, camera, near, places, state):
    """Places (2, V) of vertices; whether each is not finite (0), to be clipped (1), fine (2)."""
    fx, fy, cx, cy = camera
    for n in range(len(vertices)):
        v = vertices[n]
        state[n] = 0
        if not np.isfinite(v[0] + v[1] + v[2]):
            continue
        state[n] = 2
        for plane in range(5):
            if _inside(v, plane, near, camera) < 0:
                state[n] = 1
        if state[n] == 2:
            places[0, n] = _snapped(v[0], v[2], fx, cx)
            places[1, n] = _snapped(v[1], v[2], fy, cy)


@njit(
    "void(float64[:,::1], int32[:,::1], float64[:], float64, boolean,"
    " int32[:,::1], float32[:,::1], float32[:,:,::1])",
    cache=True,
    nogil=True,
)
def rasterise(vertices, triangles, camera, near, cull, triangle, depth, weight):
    """Draw all triangles into the three buffers, which hold -1, infinity and 0."""
    polygon, clipped = np.zeros((LARGEST, 6)), np.zeros((LARGEST, 6))
    places = np.zeros((2, len(vertices)), np.int64)
    state = np.zeros(len(vertices), np.int8)
    _project(vertices, camera, near, places, state)
    fx, fy, cx, cy = camera
    xs, ys, zs = np.zeros(3, np.int64), np.zeros(3, np.int64), np.zeros(3)
    own, shares = np.eye(3), np.zeros((3, 3))
    for number in range(len(triangles)):
        worst = 2
        for k in range(3):
            n = triangles[number, k]
            worst = min(worst, state[n])
            xs[k], ys[k], zs[k] = places[0, n], places[1, n], vertices[n, 2]
        if worst == 2:
            _fill(xs, ys, zs, own, number, cull, triangle, depth, weight)
        if worst != 1:
            continue
        for k in range(3):
            polygon[k, :3] = vertices[triangles[number, k]]
            polygon[k, 3:] = own[k]
        count = 3
        for plane in range(5):
            count = _clip(polygon, clipped, count, plane, near, camera)
            polygon, clipped = clipped, polygon
        for k in range(1, count - 1):
            for m, corner in enumerate((0, k, k + 1)):
                c = polygon[corner]
                xs[m], ys[m] = _snapped(c[0], c[2], fx, cx), _snapped(c[1], c[2], fy, cy)
                zs[m] = c[2]
                shares[m] = c[3:]
            _fill(xs, ys, zs, shares, number, cull, triangle, depth, weight)


@njit(
    "void(int32[:,::1], float32[:,:,::1], int32[:,::1], float32[:,::1], float32[:,:,::1])",
    cache=True,
    nogil=True,
)
def interpolate(triangle, weight, corners, values, out):
    """Values (N, C) of triangles' corners (T, 3), weighted, into `out` (H, W, C)."""
    for y in range(triangle.shape[0]):
        for x in range(triangle.shape[1]):
            number = triangle[y, x]
            if number >= 0:
                a, b, c = corners[number, 0], corners[number, 1], corners[number, 2]
                u, v, w = weight[y, x, 0], weight[y, x, 1], weight[y, x, 2]
                for k in range(values.shape[1]):
                    out[y, x, k] = u * values[a, k] + v * values[b, k] + w * values[c, k]


@njit(
    "void(int32[:,::1], float32[:,:,::1], int32[:,::1], float32[:,::1], int64,"
    " float32[:,:,::1], float32[:,::1])",
    cache=True,
    nogil=True,
)
def shade(triangle, weight, corners, values, samples, out, cover):
    """Mean of `interpolate` over the samples of each pixel, 0 where there is none, and the share
    of the samples that see a triangle."""
    share = np.float32(1.0 / (samples * samples))
    for y in range(triangle.shape[0]):
        for x in range(triangle.shape[1]):
            number = triangle[y, x]
            if number >= 0:
                row, column = y // samples, x // samples
                a, b, c = corners[number, 0], corners[number, 1], corners[number, 2]
                u = weight[y, x, 0] * share
                v = weight[y, x, 1] * share
                w = weight[y, x, 2] * share
                cover[row, column] += share
                for k in range(values.shape[1]):
                    out[row, column, k] += u * values[a, k] + v * values[b, k] + w * values[c, k]


@njit("void(float32[:,:,::1], float32[:,::1], float32[:,::1])", cache=True, nogil=True)
def sample(texture, places, out):
    """Bilinear values of `texture` (H, W, C) at `places` (N, 2) in its pixels, edges repeated."""
    height, width, channels = texture.shape
    for n in range(len(places)):
        x = min(max(places[n, 0] - 0.5, 0.0), width - 1.0)
        y = min(max(places[n, 1] - 0.5, 0.0), height - 1.0)
        x0, y0 = int(x), int(y)
        x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
        u, v = x - x0, y - y0
        for k in range(channels):
            above = texture[y0, x0, k] * (1 - u) + texture[y0, x1, k] * u
            below = texture[y1, x0, k] * (1 - u) + texture[y1, x1, k] * u
            out[n, k] = above * (1 - v) + below * v
