"""The linear head: what coefficients do to it, and what turning the eyes does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.morphable.arkit import ARKIT52, UNSUPPORTED, arkit_name
from bauta.morphable.model import look_rotation
from small_head import small_head

LEFT_IRIS, RIGHT_IRIS = 473, 468
SIDED = sorted(n.removesuffix("Left") for n in ARKIT52 if n.endswith("Left") and "Look" not in n)
SIDED = [n for n in SIDED if n not in ("jaw", "mouth")]


@pytest.fixture(scope="module")
def head():
    return face_model()


def skin_of(head):
    """(V,) bool: vertices that belong to no eyeball."""
    eyes = np.concatenate([eye.rows for eye in head.eyes.values()])
    return ~np.isin(np.arange(len(head.mean)), eyes)


def moved_iris(head, iris, **weights):
    """(3,) centimetres that an iris moves."""
    mesh = [head.points("mesh478", head.vertices(None, head.weights(w))) for w in ({}, weights)]
    return (mesh[1] - mesh[0])[iris]


def test_no_coefficients_give_the_mean(head):
    np.testing.assert_array_equal(head.vertices(), head.mean)
    zero = head.vertices(np.zeros(head.modes), np.zeros(len(head.expression_names)))
    np.testing.assert_allclose(zero, head.mean, atol=1e-5)


def test_vertices_are_the_sum_of_mean_and_weighted_shapes():
    head = small_head()
    by_hand = head.mean + 2 * head.identity[0] - head.identity[1] + 0.5 * head.expression[1]
    found = head.vertices(np.array([2, -1]), np.array([0, 0.5, 0]))
    np.testing.assert_allclose(found[:5], by_hand[:5], atol=1e-6)


def test_skin_is_linear_in_identity_and_expression(head):
    rng = np.random.default_rng(0)
    skin = np.setdiff1d(
        np.arange(len(head.mean)), np.concatenate([e.rows for e in head.eyes.values()])
    )
    a, b = rng.normal(size=(2, head.modes))
    w = rng.uniform(size=len(head.expression_names))
    shift = lambda *c: (head.vertices(*c) - head.mean)[skin].astype(float)  # noqa: E731
    np.testing.assert_allclose(shift(a + b, None), shift(a, None) + shift(b, None), atol=1e-4)
    np.testing.assert_allclose(shift(a, w), shift(a, None) + shift(None, w), atol=1e-4)
    np.testing.assert_allclose(shift(None, 0.5 * w), 0.5 * shift(None, w), atol=1e-4)


def test_fewer_modes_than_there_are_mean_that_the_rest_is_zero(head):
    a = np.zeros(head.modes)
    a[:3] = 1, -2, 0.5
    np.testing.assert_allclose(head.vertices(a), head.vertices(a[:3]), atol=1e-5)


def test_some_rows_are_the_same_as_those_rows_of_all(head):
    w = head.weights({"eyeLookOutLeft": 0.7, "eyeLookUpRight": 1, "jawOpen": 0.4})
    a = np.random.default_rng(1).normal(size=head.modes)
    rows = np.array([2000, 3, head.eyes["Left"].rows[5], head.eyes["Right"].rows[9], 3])
    np.testing.assert_allclose(head.vertices(a, w, rows), head.vertices(a, w)[rows], atol=1e-6)


def test_wrong_coefficients_are_refused(head):
    with pytest.raises(InputError, match="up to 80 numbers"):
        head.vertices(np.zeros(81))
    with pytest.raises(InputError, match="expected 51 weights"):
        head.vertices(None, np.zeros(52))
    with pytest.raises(InputError, match="unknown 'smile'"):
        head.weights({"smile": 1})
    with pytest.raises(InputError, match="unknown 'aflw21'"):
        head.points("aflw21", head.mean)


@pytest.mark.parametrize(
    ("shape", "iris", "axis", "sign"),
    [
        ("eyeLookOutLeft", LEFT_IRIS, 0, 1),
        ("eyeLookInLeft", LEFT_IRIS, 0, -1),
        ("eyeLookUpLeft", LEFT_IRIS, 1, 1),
        ("eyeLookDownLeft", LEFT_IRIS, 1, -1),
        ("eyeLookOutRight", RIGHT_IRIS, 0, -1),
        ("eyeLookInRight", RIGHT_IRIS, 0, 1),
        ("eyeLookUpRight", RIGHT_IRIS, 1, 1),
        ("eyeLookDownRight", RIGHT_IRIS, 1, -1),
    ],
)
def test_a_look_turns_its_own_iris_its_own_way(head, shape, iris, axis, sign):
    shift = moved_iris(head, iris, **{shape: 1.0})
    assert shift[axis] * sign > 0.5
    assert abs(shift[1 - axis]) < 0.05
    other = LEFT_IRIS + RIGHT_IRIS - iris
    np.testing.assert_allclose(moved_iris(head, other, **{shape: 1.0}), 0, atol=1e-5)


def test_the_iris_moves_by_the_angle_that_the_conventions_say(head):
    eye = head.eyes["Left"]
    centre = eye.weight @ head.mean[eye.rows]
    rest = head.points("mesh478", head.mean)[LEFT_IRIS] - centre
    looking = rest + moved_iris(head, LEFT_IRIS, eyeLookOutLeft=1.0)
    angle = np.degrees(np.arctan2(looking[0], looking[2]) - np.arctan2(rest[0], rest[2]))
    assert angle == pytest.approx(35, abs=0.1)


def test_gaze_rotations_are_what_they_say():
    s, c = np.sin(np.radians(20)), np.cos(np.radians(20))
    np.testing.assert_allclose(look_rotation(20, 0) @ (0, 0, 1), (s, 0, c))
    np.testing.assert_allclose(look_rotation(0, 20) @ (0, 0, 1), (0, s, c), atol=1e-12)


def test_turning_the_eyes_moves_skin_by_the_lid_shapes_alone(head):
    w = head.weights({"eyeLookDownLeft": 1, "eyeLookOutRight": 0.8})
    lids = head.mean + np.tensordot(w, head.expression, 1)
    skin = skin_of(head)
    np.testing.assert_allclose(head.vertices(None, w)[skin], lids[skin], atol=1e-5)
    far = skin & (head.mean[:, 1] < -3.6)
    np.testing.assert_allclose(head.vertices(None, w)[far], head.mean[far], atol=0.01)


@pytest.mark.parametrize("sigma", [0.0, 2.0])
def test_the_eyeball_turns_about_its_centre_and_keeps_its_size(head, sigma):
    a = sigma * np.random.default_rng(2).normal(size=head.modes)
    still = head.vertices(a)
    turned = head.vertices(a, head.weights({"eyeLookInLeft": 1, "eyeLookUpLeft": 1}))
    eye = head.eyes["Left"]
    centre = eye.weight @ still[eye.rows]
    radius = [np.linalg.norm(v[eye.rows] - centre, axis=1) for v in (still, turned)]
    np.testing.assert_allclose(radius[0], radius[1], atol=1e-4)
    back = still[eye.rows][still[eye.rows][:, 2] < centre[2] + 0.5].astype(float)
    A = np.concatenate([2 * back, np.ones((len(back), 1))], 1)
    sphere = np.linalg.lstsq(A, (back**2).sum(1), rcond=None)[0][:3]
    np.testing.assert_allclose(sphere, centre, atol=0.1)


def test_the_mean_head_is_its_own_mirror_image(head):
    np.testing.assert_allclose(head.mean[head.mirror] * (-1, 1, 1), head.mean, atol=0.02)


@pytest.mark.parametrize("name", SIDED)
def test_left_shapes_are_mirror_images_of_right_ones(head, name):
    left, right = (head.expression_names.index(name + side) for side in ("Left", "Right"))
    mirrored = head.expression[left][head.mirror] * (-1, 1, 1)
    off = np.linalg.norm(mirrored - head.expression[right], axis=1)
    size = np.linalg.norm(head.expression[right], axis=1).max()
    assert off.max() < 0.02 + 0.1 * size


def test_blinking_closes_the_lids_and_nothing_else(head):
    rest = head.points("mesh478", head.mean)
    shut = head.points("mesh478", head.vertices(None, head.weights({"eyeBlinkRight": 1})))
    upper, lower = 159, 145
    assert rest[upper, 1] - rest[lower, 1] > 0.9
    assert 0 < shut[upper, 1] - shut[lower, 1] < 0.25
    np.testing.assert_allclose(shut[386], rest[386], atol=0.02)


def test_points_are_weighted_corners():
    head = small_head()
    points = head.points("celeba5", head.mean)
    np.testing.assert_allclose(points[1], (1, 1, 0))
    np.testing.assert_allclose(points[3], (-0.75, 0.25, 0.25))


def test_a_model_of_points_alone_gives_the_same_points(head):
    a = np.random.default_rng(4).normal(size=head.modes)
    w = head.weights({"jawOpen": 0.5, "mouthSmileLeft": 1})
    few = head.at("ibug68-3d")
    np.testing.assert_allclose(
        few.vertices(a, w), head.points("ibug68-3d", head.vertices(a, w)), atol=1e-4
    )


def test_colours_are_linear_and_kept_in_range():
    head = small_head()
    assert head.albedo is not None
    np.testing.assert_allclose(
        head.colours(np.array([2.0])), head.albedo_mean + 2 * head.albedo[0], atol=1e-6
    )
    assert head.colours(np.array([1e4])).max() == 1.0
    with pytest.raises(InputError, match="up to 1 numbers"):
        head.colours(np.zeros(2))


def test_the_names_are_arkits(head):
    assert len(ARKIT52) == len(set(ARKIT52)) == 52
    assert list(ARKIT52) == sorted(ARKIT52)
    assert UNSUPPORTED == ("tongueOut",)
    assert set(head.expression_names) == set(ARKIT52) - set(UNSUPPORTED)
    assert list(head.expression_names) == sorted(head.expression_names)
    assert arkit_name("eyeBlink_L") == "eyeBlinkLeft"
    assert arkit_name("mouthUpperUp_R") == "mouthUpperUpRight"
    assert arkit_name("jawOpen") == "jawOpen"


def test_vertices_and_triangles_of_parts():
    small = small_head()
    small = replace(small, part=np.array([0, 0, 0, 0, 1, 1], np.uint8))
    assert small.of_parts("face").tolist() == [True] * 4 + [False] * 2
    assert small.of_parts("face", "eyeball_left").all()
    assert not small.of_parts("teeth").any()
    small = replace(small, triangles=np.array([[0, 1, 2], [0, 1, 4]], np.int32))
    assert small.triangles_of("face").tolist() == [True, False]
    assert small.triangles_of("face", "eyeball_left").all()
