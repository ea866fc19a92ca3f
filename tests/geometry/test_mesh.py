"""Normals and nearest points on meshes, against values worked out by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.geometry.mesh import closest_on_triangles, nearest_on_mesh, vertex_normals

CORNER = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]])


def brute_force(point, corners, steps=400):
    """Least distance to points of a fine grid of barycentric weights."""
    u, v = np.meshgrid(np.linspace(0, 1, steps + 1), np.linspace(0, 1, steps + 1))
    inside = u + v <= 1 + 1e-12
    weight = np.stack([1 - u - v, u, v], -1)[inside]
    return np.linalg.norm(weight @ corners - point, axis=1).min()


def test_normals_of_counter_clockwise_triangles_point_at_the_viewer():
    np.testing.assert_allclose(vertex_normals(CORNER, np.array([[0, 1, 2]])), [[0, 0, 1]] * 3)
    np.testing.assert_allclose(vertex_normals(CORNER, np.array([[0, 2, 1]])), [[0, 0, -1]] * 3)


def test_normals_are_weighted_by_area():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 3.0]])
    normal = vertex_normals(vertices, np.array([[0, 1, 2], [0, 2, 3]]))[0]
    np.testing.assert_allclose(normal, np.array([3, 0, 1]) / np.sqrt(10))


def test_a_vertex_of_no_triangle_has_no_normal():
    vertices = np.concatenate([CORNER, [[5, 5, 5]]])
    np.testing.assert_array_equal(vertex_normals(vertices, np.array([[0, 1, 2]]))[3], 0)


def test_normals_of_a_sphere_point_outward():
    middle = np.array([1.0, 2, 3])
    octahedron = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])
    top = [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]
    bottom = [[1, 0, 5], [2, 1, 5], [3, 2, 5], [0, 3, 5]]
    normal = vertex_normals(octahedron + middle, np.array(top + bottom))
    np.testing.assert_allclose(normal, octahedron, atol=1e-12)


@pytest.mark.parametrize(
    ("point", "weight"),
    [
        ((0.25, 0.25, 7), (0.5, 0.25, 0.25)),
        ((-1, -1, 0), (1, 0, 0)),
        ((3, -1, 2), (0, 1, 0)),
        ((-2, 0.5, 0), (0.5, 0, 0.5)),
        ((1, 1, 0), (0, 0.5, 0.5)),
    ],
)
def test_the_nearest_point_of_a_triangle_by_hand(point, weight):
    found = closest_on_triangles(np.array(point, float), CORNER[None])
    np.testing.assert_allclose(found, [weight], atol=1e-12)


def test_the_nearest_point_of_a_triangle_by_brute_force():
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(20, 3, 3))
    for point in rng.normal(scale=2, size=(5, 3)):
        weight = closest_on_triangles(point, corners)
        assert (weight >= -1e-9).all()
        np.testing.assert_allclose(weight.sum(1), 1)
        found = np.linalg.norm((corners * weight[:, :, None]).sum(1) - point, axis=1)
        expected = [brute_force(point, triangle) for triangle in corners]
        assert (found <= np.array(expected) + 1e-9).all()
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_triangles_without_area_have_a_nearest_point_too():
    line = np.array([[[0, 0, 0], [1, 0, 0], [2, 0, 0.0]], [[1, 1, 1], [1, 1, 1], [1, 1, 1.0]]])
    weight = closest_on_triangles(np.array([1.5, 1, 0]), line)
    np.testing.assert_allclose((line * weight[:, :, None]).sum(1), [[1.5, 0, 0], [1, 1, 1]])


def test_the_nearest_point_of_a_mesh_is_the_best_of_all_triangles():
    rng = np.random.default_rng(1)
    vertices, triangles = rng.normal(size=(30, 3)), rng.integers(0, 30, (60, 3))
    points = rng.normal(scale=2, size=(25, 3))
    rows, weights = nearest_on_mesh(points, vertices, triangles)
    found = (vertices[triangles[rows]] * weights[:, :, None]).sum(1)
    for point, nearest in zip(points, found, strict=True):
        every = closest_on_triangles(point, vertices[triangles])
        d = np.linalg.norm((vertices[triangles] * every[:, :, None]).sum(1) - point, axis=1)
        assert np.linalg.norm(nearest - point) == pytest.approx(d.min())
