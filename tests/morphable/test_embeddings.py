"""Point schemes on the head that ships, and the outline that slides with the view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bauta import schemes
from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.morphable.contour import contour68, outline
from bauta.morphable.embeddings import (
    compose,
    contour_lines,
    even,
    fs70,
    home_of,
    outward,
    regions,
)
from bauta.morphable.model import Embedding
from small_head import small_head

SCHEMES = ("ibug68-3d", "mesh478", "fs70", "wflw98", "jd106", "insightface106")
FRONT = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def head():
    return face_model()


def pose(yaw, pitch=0.0, roll=0.0):
    """R_camera_head of docs/conventions.md."""
    a, b, c = np.radians([-yaw, -pitch, roll])
    Ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    Rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    Rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return Rz @ Ry @ Rx @ FRONT


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_points_and_mirrors_them(head, scheme):
    points = head.points(scheme, head.mean)
    assert points.shape == (schemes.COUNTS[scheme], 3)
    mirrored = points[schemes.get(scheme).mirror] * (-1, 1, 1)
    assert np.linalg.norm(mirrored - points, axis=1).max() < 0.12


def test_points_of_the_middle_line_lie_on_it(head):
    rows = np.flatnonzero(schemes.get("mesh478").mirror == np.arange(478))
    assert {0, 1, 13, 14, 152, 168} <= set(rows.tolist())
    for weights in ({}, {"jawOpen": 1.0}, {"mouthPucker": 1.0}):
        points = head.points("mesh478", head.vertices(None, head.weights(weights)))
        np.testing.assert_allclose(points[rows, 0], 0, atol=0.01)


@pytest.mark.parametrize("scheme", ["wflw98", "jd106", "insightface106"])
def test_schemes_lie_between_the_mesh_points_they_are_made_of(head, scheme):
    between = schemes.embedding(scheme)
    for weights in ({}, {"jawOpen": 1.0}, {"eyeBlinkLeft": 1.0, "mouthFunnel": 0.7}):
        vertices = head.vertices(None, head.weights(weights))
        wanted = between.apply(head.points("mesh478", vertices))
        off = np.linalg.norm(head.points(scheme, vertices) - wanted, axis=1)
        assert np.median(off) < 0.02
        assert off.max() < 0.4


def test_lip_points_stay_on_their_own_lip(head):
    opened = head.points("wflw98", head.vertices(None, head.weights({"jawOpen": 1})))
    drop = head.points("wflw98", head.mean)[:, 1] - opened[:, 1]
    inner_upper, inner_lower = [89, 90, 91], [93, 94, 95]
    assert drop[inner_upper].max() < 0.6
    assert drop[inner_lower].min() > 1.5


def test_the_two_orders_of_106_are_the_same_points(head):
    jd, insight = (head.points(name, head.mean) for name in ("jd106", "insightface106"))
    step = schemes.mapping("jd106", "insightface106")
    assert step.exact
    np.testing.assert_allclose(step.apply(jd), insight, atol=1e-6)


def test_fs70_is_the_anatomical_points_and_the_pupils(head):
    points = head.points("fs70", head.mean)
    np.testing.assert_array_equal(points[:68], head.points("ibug68-3d", head.mean))
    assert points[68, 0] < -2
    assert points[69, 0] > 2


def test_what_is_stored_is_what_the_program_makes(head):
    made = {"wflw98": compose(head, "wflw98"), "fs70": fs70(head)}
    for scheme, embedding in made.items():
        np.testing.assert_array_equal(embedding.triangle, head.embeddings[scheme].triangle)
        np.testing.assert_allclose(embedding.weight, head.embeddings[scheme].weight, atol=1e-5)
    assert head.contour is not None
    lines = contour_lines(head, home_of(head))
    np.testing.assert_array_equal(lines.triangle, head.contour.triangle)
    np.testing.assert_allclose(lines.angle, head.contour.angle, atol=1e-3)
    for name, rows in regions(head).items():
        np.testing.assert_array_equal(rows, head.regions[name])


def test_regions_are_where_they_are_called(head):
    mirror = head.mirror
    for name in ("lids", "brow", "ear"):
        left, right = head.regions[f"{name}_left"], head.regions[f"{name}_right"]
        assert head.mean[left, 0].min() > 0
        assert len(np.setxor1d(mirror[left], right)) <= 0.1 * len(left)
    lips, brow = head.mean[head.regions["lips"]], head.mean[head.regions["brow_left"]]
    assert -9.1 < lips[:, 1].min() < lips[:, 1].max() < -5.6
    assert 0.9 < brow[:, 1].mean() < 3.4
    assert np.abs(head.mean[head.regions["ear_right"], 0]).min() > 7


# --- the outline --------------------------------------------------------------------------------


def test_directions_across_the_outline_point_outwards(head):
    across = outward(head.points("ibug68-3d", head.mean)[:17])
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), 1)
    np.testing.assert_allclose(across[8], (0, -1, 0), atol=1e-6)
    assert across[0, 0] < -0.95
    assert across[16, 0] > 0.95
    np.testing.assert_allclose(across, across[::-1] * (-1, 1, 1), atol=1e-9)


def test_from_the_front_the_outline_lies_at_its_home_beside_the_jaw_bone(head):
    vertices = head.vertices(np.random.default_rng(0).normal(size=20))
    found = contour68(head, vertices, FRONT)
    home = replace(head, embeddings={"home": home_of(head)}).points("home", vertices)
    np.testing.assert_allclose(found[:17], home, atol=1e-4)
    apart = (found - head.points("ibug68-3d", vertices))[:17]
    assert np.linalg.norm(apart[:, :2], axis=1).max() < 0.8, "across the picture"
    assert (apart[[0, 1, 2, 3, 4, 12, 13, 14, 15, 16], 2] > 1).all(), "the bone is behind"


def test_the_jaw_bone_runs_below_the_ears(head):
    """AFLW2000-3D's flavour: up to the ears, two centimetres behind the cheeks' edge."""
    jaw = head.points("ibug68-3d", head.mean)[:17]
    assert jaw[[0, 16], 2].max() < -5.5
    assert jaw[8, 2] > 1
    assert (np.diff(jaw[:9, 2]) > 0).all()
    assert (np.diff(jaw[:9, 1]) < 0).all()


def test_even_points_mirror_each_other(head):
    rng = np.random.default_rng(0)
    mirror = np.array([1, 0, 2])
    face = np.flatnonzero(head.part[head.triangles[:, 0]] == head.part_names.index("face"))
    where = Embedding(rng.choice(face, 3).astype(np.int32), np.full((3, 3), 1 / 3, np.float32))
    points = replace(head, embeddings={"p": even(head, where, mirror)}).points("p", head.mean)
    first = replace(head, embeddings={"p": where}).points("p", head.mean)[0]
    np.testing.assert_allclose(points[0], first)
    np.testing.assert_allclose(points[1], first * (-1, 1, 1), atol=0.01)
    assert abs(points[2, 0]) < 1e-4


def test_inner_points_are_the_same_in_every_view(head):
    found = contour68(head, head.mean, pose(50, 20))
    np.testing.assert_array_equal(found[17:], head.points("ibug68-3d", head.mean)[17:])


@pytest.mark.parametrize(
    ("yaw", "far", "near"), [(40, range(12, 17), range(5)), (-40, range(5), range(12, 17))]
)
def test_the_far_side_slides_over_the_cheek_and_the_near_side_behind_the_bone(head, yaw, far, near):
    ahead, found = (contour68(head, head.mean, R) for R in (FRONT, pose(yaw)))
    moved = (found - ahead)[:17]
    assert (moved[far, 2] > 0.7).all(), "forwards"
    assert (moved[near, 2] < -0.5).all(), "backwards"
    sideways = moved @ pose(yaw).T
    assert (np.sign(yaw) * sideways[far, 0] > 0.25).all(), "outwards in the picture"


def test_turning_left_and_right_are_mirror_images(head):
    left, right = (
        contour68(head, head.mean, pose(33, 10)),
        contour68(head, head.mean, pose(-33, 10)),
    )
    mirrored = right[schemes.get("ibug68").mirror] * (-1, 1, 1)
    np.testing.assert_allclose(left[:17], mirrored[:17], atol=0.1)


def test_roll_changes_nothing(head):
    a, b = (contour68(head, head.mean, pose(25, -15, roll)) for roll in (0, 70))
    np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("pitch", [-40, 0, 40])
def test_the_outline_never_jumps(head, pitch):
    views = [contour68(head, head.mean, pose(yaw, pitch)) for yaw in np.arange(-85, 85.1, 0.5)]
    steps = np.linalg.norm(np.diff(views, axis=0), axis=2)
    assert steps.max() < 0.12, "centimetres for half a degree"
    assert steps.max() > 0.01, "it does slide"


@pytest.mark.parametrize("yaw", [20, 30, 45, 60])
def test_hidden_points_lie_on_the_silhouette(head, yaw):
    """Within millimetres of the place of their line that lies furthest out in the picture."""
    lines = head.contour
    places = (head.mean[head.triangles[lines.triangle]] * lines.weight[..., None]).sum(2)
    R = pose(yaw)
    out = (lines.across @ R.T)[:, :2]
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    furthest = ((places @ R.T)[..., :2] * out[:, None]).sum(2).max(1)
    found = ((contour68(head, head.mean, R)[:17] @ R.T)[:, :2] * out).sum(1)
    assert (furthest - found)[12:].max() < 0.25
    assert (furthest - found)[8:].max() < 0.45


def test_places_between_the_points_of_a_line_are_interpolated():
    contour = small_head().contour
    assert contour is not None
    turned = pose(np.degrees(np.arctan2(np.sin(0.1), np.cos(0.1))))
    row, share = outline(contour, turned)
    assert row.tolist() == [0] * 17
    turn = -np.degrees(0.1)
    np.testing.assert_allclose(share, (turn + 10) / 30, atol=1e-6)


def test_a_model_without_lines_says_so(head):
    with pytest.raises(InputError, match="no lines for the outline"):
        contour68(head.at("mesh478"), head.mean, FRONT)
