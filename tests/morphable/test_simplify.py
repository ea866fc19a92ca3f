"""Fewer vertices: what is flat goes, what is not stays, and both sides stay alike."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry.mesh import nearest_on_mesh
from bauta.morphable.simplify import Simplifier

N = 9


def grid(height=None):
    """Vertices (1, 81, 3) over -1..1, triangles that mirror, and the map from x to -x."""
    x, y = np.meshgrid(np.linspace(-1, 1, N), np.linspace(-1, 1, N))
    z = np.zeros_like(x) if height is None else height(x, y)
    number = np.arange(N * N).reshape(N, N)
    triangles = []
    for i in range(N - 1):
        for j in range(N - 1):
            a, b, c, d = number[i, j], number[i, j + 1], number[i + 1, j + 1], number[i + 1, j]
            right = j >= (N - 1) // 2
            triangles += [[a, b, c], [a, c, d]] if right else [[a, b, d], [b, c, d]]
    shape = np.stack([x, y, z], -1).reshape(1, -1, 3)
    return shape, np.array(triangles), number[:, ::-1].ravel()


def simplifier(shape, triangles, mirror, locked=()):
    return Simplifier(shape, triangles, mirror, np.ones(shape.shape[1]), np.array(locked, int))


def area(vertices, triangles):
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_a_flat_grid_loses_vertices_and_nothing_else():
    shape, triangles, mirror = grid()
    fewer = simplifier(shape, triangles, mirror).reduce(20)
    assert len(np.unique(fewer)) <= 20
    assert area(shape[0], fewer) == pytest.approx(4.0)
    a, b, c = (shape[0][fewer[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all(), "no triangle was turned over"


def test_a_border_stays_where_it_is():
    shape, triangles, mirror = grid(lambda x, y: 0.3 * x * x)
    fewer = simplifier(shape, triangles, mirror).reduce(30)
    edges = {(int(u), int(v)) for t in fewer for u, v in zip(t, np.roll(t, -1), strict=True)}
    border = {k for edge in edges if edge[::-1] not in edges for k in edge}
    x, y = shape[0, :, 0], shape[0, :, 1]
    assert all(abs(x[k]) == 1 or abs(y[k]) == 1 for k in border)
    assert {0, N - 1, N * (N - 1), N * N - 1} <= border


def test_what_is_bent_stays_dense():
    shape, triangles, mirror = grid(lambda x, y: np.where(y > 0, 0.5 * np.cos(4 * y), 0.5))
    kept = np.unique(simplifier(shape, triangles, mirror).reduce(40))
    y = shape[0, kept, 1]
    assert (y > 0).sum() > 2 * (y < 0).sum()


def test_what_moves_in_another_shape_stays_dense():
    still, triangles, mirror = grid()
    moved = grid(lambda x, y: np.where(y > 0, 0.5 * np.cos(4 * y), 0.5))[0]
    shapes = np.concatenate([still, moved])
    kept = np.unique(
        Simplifier(shapes, triangles, mirror, np.ones(81), np.zeros(0, int)).reduce(40)
    )
    y = still[0, kept, 1]
    assert (y > 0).sum() > 2 * (y < 0).sum()


def test_a_symmetric_mesh_stays_symmetric():
    shape, triangles, mirror = grid(lambda x, y: 0.2 * np.cos(3 * x) * np.sin(2 * y))
    fewer = simplifier(shape, triangles, mirror).reduce(35)
    kept = set(np.unique(fewer).tolist())
    assert kept == {int(mirror[k]) for k in kept}
    assert {frozenset(t) for t in fewer.tolist()} == {frozenset(mirror[t].tolist()) for t in fewer}


def test_the_surface_stays_near():
    shape, triangles, mirror = grid(lambda x, y: 0.2 * np.cos(3 * x) * np.cos(2 * y))
    fewer = simplifier(shape, triangles, mirror).reduce(45)
    rows, weight = nearest_on_mesh(shape[0], shape[0], fewer)
    nearest = (shape[0][fewer[rows]] * weight[:, :, None]).sum(1)
    assert np.linalg.norm(nearest - shape[0], axis=1).max() < 0.06


def test_locked_vertices_stay():
    shape, triangles, mirror = grid()
    locked = [40, 30, int(mirror[30])]
    assert set(locked) <= set(simplifier(shape, triangles, mirror, locked).reduce(10).ravel())


def test_a_mirror_map_that_is_not_its_own_inverse_is_refused():
    shape, triangles, mirror = grid()
    with pytest.raises(InputError, match="not its own inverse"):
        simplifier(shape, triangles, np.roll(mirror, 1))
