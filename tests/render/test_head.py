from dataclasses import replace

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.geometry.camera import Camera
from bauta.geometry.frames import pose_matrix
from bauta.geometry.rotation import from_angles
from bauta.morphable.arkit import ARKIT52
from bauta.render.head import (
    Bars,
    GazeRays,
    Shaded,
    WireHead,
    front_edges,
    in_camera,
    outer_triangles,
    strongest,
)

WIDTH, HEIGHT = 320, 240
CAMERA = Camera.of_fov(WIDTH, HEIGHT)
MODEL = face_model()


def grey(value=120):
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def head(yaw=0.0, x=0.0, z=60.0):
    pose = pose_matrix(from_angles(yaw, 0, 0), np.array([x, 0, z]))
    return in_camera(pose, MODEL.vertices())


def silhouette(vertices):
    seen = CAMERA.project(vertices)
    return seen.min(0), seen.max(0)


def layers():
    return [pytest.param(WireHead(), id="wire"), pytest.param(Shaded(), id="shaded")]


@pytest.mark.parametrize("layer", layers())
@pytest.mark.parametrize("x", [-12, 9])
def test_the_head_is_drawn_where_the_camera_sees_it(layer, x):
    if isinstance(layer, Shaded):
        pytest.importorskip("numba", reason="shaded surfaces need numba")
    image, vertices = grey(), head(x=x)
    layer(image, vertices, MODEL.triangles, CAMERA)
    ys, xs = np.nonzero((image != 120).any(2))
    low, high = silhouette(vertices)
    assert xs.min() == pytest.approx(max(low[0], 0), abs=2.5)
    assert xs.max() == pytest.approx(min(high[0], WIDTH), abs=2.5)
    assert ys.min() == pytest.approx(max(low[1], 0), abs=2.5)


def test_a_shaded_head_is_lit_from_above():
    pytest.importorskip("numba", reason="shaded surfaces need numba")
    image, vertices = grey(0), head()
    Shaded(opacity=1.0)(image, vertices, MODEL.triangles, CAMERA)
    brow = CAMERA.project(vertices[MODEL.triangles[MODEL.embeddings["mesh478"].triangle[151], 0]])
    chin = CAMERA.project(vertices[MODEL.triangles[MODEL.embeddings["mesh478"].triangle[152], 0]])
    above, below = (int(image[int(p[1]) + dy, int(p[0]), 0]) for p, dy in ((brow, 0), (chin, 3)))
    assert above > below + 20


def test_wire_shows_the_front_only():
    # a box corner: two triangles of which one faces the camera
    vertices = np.array([(0.0, 0, 50), (0, 9, 50), (9, 0, 50), (0, 9, 60)])
    edges, _ = front_edges(vertices, np.array([(0, 1, 2), (0, 2, 3), (1, 0, 2)]), CAMERA)
    assert {tuple(e) for e in edges.tolist()} >= {(0, 1), (0, 2), (1, 2)}
    assert len(front_edges(vertices, np.array([(0, 2, 1)]), CAMERA)[0]) == 0
    behind = vertices - (0, 0, 100)
    assert len(front_edges(behind, np.array([(0, 1, 2), (0, 2, 1)]), CAMERA)[0]) == 0


def test_outer_triangles_leave_out_what_lies_inside():
    outer = outer_triangles(MODEL)
    assert 0.5 * len(MODEL.triangles) < len(outer) < 0.8 * len(MODEL.triangles)
    inside = [k for k, name in enumerate(MODEL.part_names) if name not in ("face", "head_neck")]
    assert not np.isin(MODEL.part[outer], inside).any()
    plain = replace(MODEL, part=np.zeros(len(MODEL.mean), np.uint8), part_names=("skin",))
    assert outer_triangles(plain) is plain.triangles


@pytest.mark.parametrize("z", [-60.0, 0.0, 2.0])
def test_a_head_at_or_behind_the_camera_does_no_harm(z):
    WireHead()(grey(), head(z=z), MODEL.triangles, CAMERA)
    GazeRays()(grey(), np.array([(0.0, 0, z)]), np.array([(0.0, 0, -1)]), CAMERA)


