"""Expected values are worked by hand. Pixel (0, 0) covers 0..1, its centre is (0.5, 0.5)."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("numba", reason='the rasteriser needs numba: pip install "bauta[render]"')

import bauta.render
from bauta.checks import BautaError, InputError
from bauta.geometry.camera import Camera
from bauta.render.raster import NEAR, rasterise

FLAT = Camera(np.eye(3))
"""At depth 1 a vertex (x, y, 1) lies at pixel (x, y)."""
SIZE = (16, 12)


def draw(vertices, triangles=((0, 1, 2),), camera=FLAT, size=SIZE, cull=False, **options):
    return rasterise(
        np.asarray(vertices, float), np.array(triangles), camera, size, cull=cull, **options
    )


def flat(*corners, z=1.0):
    """Corners given as (x, y) pixels, at depth z."""
    return [(x * z, y * z, z) for x, y in corners]


def test_a_rectangle_covers_the_pixels_whose_centres_it_holds():
    # x 2..7, y 3..5: centres 2.5 .. 6.5 (5 of them) and 3.5, 4.5 (2)
    r = draw(flat((2, 3), (7, 3), (7, 5), (2, 5)), [(0, 1, 2), (0, 2, 3)])
    expected = np.zeros((12, 16), bool)
    expected[3:5, 2:7] = True
    np.testing.assert_array_equal(r.triangle >= 0, expected)


def test_the_area_of_a_triangle_comes_out():
    # half of 800 x 600; centres are an unbiased sample of the area but for the border
    r = draw(flat((0, 0), (800, 0), (0, 600)), size=(900, 700))
    assert (r.triangle >= 0).sum() == pytest.approx(240_000, rel=2e-3)


def test_centres_on_edges_belong_to_top_and_left():
    # corners on pixel centres: left and top edges count, right and bottom ones do not
    r = draw(flat((2.5, 3.5), (6.5, 3.5), (6.5, 5.5), (2.5, 5.5)), [(0, 1, 2), (0, 2, 3)])
    expected = np.zeros((12, 16), bool)
    expected[3:5, 2:6] = True
    np.testing.assert_array_equal(r.triangle >= 0, expected)


@pytest.mark.parametrize("hub", [(30.5, 30.5), (30, 30), (27.3, 33.9), (30.5, 22.25)])
def test_a_shared_edge_has_no_gap_and_no_double(hub):
    # twelve triangles around a hub, rim on centres of pixels: the whole is the sum of its parts,
    # and it is the disc: in a row or column, all from the first to the last pixel
    angles = np.arange(12) * np.pi / 6
    rim = np.floor(np.column_stack([30 + 26 * np.cos(angles), 30 + 26 * np.sin(angles)])) + 0.5
    fan = [(0, 1 + k, 1 + (k + 1) % 12) for k in range(12)]
    points = flat(hub, *rim)
    parts = np.sum([draw(points, [t], size=(60, 60)).triangle >= 0 for t in fan], axis=0)
    whole = draw(points, fan, size=(60, 60)).triangle >= 0
    np.testing.assert_array_equal(parts, whole)
    assert whole.sum() > 1900
    for line in (*whole, *whole.T):
        assert (np.diff(np.flatnonzero(line)) == 1).all()


def test_a_grid_tiles_the_picture():
    # 6 x 5 cells with corners anywhere between: each pixel of the middle exactly once
    rng = np.random.default_rng(3)
    xs, ys = np.meshgrid(np.arange(7) * 10.0, np.arange(6) * 10.0)
    inner = (xs > 0) & (xs < 60) & (ys > 0) & (ys < 50)
    xs, ys = xs + inner * rng.uniform(-3, 3, xs.shape), ys + inner * rng.uniform(-3, 3, ys.shape)
    points = flat(*zip(xs.ravel(), ys.ravel(), strict=True))
    at = lambda i, j: 7 * j + i  # noqa: E731
    cells = [(i, j) for j in range(5) for i in range(6)]
    triangles = [(at(i, j), at(i + 1, j), at(i + 1, j + 1)) for i, j in cells]
    triangles += [(at(i, j), at(i + 1, j + 1), at(i, j + 1)) for i, j in cells]
    counts = np.sum([draw(points, [t], size=(60, 50)).triangle >= 0 for t in triangles], axis=0)
    assert (counts == 1).all()


def test_the_nearest_wins_whatever_the_order():
    near, far = flat((2, 2), (10, 2), (2, 10), z=3.0), flat((0, 0), (14, 0), (0, 11), z=5.0)
    for first, second, front in ((near, far, 0), (far, near, 1)):
        r = draw([*first, *second], [(0, 1, 2), (3, 4, 5)])
        assert r.triangle[4, 4] == front
        assert r.depth[4, 4] == pytest.approx(3.0)
        assert r.depth[0, 0] == pytest.approx(5.0)
    assert np.isinf(r.depth[11, 15])


def test_surfaces_that_cut_each_other_change_places_where_they_meet():
    # A: z from 1 at x = 0 to 3 at x = 16 (on screen 1/z is linear); B: z = 1.5 everywhere.
    # 1/z of A at pixel x is 1 + (1/3 - 1) x / 16; equal to 1/1.5 at x = 8
    a = [(0, 0, 1.0), (16 * 3, 0, 3.0), (16 * 3, 12 * 3, 3.0), (0, 12, 1.0)]
    b = flat((0, 0), (16, 0), (16, 12), (0, 12), z=1.5)
    r = draw([*a, *b], [(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)])
    np.testing.assert_array_equal(r.triangle < 2, np.arange(16) < np.full((12, 1), 8))


def test_values_are_interpolated_in_perspective():
    # An edge from pixel x = 0 (z = 1, value 0) to x = 16 (z = 4, value 1). At centre x = 8.5,
    # l = 8.5 / 16 = 0.53125: value = (l / 4) / ((1 - l) / 1 + l / 4) = 0.1328125 / 0.6015625
    # = 0.220779, and z = 1 / 0.6015625 = 1.662338. Screen-linear it would be 0.53.
    points = [(0, 0, 1.0), (64, 0, 4.0), (64, 48, 4.0), (0, 12, 1.0)]
    corners = [(0, 1, 2), (0, 2, 3)]
    r = draw(points, corners)
    values = r.interpolate(np.array(corners), np.array([[0.0, 5], [1, 5], [1, 5], [0, 5]]))
    np.testing.assert_allclose(values[:, 8, 0], 0.220779, atol=1e-5)
    np.testing.assert_allclose(r.depth[:, 8], 1.662338, atol=1e-5)
    np.testing.assert_allclose(values[..., 1], 5, atol=1e-5)
    np.testing.assert_allclose(r.weight.sum(2), 1, atol=1e-6)


def test_weights_lead_back_to_the_surface():
    # the point that the weights name projects to the pixel's centre and lies at its depth
    camera = Camera.of_fov(64, 48)
    points = np.array([(-2.0, -1, 4), (2, -1.5, 6), (0.5, 2, 9)])
    r = rasterise(points, np.array([(0, 1, 2)]), camera, (64, 48), cull=False)
    ys, xs = np.nonzero(r.triangle == 0)
    assert len(xs) > 100
    surface = r.weight[ys, xs] @ points
    centres = np.column_stack([xs + 0.5, ys + 0.5])
    np.testing.assert_allclose(camera.project(surface), centres, atol=0.02)
    np.testing.assert_allclose(surface[:, 2], r.depth[ys, xs], rtol=1e-5)


def test_backs_are_culled_and_fronts_are_not():
    # counter-clockwise as the viewer sees it, with y down: (0,0), (0,8), (8,0)
    front, back = [(0, 1, 2)], [(0, 2, 1)]
    points = flat((0, 0), (0, 8), (8, 0))
    assert (draw(points, front, cull=True).triangle >= 0).any()
    assert not (draw(points, back, cull=True).triangle >= 0).any()
    same = draw(points, back).triangle >= 0
    np.testing.assert_array_equal(same, draw(points, front).triangle >= 0)


def test_a_triangle_through_the_near_plane_is_cut_there():
    # A floor 1 below the camera, from 5 behind it to 10 before it. It fills the picture's lower
    # half: row y sees it at z = f / (y + 0.5 - cy), f = 8, cy = 6: the last row, 5.5 below, at
    # 8 / 5.5 = 1.4545. Uncut, the corners behind the camera would land above the horizon.
    camera = Camera(np.array([[8.0, 0, 8], [0, 8, 6], [0, 0, 1]]))
    floor = [(-99, 1, -5), (99, 1, -5), (99, 1, 10), (-99, 1, 10.0)]
    corners = [(0, 1, 2), (0, 2, 3)]
    r = draw(floor, corners, camera=camera)
    assert (r.triangle[:6] == -1).all()
    assert (r.triangle[7:] >= 0).all()
    np.testing.assert_allclose(r.depth[11], 8 / 5.5, rtol=1e-3)
    # the weights are those of the uncut triangle: they give back z
    z = r.interpolate(np.array(corners), np.array(floor)[:, 2:])
    np.testing.assert_allclose(z[7:, :, 0], r.depth[7:], rtol=1e-3)


@pytest.mark.parametrize(
    "points",
    [
        flat((2, 2), (10, 2), (2, 10), z=-1.0),
        [(0, 0, 0), (1, 0, 0), (0, 1, 0)],
        flat((100, 2), (110, 2), (100, 10)),
        flat((-100, 2), (-110, 2), (-100, 10)),
        flat((2, 2), (6, 6), (10, 10)),
        flat((3, 3), (3, 3), (3, 3)),
        [(np.nan, 2, 1), (10, 2, 1), (2, 10, 1)],
        [(np.inf, 2, 1), (10, 2, 1), (2, 10, 1)],
    ],
    ids=["behind", "in the camera", "right", "left", "a line", "a point", "nan", "inf"],
)
def test_what_cannot_be_seen_is_left_out(points):
    r = draw(points)
    assert (r.triangle == -1).all()
    assert np.isinf(r.depth).all()
    assert (r.weight == 0).all()


@pytest.mark.parametrize("reach", [1e3, 1e6, 1e9, 1e15])
def test_a_triangle_far_beyond_the_picture_covers_it(reach):
    r = draw(flat((-reach, -reach), (reach * 3, -reach), (-reach, reach * 3)))
    assert (r.triangle == 0).all()
    np.testing.assert_allclose(r.depth, 1, rtol=1e-6)
    np.testing.assert_allclose(r.weight.sum(2), 1, atol=1e-5)


def test_a_triangle_that_passes_the_eye_does_no_harm():
    r = draw([(0, 0, NEAR), (1e9, 5, 1e-12), (-1e9, 5, 1)], cull=False)
    assert np.isfinite(r.weight).all()


def test_four_samples_weigh_an_edge_by_its_share():
    # x 2..7.5: the column 7 is covered by half, all else whole or not
    r = draw(flat((2, 3), (7.5, 3), (7.5, 5), (2, 5)), [(0, 1, 2), (0, 2, 3)], samples=2)
    colour, cover = r.resolve(np.where(r.triangle[..., None] >= 0, np.float32(100), 0))
    assert cover.shape == (12, 16)
    assert cover[3, 6] == 1
    assert cover[3, 7] == 0.5
    assert cover[3, 8] == 0
    assert colour[3, 7, 0] == 50


def test_one_sample_and_four_agree_inside():
    points = [(0, 0, 1.0), (64, 0, 4.0), (64, 48, 4.0), (0, 12, 1.0)]
    corners = np.array([(0, 1, 2), (0, 2, 3)])
    values = np.array([[0.0], [1], [1], [0]])
    one, four = draw(points, corners), draw(points, corners, samples=2)
    smooth, _ = four.resolve(four.interpolate(corners, values))
    np.testing.assert_allclose(smooth, one.interpolate(corners, values), atol=0.01)


@pytest.mark.parametrize("samples", [1, 2])
def test_shading_in_one_go_is_the_same_as_in_two_steps(samples):
    corners, values = np.array([(0, 1, 2)]), np.array([[0.0, 9], [1, 2], [3, 1]])
    r = draw(flat((1.3, 2.2), (13.8, 3), (4.6, 11)), samples=samples)
    for one, two in zip(
        r.shade(corners, values), r.resolve(r.interpolate(corners, values)), strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_lens_distortion_moves_what_is_seen():
    straight = Camera.of_fov(200, 200)
    bent = Camera(straight.K, np.array([-0.2, 0.05, 0, 0]))
    square = np.array([(2.0, 2, 10), (4, 2, 10), (4, 4, 10), (2, 4, 10)])
    r = rasterise(square, np.array([(0, 1, 2), (0, 2, 3)]), bent, (200, 200), cull=False)
    ys, xs = np.nonzero(r.triangle >= 0)
    seen = bent.project(square)
    assert xs.min() == pytest.approx(seen[:, 0].min(), abs=1)
    assert ys.max() == pytest.approx(seen[:, 1].max(), abs=1)
    assert np.abs(seen - straight.project(square)).max() > 1


def test_the_vertices_given_in_are_not_touched():
    points = np.array([(2.0, 2, 1), (10, 2, 1), (2, 10, 1)])
    before = points.copy()
    rasterise(points, np.array([(0, 1, 2)]), Camera(np.eye(3), np.full(4, 0.1)), SIZE)
    np.testing.assert_array_equal(points, before)


def test_wrong_input_is_refused():
    good = flat((2, 2), (10, 2), (2, 10))
    for change, message in (
        ({"triangles": [(0, 1, 3)]}, "rows 0 to 2"),
        ({"triangles": [(0, 1, -1)]}, "rows 0 to 2"),
        ({"triangles": [(0, 1)]}, r"\(T, 3\)"),
        ({"vertices": np.zeros((3, 2))}, r"\(V, 3\)"),
        ({"size": (0, 4)}, "size"),
        ({"samples": 3}, "samples"),
        ({"near": 0}, "near"),
    ):
        with pytest.raises(InputError, match=message):
            draw(**({"vertices": good} | change))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="as many as were drawn"):
        draw(good).interpolate(np.zeros((0, 3), int), np.zeros((3, 1)))


def fails(*_signature, **_options):
    raise RuntimeError("cannot cache function")


@pytest.mark.parametrize(
    ("numba", "says"),
    [(None, r"bauta\[render\]"), (SimpleNamespace(njit=fails), "NUMBA_CACHE_DIR")],
    ids=["numba is missing", "no place for its cache"],
)
def test_what_the_compiler_lacks_is_said(monkeypatch, numba, says):
    monkeypatch.delattr(bauta.render, "kernels", raising=False)
    monkeypatch.delitem(sys.modules, "bauta.render.kernels", raising=False)
    monkeypatch.setitem(sys.modules, "numba", numba)
    with pytest.raises(BautaError, match=says):
        draw(flat((2, 2), (10, 2), (2, 10)))
