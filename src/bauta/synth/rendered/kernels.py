"""Compiled loops over the samples of a picture. Imported through `compiled` alone, lazily, since
numba is an extra; signatures as in `bauta.render.kernels`. Arrays are those of `Hits` and `Canvas`.
"""

from __future__ import annotations

import numpy as np
from numba import njit  # type: ignore[import-not-found]

SKIN, LIGHT, COLOUR, GLOSS, UV, STUBBLE, CHANNELS = 0, 1, 4, 7, 10, 12, 13
"""Where the channels of `skin`'s table begin."""


@njit(
    "Tuple((int64, int64, int64, int64))(float32[:,::1], int32[:,::1], float64[:], int64)",
    cache=True,
    nogil=True,
)
def reach(points, triangles, camera, side):
    """x, y, width, height of the part of a picture of `side` samples that triangles can reach; all
    of it when one of their corners is behind the camera or nearly."""
    fx, fy, cx, cy = camera
    used = np.zeros(len(points), np.bool_)
    for t in range(len(triangles)):
        for k in range(3):
            used[triangles[t, k]] = True
    left = top = np.inf
    right = bottom = -np.inf
    for n in range(len(points)):
        if used[n]:
            z = np.float64(points[n, 2])
            if z <= 1.0:
                return 0, 0, side, side
            x, y = fx * points[n, 0] / z + cx, fy * points[n, 1] / z + cy
            left, right = min(left, x), max(right, x)
            top, bottom = min(top, y), max(bottom, y)
    if left > right:
        return 0, 0, 0, 0
    x0, y0 = min(max(np.floor(left), 0.0), side), min(max(np.floor(top), 0.0), side)
    x1, y1 = min(max(np.ceil(right), 0.0), side), min(max(np.ceil(bottom), 0.0), side)
    return int(x0), int(y0), int(x1 - x0), int(y1 - y0)


@njit(
    "Tuple((int64[::1], int32[::1], float32[::1], float32[:,::1]))"
    "(int32[:,::1], float32[:,::1], float32[:,:,::1], int64, int64, int64)",
    cache=True,
    nogil=True,
)
def gather(triangle, depth, weight, x0, y0, wide):
    """The samples that see a triangle: their rows in a picture `wide` samples wide in which the
    buffers begin at (x0, y0), triangles, depths, weights."""
    count = 0
    for y in range(triangle.shape[0]):
        for x in range(triangle.shape[1]):
            count += triangle[y, x] >= 0
    rows, number = np.empty(count, np.int64), np.empty(count, np.int32)
    far, shares = np.empty(count, np.float32), np.empty((count, 3), np.float32)
    n = 0
    for y in range(triangle.shape[0]):
        for x in range(triangle.shape[1]):
            if triangle[y, x] >= 0:
                rows[n], number[n] = (y + y0) * wide + x + x0, triangle[y, x]
                far[n], shares[n] = depth[y, x], weight[y, x]
                n += 1
    return rows, number, far, shares


@njit(
    "void(float32[:,::1], float32[::1], int64[::1], float32[::1], float32[::1], float32[:,::1])",
    cache=True,
    nogil=True,
)
def put(canvas, depth, rows, far, alpha, colour):
    """Mix colours into the canvas by `alpha`; from one half on they hide what comes later."""
    for n in range(len(rows)):
        row, share = rows[n], alpha[n]
        for k in range(3):
            canvas[row, k] += share * (colour[n, k] - canvas[row, k])
        if share > 0.5:
            depth[row] = far[n]


@njit("float32(float32, float32, float32)", cache=True, nogil=True)
def _smooth(value, low, high):
    t = min(max((value - low) / (high - low), np.float32(0)), np.float32(1))
    return t * t * (3 - 2 * t)