def test_a_gaze_ray_runs_to_where_the_eye_looks():
    # from the middle of the picture 45 degrees to the image's right
    image = grey(0)
    direction = np.array([[np.sqrt(0.5), 0, -np.sqrt(0.5)]])
    GazeRays(length=10)(image, np.array([(0.0, 0, 60)]), direction, CAMERA)
    ys, xs = np.nonzero(image.any(2))
    # end: x = 7.071 at z = 52.929; f = 160 / tan 30 = 277.1: 277.1 * 7.071 / 52.929 = 37.0
    assert xs.max() == pytest.approx(160 + 37 + 3.5, abs=2)
    assert xs.min() == pytest.approx(160, abs=5)
    assert ys.mean() == pytest.approx(120, abs=1)


def test_the_strongest_come_first():
    names = ("a", "b", "c", "d")
    assert strongest(names, np.array([0.1, 0.8, 0.01, 0.8]), 3) == [
        ("b", 0.8),
        ("d", 0.8),
        ("a", 0.1),
    ]
    assert strongest(names, np.zeros(4), 3) == []
    with pytest.raises(InputError, match="weights"):
        strongest(names, np.zeros(3), 3)


def test_bars_grow_with_their_weight():
    def length(value):
        image, weights = np.zeros((480, 640, 3), np.uint8), np.zeros(52)
        weights[ARKIT52.index("jawOpen")] = value
        Bars(colour=(255, 0, 0))(image, ARKIT52, weights)
        return (np.abs(image.astype(int) - (255, 0, 0)).max(2) < 60).any(0).sum()

    assert 0 == length(0.0) < length(0.3) < length(0.6) < length(1.0) == length(1.7)
    assert length(1.0) == pytest.approx(2 * length(0.5), rel=0.15)


def test_bars_stand_in_their_corner():
    for corner in ("top left", "bottom right"):
        image = np.full((480, 640, 3), 120, np.uint8)
        Bars(corner)(image, ARKIT52, np.full(52, 0.5))
        ys, xs = np.nonzero((image != 120).any(2))
        assert (ys.mean() < 240) == corner.startswith("top")
        assert (xs.mean() < 320) == corner.endswith("left")
    with pytest.raises(InputError, match="corner"):
        Bars("middle")


@pytest.mark.parametrize("size", [(300, 400), (240, 320), (480, 640), (360, 640), (640, 360)])
@pytest.mark.parametrize("corner", ["top left", "bottom right"])
def test_bars_of_small_pictures_stay_small(size, corner):
    image, weights = np.full((*size, 3), 120, np.uint8), np.zeros(52)
    weights[ARKIT52.index("mouthUpperUpRight")] = 0.9  # as wide as names get
    Bars(corner, colour=(255, 0, 0))(image, ARKIT52, weights)
    assert (np.abs(image.astype(int) - (255, 0, 0)).max(2) < 60).sum() > 20
    ys, xs = np.nonzero((image != 120).any(2))
    assert np.ptp(ys) <= 0.4 * size[0]
    assert np.ptp(xs) <= 0.45 * size[1]


def test_the_panel_of_bars_keeps_its_size():
    def panel(name):
        image, weights = np.full((300, 400, 3), 120, np.uint8), np.zeros(52)
        weights[ARKIT52.index(name)] = 0.9
        Bars()(image, ARKIT52, weights)
        return np.ptp(np.nonzero((image != 120).any(2)), axis=1).tolist()

    assert panel("jawOpen") == panel("mouthLowerDownRight")


def test_low_pictures_have_fewer_bars():
    image = np.full((100, 600, 3), 120, np.uint8)
    Bars(colour=(255, 0, 0))(image, ARKIT52, np.full(52, 0.5))
    red = (np.abs(image.astype(int) - (255, 0, 0)).max(2) < 60).any(1)
    bars = np.count_nonzero(np.diff(red.astype(int)) > 0)
    assert 1 <= bars < 6


def test_tiny_pictures_have_no_bars():
    image = np.full((60, 60, 3), 120, np.uint8)
    Bars()(image, ARKIT52, np.full(52, 0.5))
    assert (image == 120).all()
