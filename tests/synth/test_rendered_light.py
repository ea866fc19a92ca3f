"""What the compiled loops of rendered heads do, against formulas and cases worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from bauta.geometry.camera import Camera
from bauta.geometry.mesh import vertex_normals
from bauta.synth.rendered.canvas import SAMPLES, Canvas, Hits, hits_of
from bauta.synth.rendered.head import normals_of, small_head
from bauta.synth.rendered.lens import Lens, exposed
from bauta.synth.rendered.shadows import shadow_map
from bauta.synth.rendered.truth import View, visible

PLAIN = Lens(1.0, np.ones(3), 2.2, 0.0, (0.0, 0.0), 0.0, 0.0, 0, False)
PLATE = np.array([[-10, 0, -10], [10, 0, -10], [10, 0, 10], [-10, 0, 10]], np.float32)
TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.mark.parametrize("light", [0.0, 0.001, 0.05, 0.2, 0.79, 0.9, 1.5, 30.0])
@pytest.mark.parametrize("gamma", [1.9, 2.2, 2.5])
def test_the_tone_curve_is_its_formula_to_half_a_step(light, gamma):
    picture = np.full((4, 4, 3), light, np.float32)
    byte = exposed(picture, 0.2, replace(PLAIN, gamma=gamma), np.random.default_rng(0))
    soft = light if light <= 0.8 else 1 - 0.2 * np.exp(-(light - 0.8) / 0.2)
    assert np.abs(byte - 255 * soft ** (1 / gamma)).max() < 0.75


def test_balance_and_noise_are_of_the_channel_and_the_light():
    picture = np.full((64, 64, 3), 0.2, np.float32)
    rng = np.random.default_rng(0)
    tinted = exposed(picture, 0.2, replace(PLAIN, balance=np.array([1.2, 1.0, 0.8])), rng)
    assert tinted[0, 0, 0] > tinted[0, 0, 1] > tinted[0, 0, 2]
    noisy = exposed(picture, 0.2, replace(PLAIN, shot=0.05), rng) / 255
    spread = (noisy**2.2).std()  # of light: shot noise goes with its root
    assert spread == pytest.approx(0.05 * 0.2**0.5, rel=0.05)


def test_a_plate_shades_what_lies_under_it_alone():
    lamp = shadow_map(PLATE, TWO, np.array([0.0, 1.0, 0.0]), 96)
    places = np.array([[0, -5, 0], [0, 5, 0], [8, -5, -8], [14, -5, 0], [0, -0.2, 0]], np.float32)
    np.testing.assert_allclose(lamp.share(places), [0, 1, 0, 1, 1], atol=1e-6)
    aslant = shadow_map(PLATE, TWO, np.array([1.0, 1.0, 0.0]), 96)
    np.testing.assert_allclose(aslant.share(places[[0, 3]] - (12, 0, 0)), [0, 0], atol=1e-6)


def test_normals_are_those_of_the_plain_formula():
    head = small_head()
    expected = vertex_normals(head.mean, head.triangles)
    used = np.unique(head.triangles)
    np.testing.assert_allclose(
        normals_of(head.mean, head.triangles)[used], expected[used], atol=1e-3
    )


def test_hits_are_the_samples_of_the_part_that_can_be_reached():
    camera = Camera(np.array([[64.0, 0, 32], [0, 64.0, 32], [0, 0, 1]]))
    square = np.array([[0, 0, 4], [1, 0, 4], [1, 1, 4], [0, 1, 4]], np.float32)
    hits = hits_of(square, TWO, camera, 64)  # pixels 32 to 48, samples 48 to 72
    y, x = np.divmod(hits.rows, round(64 * SAMPLES))
    assert (x.min(), x.max(), y.min(), y.max()) == (48, 71, 48, 71)
    assert len(hits.rows) == 24 * 24
    np.testing.assert_allclose(hits.depth, 4)
    np.testing.assert_allclose(
        hits.values(TWO, square)[:, 0] * 16, (x + 0.5) / SAMPLES - 32, atol=1e-3
    )
    assert not len(hits_of(square + np.array([9, 0, 0], np.float32), TWO, camera, 64).rows)


def test_colours_are_mixed_and_half_covered_samples_do_not_hide():
    canvas = Canvas(np.zeros((4, 4, 3), np.float32))
    rows = np.array([0, 1])
    hits = Hits(rows, np.zeros(2, np.int32), np.ones(2, np.float32), np.ones((2, 3), np.float32))
    canvas.put(hits, np.array([0.25, 0.75], np.float32), np.ones((2, 3), np.float32))
    np.testing.assert_allclose(canvas.colour[:3, 0], [0.25, 0.75, 0])
    assert np.isinf(canvas.depth[0, [0, 2]]).all()
    assert canvas.depth[0, 1] == 1


def test_a_point_is_seen_where_a_sample_within_a_pixel_is_deep_enough():
    view = View(np.eye(3), np.zeros(3), Camera(np.array([[10.0, 0, 0], [0, 10.0, 0], [0, 0, 1]])))
    depth = np.full((30, 30), 1.0, np.float32)
    depth[12, 14] = 5.0
    points = np.array([[1.0, 0.9, 1.0], [1.2, 0.9, 1.0], [9, 9, 1.0]]) * 5
    # places in samples: (15, 13) near the hole, (18, 13) three away, outside of the picture
    assert visible(points, view, depth, SAMPLES, 0.4).tolist() == [True, False, False]
    assert visible(points, view, depth, SAMPLES, 4.5).tolist() == [True, True, False]
