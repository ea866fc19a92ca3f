"""Every scheme laid on the mesh: two vertices and their weights a point.

The tables name, for the subject's right half, the vertices that points lie on, or the path of
vertices that they share at equal steps; the left half is the mirror image. So any scheme can be
read off a fitted mesh, laid on another head that the mesh corresponds to, or drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bauta.schemes.scheme import Scheme
from bauta.schemes.spans import indices
from bauta.tables import mesh478

IRIS_RADIUS = 0.585
"""Centimetres: half the human iris's 11.7 mm."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where the K points of a scheme lie on the 478 vertices of the mesh."""

    indices: np.ndarray
    """(K, 2) int, vertices."""
    weights: np.ndarray
    """(K, 2) float64, rows sum to 1."""

    def apply(self, mesh: np.ndarray) -> np.ndarray:
        """Points (..., K, D) of meshes (..., 478, D), or (..., 468, D) where no iris is needed."""
        return np.einsum("...kjd,kj->...kd", mesh[..., self.indices, :], self.weights)


@cache
def canonical478() -> np.ndarray:
    """(478, 3) float64: the canonical face in centimetres and head axes, with irises.

    The irises are circles in the middle of the lids; the table itself ends at 468.
    """
    table = mesh478()
    face = table["canonical"].astype(float)
    right = face[np.unique(table["edges_right_eye"])].mean(axis=0)
    left = face[np.unique(table["edges_left_eye"])].mean(axis=0)
    ring = IRIS_RADIUS * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    return np.concatenate([face, right + ring, left + ring])


def _resample(path: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` points at equal steps along a path of vertices: (count, 2) vertices, weights."""
    steps = np.linalg.norm(np.diff(canonical478()[path, :2], axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.linspace(0.0, length[-1], count)
    after = np.clip(np.searchsorted(length, places, side="left"), 1, len(path) - 1)
    share = (places - length[after - 1]) / steps[after - 1]
    return np.stack([path[after - 1], path[after]], 1), np.stack([1 - share, share], 1)


def _lay(points: np.ndarray, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(points) == len(path):
        return np.stack([path, path], 1), np.tile([1.0, 0.0], (len(path), 1))
    return _resample(path, len(points))


def embed(scheme: Scheme, parent: Embedding | None) -> Embedding:
    """The embedding of a scheme; `parent` is that of the scheme which it takes its points from."""
    if parent is not None:
        return Embedding(parent.indices[scheme.parents], parent.weights[scheme.parents])
    if scheme.name == "mesh478":
        every = np.arange(478)
        return Embedding(*_lay(every, every))
    vertices, weights = np.full((scheme.count, 2), -1), np.zeros((scheme.count, 2))
    for key, path in scheme.mesh.items():
        points = indices(key)
        vertices[points], weights[points] = _lay(points, indices(path))
    bare = np.flatnonzero(vertices[:, 0] < 0)
    vertices[bare] = mesh478()["mirror"][vertices[scheme.mirror[bare]]]
    weights[bare] = weights[scheme.mirror[bare]]
    return Embedding(vertices, weights)