@njit(
    "float64(int32[::1], float32[:,::1], int32[:,::1], float32[:,::1], float32[:,:,::1],"
    " float32[::1], int64, float32[:,::1], float32[:,::1])",
    cache=True,
    nogil=True,
)
def skin(number, weight, corners, table, texture, brow, own, colour, light):
    """Colours and light (n, 3) of samples, from the channels (V, 13) of corners: skin gets pores,
    freckles, stubble and brows of the colour `brow` out of `texture` (h, w, 2). Returns the mean
    over the skin of triangles below `own`, or -1 where none is seen."""
    tall, wide = texture.shape[:2]
    up, across = np.float32(tall), np.float32(wide)
    zero, half, one = np.float32(0), np.float32(0.5), np.float32(1)
    value, fine = np.empty(13, np.float32), np.empty(2, np.float32)
    total, count = 0.0, 0
    for n in range(len(number)):
        a, b, c = corners[number[n], 0], corners[number[n], 1], corners[number[n], 2]
        u, v, w = weight[n, 0], weight[n, 1], weight[n, 2]
        for k in range(13):
            value[k] = u * table[a, k] + v * table[b, k] + w * table[c, k]
        for k in range(3):
            light[n, k], colour[n, k] = value[LIGHT + k], value[COLOUR + k]
        is_skin = value[SKIN] > 0.5
        if is_skin:
            x = (value[UV] - np.floor(value[UV])) * across - half
            y = (one - value[UV + 1]) * up - half
            x, y = min(max(x, zero), across - one), min(max(y, zero), up - one)
            x0, y0 = int(x), int(y)
            x1, y1 = min(x0 + 1, wide - 1), min(y0 + 1, tall - 1)
            right, down = x - np.float32(x0), y - np.float32(y0)
            for k in range(2):
                above = texture[y0, x0, k] + right * (texture[y0, x1, k] - texture[y0, x0, k])
                below = texture[y1, x0, k] + right * (texture[y1, x1, k] - texture[y1, x0, k])
                fine[k] = above + down * (below - above)
            pigment = fine[0]
            taken = one - pigment + half * pigment * pigment  # the exponential, nearly
            grown = value[STUBBLE] * (np.float32(0.75) + np.float32(3) * pigment)
            cover = max(fine[1], min(max(grown, zero), np.float32(0.95)))
            for k in range(3):
                bare = colour[n, k] * taken
                colour[n, k] = bare + cover * (brow[k] * light[n, k] - bare)
        for k in range(3):
            colour[n, k] += value[GLOSS + k]
        if is_skin and number[n] < own:
            total += colour[n, 0] + colour[n, 1] + colour[n, 2]
            count += 3
    return total / count if count else -1.0


@njit("float32(float32, float32[::1], float32[::1])", cache=True, nogil=True)
def _between(place, places, values):
    """Linear between knots that rise."""
    k = 0
    while k < len(places) - 2 and place > places[k + 1]:
        k += 1
    share = (place - places[k]) / (places[k + 1] - places[k])
    return values[k] + share * (values[k + 1] - values[k])


@njit(
    "void(int32[::1], float32[:,::1], int32[:,::1], float32[:,::1], float32[:,::1],"
    " float32[:,::1], float32, float32[::1], float32[:,::1])",
    cache=True,
    nogil=True,
)
def hair(number, weight, corners, table, strands, line, fray, alpha, colour):
    """Alpha (n,) and colours (n, 3) of a shell's samples from the channels (V, 7) of its corners:
    red, green, blue, u, v, cover, height in centimetres. `line` (2, k): knots of the hairline,
    degrees from the front and centimetres; none where the cover alone decides."""
    tall, wide = strands.shape
    value = np.empty(7, np.float32)
    for n in range(len(number)):
        a, b, c = corners[number[n], 0], corners[number[n], 1], corners[number[n], 2]
        for k in range(7):
            value[k] = (
                weight[n, 0] * table[a, k] + weight[n, 1] * table[b, k] + weight[n, 2] * table[c, k]
            )
        u = value[3] % np.float32(1)
        row = min(max(int((1 - value[4]) * tall), 0), tall - 1)
        grain, share = strands[row, int(u * wide) % wide], value[5]
        if line.shape[1]:
            angle = np.float32(abs(u - np.float32(0.5)) * 360)
            above = np.float32(value[6] - _between(angle, line[0], line[1]))
            share *= _smooth(above, np.float32(-0.6), np.float32(0.8))
        if share < 0.97:
            share += fray * grain
        alpha[n] = _smooth(share, np.float32(0.3), np.float32(0.62))
        factor = np.exp(np.float32(0.28) * grain)
        for k in range(3):
            colour[n, k] = value[k] * factor


