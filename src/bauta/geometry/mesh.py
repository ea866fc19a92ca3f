"""Triangle meshes: normals, edges, nearest points on a surface."""

from __future__ import annotations

import numpy as np


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals: mean of the triangles around a vertex, by area; 0 where there is none.

    `vertices` (V, 3), `triangles` (T, 3) counter-clockwise seen from outside.
    """
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    n = np.cross(b - a, c - a)
    sums = np.stack(
        [np.bincount(triangles.ravel(), n[:, axis].repeat(3), len(vertices)) for axis in range(3)],
        axis=1,
    )
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


def edges_of(triangles: np.ndarray) -> np.ndarray:
    """(E, 2) pairs of vertices that are sides of triangles (T, 3), each once, the smaller first."""
    sides = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    return np.unique(sides, axis=0)


def closest_on_triangles(point: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Barycentric weights (T, 3) of the points of triangles (T, 3, 3) that lie nearest to a point
    (3,). Ericson, Real-Time Collision Detection, 5.1.5, for all triangles at once."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    best, least = np.zeros((len(corners), 3)), np.full(len(corners), np.inf)
    inside = _plane_weights(point, a, b, c)
    within = np.all(inside >= 0, axis=1)
    candidates = [np.where(within[:, None], inside, np.nan)]
    for i, j in ((0, 1), (1, 2), (2, 0)):
        edge = corners[:, j] - corners[:, i]
        t = ((point - corners[:, i]) * edge).sum(1) / np.maximum((edge * edge).sum(1), 1e-18)
        t = np.clip(t, 0, 1)
        weight = np.zeros((len(corners), 3))
        weight[:, i], weight[:, j] = 1 - t, t
        candidates.append(weight)
    for weight in candidates:
        d = np.linalg.norm((corners * weight[:, :, None]).sum(1) - point, axis=1)
        better = d < least
        best[better], least[better] = weight[better], d[better]
    return best


def _plane_weights(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    u, v, w = b - a, c - a, p - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    scale = np.maximum(uu * vv - uv * uv, 1e-18)
    beta, gamma = (vv * wu - uv * wv) / scale, (uu * wv - uv * wu) / scale
    return np.stack([1 - beta - gamma, beta, gamma], 1)


def nearest_on_mesh(
    points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Triangle (K,) and barycentric weights (K, 3) of the surface point nearest to each of
    `points` (K, 3)."""
    corners = vertices[triangles].astype(np.float64)
    middle = corners.mean(1)
    reach = np.linalg.norm(corners - middle[:, None], axis=2).max(1)
    rows, weights = np.zeros(len(points), np.int32), np.zeros((len(points), 3))
    for index, point in enumerate(points.astype(np.float64)):
        away = np.linalg.norm(middle - point, axis=1)
        near = np.flatnonzero(away - reach <= (away + reach).min())
        weight = closest_on_triangles(point, corners[near])
        d = np.linalg.norm((corners[near] * weight[:, :, None]).sum(1) - point, axis=1)
        rows[index], weights[index] = near[d.argmin()], weight[d.argmin()]
    return rows, weights
