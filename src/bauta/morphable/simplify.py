"""Fewer vertices for a mesh that moves: collapse edges, keep a subset of the vertices.

Quadric error metrics (Garland and Heckbert 1997) summed over several shapes of the same mesh, so
that what is flat at rest but folds in motion (lids, lips) stays dense. A collapse moves one vertex
onto a neighbour ("half-edge" collapse): the vertices that remain are original ones, and every
linear basis over the vertices stays exact at them. Mirrored collapses are made together, so that a
symmetric mesh stays symmetric.
"""

from __future__ import annotations

import heapq

import numpy as np

from bauta.checks import InputError

REST = 1e-4
"""Weight of the squared edge length against the squared distance to planes: prefers short edges."""
BORDER = 10.0
"""Weight of the planes that stand on border edges."""
FLIP = 0.2
"""Least cosine between the normal of a triangle before and after a collapse, at rest."""


def plane_quadrics(shapes: np.ndarray, triangles: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(S, V, 4, 4) sums over the triangles of a vertex of area * p p^T, p the triangle's plane.

    `shapes` (S, V, 3), `triangles` (T, 3), `weight` (V,).
    """
    count, vertices = shapes.shape[:2]
    Q = np.zeros((count, vertices, 4, 4))
    for index, X in enumerate(shapes):
        a, b, c = (X[triangles[:, k]] for k in range(3))
        n = np.cross(b - a, c - a)
        area = np.linalg.norm(n, axis=1)
        n /= np.maximum(area, 1e-12)[:, None]
        plane = np.concatenate([n, -(n * a).sum(1, keepdims=True)], 1)
        outer = plane[:, :, None] * plane[:, None] * (area / 2)[:, None, None]
        for k in range(3):
            np.add.at(Q[index], triangles[:, k], outer)
        for (u, v), n_face in _borders(triangles, n):
            _add_border(Q[index], X, u, v, n_face)
    return Q * weight[None, :, None, None]


def _borders(triangles: np.ndarray, n: np.ndarray) -> list[tuple[tuple[int, int], np.ndarray]]:
    seen: dict[tuple[int, int], list[int]] = {}
    for t, (a, b, c) in enumerate(triangles.tolist()):
        for u, v in ((a, b), (b, c), (c, a)):
            seen.setdefault((min(u, v), max(u, v)), []).append(t)
    return [(edge, n[where[0]]) for edge, where in seen.items() if len(where) == 1]


def _add_border(Q: np.ndarray, X: np.ndarray, u: int, v: int, n_face: np.ndarray) -> None:
    edge = X[v] - X[u]
    n = np.cross(edge, n_face)
    n /= max(float(np.linalg.norm(n)), 1e-12)
    plane = np.append(n, -n @ X[u])
    outer = plane[:, None] * plane[None] * float(edge @ edge) * BORDER
    Q[u] += outer
    Q[v] += outer


class Simplifier:
    """One mesh on its way down. `mirror` (V,) is the vertex on the other side, itself on the
    middle line; `locked` vertices stay."""

    def __init__(
        self,
        shapes: np.ndarray,
        triangles: np.ndarray,
        mirror: np.ndarray,
        weight: np.ndarray,
        locked: np.ndarray,
    ) -> None:
        if (mirror[mirror] != np.arange(len(mirror))).any():
            raise InputError("simplify: the mirror map is not its own inverse")
        self.shapes = shapes.astype(np.float64)
        self.mirror, self.locked = mirror.astype(int), set(locked.astype(int).tolist())
        self.Q = plane_quadrics(self.shapes, triangles, weight)
        self.weight = weight
        self.triangles: dict[int, tuple[int, int, int]] = {
            t: (a, b, c) for t, (a, b, c) in enumerate(triangles.tolist())
        }
        self.of: dict[int, set[int]] = {}
        for t, corners in self.triangles.items():
            for v in corners:
                self.of.setdefault(v, set()).add(t)
        self.stamp = dict.fromkeys(self.of, 0)
        self.heap: list[tuple[float, int, int, int]] = []
        for v in self.of:
            self._push(v)

    def neighbours(self, v: int) -> set[int]:
        """Vertices that share an edge with `v`."""
        return {u for t in self.of[v] for u in self.triangles[t]} - {v}

    def _cost(self, v: int, u: int) -> float:
        X = np.concatenate([self.shapes[:, u], np.ones((len(self.shapes), 1))], 1)
        error = np.einsum("si,sij,sj->", X, self.Q[:, v] + self.Q[:, u], X)
        length = self.shapes[0, u] - self.shapes[0, v]
        return float(error + REST * self.weight[v] * (length @ length))

    def _allowed(self, v: int, u: int) -> bool:
        """Middle stays in the middle, borders on the border, the surface a surface."""
        mirrored_v, mirrored_u = self.mirror[v], self.mirror[u]
        if u == mirrored_v or (v == mirrored_v and u != mirrored_u):
            return False
        if u not in self.neighbours(v):
            return False
        shared = self.of[v] & self.of[u]
        if len(self._border_neighbours(v)) and (len(shared) != 1):
            return False
        if len(self.neighbours(v) & self.neighbours(u)) != len(shared):
            return False
        return all(self._upright(t, v, u) for t in self.of[v] - shared)

    def _border_neighbours(self, v: int) -> list[int]:
        count: dict[int, int] = {}
        for t in self.of[v]:
            for u in self.triangles[t]:
                if u != v:
                    count[u] = count.get(u, 0) + 1
        return [u for u, n in count.items() if n == 1]

    def _upright(self, t: int, v: int, u: int) -> bool:
        corners = self.triangles[t]
        X = self.shapes[0]
        old, new = X[list(corners)], X[[u if k == v else k for k in corners]]
        before = np.cross(old[1] - old[0], old[2] - old[0])
        after = np.cross(new[1] - new[0], new[2] - new[0])
        size = np.linalg.norm(before) * np.linalg.norm(after)
        return bool(before @ after > FLIP * size)

    def _push(self, v: int) -> None:
        if v in self.locked or self.mirror[v] < v:
            return
        costs = sorted((self._cost(v, u), u) for u in self.neighbours(v))
        for cost, u in costs:
            if self._allowed(v, u):
                heapq.heappush(self.heap, (cost, v, u, self.stamp[v]))
                return

    def _collapse(self, v: int, u: int) -> dict[int, tuple[int, int, int]]:
        """Move `v` onto `u`; returns the triangles around `v` as they were."""
        before = {t: self.triangles.pop(t) for t in self.of[v]}
        for t, corners in before.items():
            for k in corners:
                self.of[k].discard(t)
            if u not in corners:
                a, b, c = (u if k == v else k for k in corners)
                self.triangles[t] = (a, b, c)
                for k in (a, b, c):
                    self.of[k].add(t)
        self.Q[:, u] += self.Q[:, v]
        del self.of[v]
        return before

    def _undo(self, v: int, u: int, before: dict[int, tuple[int, int, int]]) -> None:
        self.of[v] = set()
        for t, corners in before.items():
            for k in self.triangles.pop(t, ()):
                self.of[k].discard(t)
            self.triangles[t] = corners
            for k in corners:
                self.of[k].add(t)
        self.Q[:, u] -= self.Q[:, v]

    def _collapse_both(self, v: int, u: int) -> set[int]:
        """Collapse `v` to `u` and the mirror image alike, or neither; returns who is concerned."""
        before = self._collapse(v, u)
        changed = {k for corners in before.values() for k in corners}
        other, target = int(self.mirror[v]), int(self.mirror[u])
        if other == v:
            return changed
        if not self._allowed(other, target):
            self._undo(v, u, before)
            return set()
        return changed | {k for c in self._collapse(other, target).values() for k in c}

    def reduce(self, count: int) -> np.ndarray:
        """Collapse until at most `count` vertices are left, or nothing more may go.

        Returns the triangles (T, 3) in the original numbering.
        """
        while len(self.of) > count and self.heap:
            _, v, u, stamp = heapq.heappop(self.heap)
            if v not in self.of or stamp != self.stamp[v] or u not in self.of:
                continue
            if not self._allowed(v, u):
                continue
            changed = self._collapse_both(v, u)
            for k in {min(k, int(self.mirror[k])) for k in changed}:
                if k in self.of:
                    self.stamp[k] += 1
                    self._push(k)
        return np.array(list(self.triangles.values()), np.int64)