@njit("void(float32[:,::1], int32[:,::1], float64[:,::1])", cache=True, nogil=True)
def normal_sums(vertices, triangles, sums):
    """Adds each triangle's normal by area to its corners' `sums` (V, 3), first corners first."""
    for corner in range(3):
        for t in range(len(triangles)):
            a, b, c = (
                vertices[triangles[t, 0]],
                vertices[triangles[t, 1]],
                vertices[triangles[t, 2]],
            )
            u0, u1, u2 = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            v0, v1, v2 = c[0] - a[0], c[1] - a[1], c[2] - a[2]
            row = triangles[t, corner]
            sums[row, 0] += np.float32(u1 * v2 - u2 * v1)
            sums[row, 1] += np.float32(u2 * v0 - u0 * v2)
            sums[row, 2] += np.float32(u0 * v1 - u1 * v0)


@njit(
    "void(float32[:,::1], float32[:,::1], float32[::1], float32, float32[::1])",
    cache=True,
    nogil=True,
)
def unshadowed(depth, places, far, bias, share):
    """`share` (n,) of the four texels around each place (n, 2) of a shadow map (side, side) that do
    not lie before `far` (n,) by more than `bias`."""
    side = len(depth)
    for n in range(len(far)):
        x = min(max(int(places[n, 0]), 0), side - 2)
        y = min(max(int(places[n, 1]), 0), side - 2)
        u = min(max(places[n, 0] - x, np.float32(0)), np.float32(1))
        v = min(max(places[n, 1] - y, np.float32(0)), np.float32(1))
        z, got = far[n] - bias, np.float32(0)
        if depth[y, x] > z:
            got += (1 - u) * (1 - v)
        if depth[y, x + 1] > z:
            got += u * (1 - v)
        if depth[y + 1, x] > z:
            got += (1 - u) * v
        if depth[y + 1, x + 1] > z:
            got += u * v
        share[n] = got


@njit(
    "void(float32[:,::1], int64[:,::1], float64[::1], int64, boolean[::1])", cache=True, nogil=True
)
def uncovered(depth, places, least, near, seen):
    """Whether within `near` samples of each place (n, 2) one is deeper than `least` (n,)."""
    height, width = depth.shape
    for n in range(len(places)):
        seen[n] = False
        for y in range(max(places[n, 1] - near, 0), min(places[n, 1] + near + 1, height)):
            for x in range(max(places[n, 0] - near, 0), min(places[n, 0] + near + 1, width)):
                if depth[y, x] > least[n]:
                    seen[n] = True


@njit(
    "void(float32[:,:,::1], float32[:,:,::1], float32[::1], float32, float32, float32[::1],"
    " float32, uint8[:,:,::1])",
    cache=True,
    nogil=True,
)
def develop(light, grain, balance, shot, read, curve, top, out):
    """Bytes (H, W, 3) of linear `light` (H, W, 3) times `balance` (3,) with noise in proportion to
    `grain` (H, W, 3); `curve` (n,): the bytes at evenly spaced roots of light from 0 to `top`."""
    last = np.float32(len(curve) - 1)
    for y in range(light.shape[0]):
        for x in range(light.shape[1]):
            for k in range(3):
                value = light[y, x, k] * balance[k]
                spread = np.sqrt(max(value, np.float32(0)) * shot * shot + read * read)
                value = max(value + grain[y, x, k] * spread, np.float32(0))
                place = min(np.sqrt(value) / top * last, last)
                low = min(int(place), len(curve) - 2)
                share = np.float32(place - low)
                byte = curve[low] + share * (curve[low + 1] - curve[low])
                out[y, x, k] = np.uint8(byte + np.float32(0.5))
