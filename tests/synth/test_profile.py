"""A labelled photograph whose head is turned: picture and labels agree, and the sides are right."""

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.data.sample import Labels, Sample
from bauta.geometry import affine
from bauta.geometry.rotation import to_angles
from bauta.synth.profile.lift import SIDE, Lifted, lift, unhidden
from bauta.synth.profile.series import (
    FRAMES,
    LEAST,
    RATE,
    VIEWS,
    ProfileClips,
    Profiles,
    drawn_pose,
)
from bauta.synth.profile.surroundings import BINS, outline, surroundings
from bauta.synth.profile.turn import WINDOW, turned, unturned
from photographed import DOTS, dot, photographed
from sure import sure

RIGHT_EYE, LEFT_EYE, NOSE, CHIN = 33, 263, 1, 152


def lifted_of(photo: Sample) -> Lifted:
    """A photograph that is good enough."""
    return sure(lift(photo))


def shown(labels: Labels) -> np.ndarray:
    """(K,) which points are visible."""
    return sure(labels.visible)


@pytest.fixture(scope="module")
def frontal():
    return lifted_of(photographed())


@pytest.fixture(scope="module")
def aside():
    """A photograph that shows the subject's right side already."""
    return lifted_of(photographed(yaw=25.0, pitch=-6.0))


def test_turned_by_nothing_the_labels_are_the_labels(aside):
    view = unturned(aside)
    for labels in view.labels()[:2]:
        given = affine.apply(aside.T_texture_photo, aside.photo.label(labels.scheme).points)
        given[:, :2] -= view.corner
        same = given.shape[1]
        np.testing.assert_allclose(labels.points[:, :same], given, atol=1e-3)
    assert view.pose == pytest.approx(aside.photo.pose, abs=0.01)


def test_turned_by_nothing_the_picture_is_the_photograph(aside):
    view = unturned(aside)
    x, y = view.corner.astype(int)
    photograph = aside.texture[y : y + WINDOW, x : x + WINDOW].astype(int)
    difference = np.abs(view.picture().astype(int) - photograph)
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99) <= 4


@pytest.mark.parametrize(("yaw", "pitch"), [(40, 0), (-40, 0), (-65, 0), (20, 25), (-20, -25)])
def test_what_is_painted_on_the_head_stays_under_its_label(frontal, yaw, pitch):
    view = turned(frontal, yaw, pitch)
    image, mesh = view.picture(), view.labels()[0]
    found = {row: dot(image, row) for row in DOTS if shown(mesh)[row]}
    seen = {row: at for row, at in found.items() if at is not None}
    assert len(seen) >= 2
    for row, at in seen.items():
        assert np.linalg.norm(at - mesh.points[row, :2]) < 1.5, row


def test_the_surface_lies_where_the_labels_say_not_where_the_fit_says():
    """Eye corners that no head has: the fit alone misses them by 8 pixels, the surface by 3."""
    lifted = lifted_of(photographed(lift=14.0))
    surface = face_model().points("mesh478", lifted.vertices)
    labels = affine.apply(lifted.T_texture_photo, lifted.photo.labels[0].points)[:, :2]
    scale = affine.scale_of(lifted.T_texture_photo)
    away = np.linalg.norm(lifted.camera.project(surface) - labels, axis=1)
    assert (away[[RIGHT_EYE, LEFT_EYE]] < 4.5 * scale).all()
    assert np.median(away) < 0.5


def test_a_head_that_turns_to_its_left_turns_to_the_right_of_the_picture(frontal):
    for yaw in (60, -60):
        view = turned(frontal, yaw, 0)
        mesh = view.labels()[0].points
        ahead = mesh[NOSE, 0] - (mesh[RIGHT_EYE, 0] + mesh[LEFT_EYE, 0]) / 2
        assert np.sign(ahead) == np.sign(yaw)
        assert view.pose[0] == pytest.approx(yaw, abs=1e-6)


def test_a_head_that_looks_up_lifts_its_nose(frontal):
    def nose_over_eyes(pitch):
        mesh = turned(frontal, 0, pitch).labels()[0].points
        return (mesh[[RIGHT_EYE, LEFT_EYE], 1].mean() - mesh[NOSE, 1]) / np.ptp(mesh[:468, 1])

    assert nose_over_eyes(25) > nose_over_eyes(0) > nose_over_eyes(-25)


def test_the_labels_are_those_of_a_head_photographed_that_way(frontal):
    """Against a second photograph of the same head, turned for real; both about their middles."""
    own = to_angles(frontal.R_labels)
    truth = photographed(yaw=50.0)
    target = to_angles(lifted_of(truth).R_labels)
    mesh = turned(frontal, target[0], target[1] if abs(target[1]) > 0 else own[1]).labels()[0]
    real = truth.labels[0].points
    made, real = (p - p.mean(0) for p in (mesh.points, real))
    made *= np.linalg.norm(real[:, :2]) / np.linalg.norm(made[:, :2])
    height = np.ptp(real[:, 1])
    assert np.linalg.norm(made[:, :2] - real[:, :2], axis=1).mean() < 0.015 * height
    assert np.abs(made[:, 2] - real[:, 2]).mean() < 0.03 * height


def test_past_70_degrees_the_far_eye_is_hidden(frontal):
    for yaw, near, far in ((72, RIGHT_EYE, LEFT_EYE), (-72, LEFT_EYE, RIGHT_EYE)):
        mesh, bone, _ = turned(frontal, yaw, 0).labels()
        assert shown(mesh)[near]
        assert not shown(mesh)[far]
        outer = {RIGHT_EYE: 36, LEFT_EYE: 45}
        assert shown(bone)[outer[near]]
        assert not shown(bone)[outer[far]]


def test_from_the_front_both_eyes_and_the_mouth_are_seen(frontal):
    mesh, bone, outline68 = unturned(frontal).labels()
    assert shown(mesh)[[RIGHT_EYE, LEFT_EYE, NOSE, 61, 291]].all()
    assert shown(bone)[36:48].all()
    assert shown(outline68)[:17].all()


def test_the_outline_of_ibug68_slides_away_from_the_jaw_bone(frontal):
    """Far side of a head at 50 degrees: the visible edge lies outside of the hidden bone."""
    _, bone, visible = turned(frontal, 50, 0).labels()
    np.testing.assert_allclose(visible.points[8], bone.points[8, :2], atol=4)
    assert (visible.points[12:15, 0] > bone.points[12:15, 0] + 3).all()


def test_the_jaw_of_a_labelled_outline_stays_at_angle_0():
    photo = photographed(yaw=10.0)
    base = lifted_of(photo)
    view = unturned(base)
    T = affine.invert(base.T_texture_photo)
    moved = np.array([2.0, -1.0], np.float32)
    outline68 = affine.apply(T, view.labels()[2].points + view.corner) + moved
    labels = (*photo.labels, Labels(outline68, "ibug68"))
    lifted = lifted_of(Sample("again", photo.picture, labels, person="somebody"))
    again = affine.apply(T, unturned(lifted).labels()[2].points + view.corner)
    np.testing.assert_allclose(again, outline68, atol=0.02)


def test_a_photograph_whose_labels_are_no_face_is_left_out():
    photo = photographed()
    mesh = photo.labels[0].points.copy()
    mesh[:, :2] += np.random.default_rng(0).normal(0, 25, (478, 2))
    assert lift(Sample("noise", photo.picture, (Labels(mesh, "mesh478"),))) is None
    doubtful = Labels(photo.labels[0].points, "mesh478", weight=np.full(478, 0.1))
    assert lift(Sample("doubtful", photo.picture, (doubtful,))) is None


def test_a_mesh_without_depth_is_refused():
    photo = photographed()
    flat = Labels(photo.labels[0].points[:, :2], "mesh478")
    with pytest.raises(InputError, match="mesh478"):
        lift(Sample("flat", photo.picture, (flat,)))


def test_a_point_behind_the_surface_is_hidden_and_one_before_it_is_not():
    depth = np.full((4, 4), 50.0, np.float32)
    places = np.array([[1.5, 1.5], [1.5, 1.5], [9.0, 1.0]])
    assert unhidden(depth, places, np.array([50.2, 53.0, 99.0])).tolist() == [True, False, True]


def test_an_outline_is_the_distance_of_what_lies_outermost():
    angle = np.arange(0, 360, 1) * np.pi / 180
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * 30 + (100, 90)
    inner = ring * 0.5 + np.array([50, 45])
    found = outline(np.concatenate([ring, inner]), np.array([100.0, 90.0]))
    np.testing.assert_allclose(found, np.full(BINS, 30.0), rtol=1e-6)


def test_surroundings_follow_the_outline_and_come_to_rest():
    """The outline shrinks from 40 to 30 pixels: what lay at 42 is then at 32, what lay far away
    hardly moves. Brightness says from which column a pixel comes."""
    row = np.arange(SIDE) * 0.7
    texture = np.tile(np.rint(row)[None, :, None].astype(np.uint8), (SIDE, 1, 3))
    before, after = np.full(BINS, 40.0), np.full(BINS, 30.0)
    window = (0.0, 0.0, SIDE)
    image = surroundings(texture, np.array([176.0, 176.0]), before, after, (0.0, 0.0), window)
    moved = image[176, :, 0] / 0.7 - np.arange(SIDE)
    assert moved[176 + 32] == pytest.approx(10, abs=1.5)
    assert moved[176 - 32] == pytest.approx(-10, abs=1.5)
    assert 0 <= moved[345] < 4.5


def test_hair_beside_the_face_is_passed_over_on_the_side_to_which_it_turns():
    texture = np.tile(np.rint(np.arange(SIDE) * 0.7)[None, :, None].astype(np.uint8), (SIDE, 1, 3))
    same, window = np.full(BINS, 30.0), (0.0, 0.0, SIDE)
    image = surroundings(texture, np.array([176.0, 176.0]), same, same, (20.0, 0.0), window)
    moved = image[176, :, 0] / 0.7 - np.arange(SIDE)
    assert moved[176 + 32] == pytest.approx(20, abs=2)
    assert moved[176 - 32] == pytest.approx(0, abs=1)


def people(count):
    return [photographed(yaw=6.0 * k - 6, person=f"person{k}") for k in range(count)]


def test_the_same_number_and_seed_give_the_same_sample():
    photos = people(2)
    first, second = Profiles(photos), Profiles(photos)
    second(5, 1)
    a, b, other = first(2, 7), second(2, 7), first(2, 8)
    assert a.name == b.name
    np.testing.assert_array_equal(a.picture(), b.picture())
    for x, y in zip(a.labels, b.labels, strict=True):
        np.testing.assert_array_equal(x.points, y.points)
        np.testing.assert_array_equal(x.visible, y.visible)
    assert (a.picture() != other.picture()).any()


def test_a_sample_says_who_it_is_on_whose_terms_and_how_far_it_was_turned():
    made = Profiles(people(1))
    for index in range(VIEWS):
        sample = made(index, 0)
        assert sample.person == "person0"
        assert sample.licence == "ours"
        assert [item.scheme for item in sample.labels] == ["mesh478", "ibug68-3d", "ibug68"]
        assert float(sample.attributes["turn"]) > 1
        assert 0 <= float(sample.attributes["jawOpen"]) <= 0.4
        low, high = sure(sample.box).reshape(2, 2)
        assert (sample.points[:, :2] >= low - 1e-3).all()
        assert (sample.points[:, :2] <= high + 1e-3).all()


def test_angles_only_grow(aside):
    rng = np.random.default_rng(0)
    yaw, pitch, _ = to_angles(aside.R_labels)
    poses = [drawn_pose(aside, share, rng) for share in np.linspace(0, 1, 40)]
    assert all(p[0] >= yaw - 1e-9 for p in poses)
    assert all(abs(p[1]) >= abs(pitch) - 1e-9 for p in poses)
    assert poses[-1][0] == pytest.approx(90)
    assert max(abs(p[1]) for p in poses) <= 30


def test_a_frontal_face_is_turned_either_way(frontal):
    rng = np.random.default_rng(0)
    yaws = np.array([drawn_pose(frontal, 0.0, rng)[0] for _ in range(40)])
    assert set(np.round(yaws, 6)) == {LEAST, -LEAST}


def test_an_unfit_photograph_is_replaced_by_another():
    good = photographed()
    mesh = Labels(good.labels[0].points, "mesh478", weight=np.zeros(478))
    bad = Sample("bad", good.picture, (mesh,), person="bad")
    made = Profiles([bad, good, bad])
    assert {made(index, 3).person for index in range(0, 3 * VIEWS, VIEWS)} == {"somebody"}


def test_without_photographs_nothing_can_be_made():
    with pytest.raises(InputError, match="no labelled photographs"):
        Profiles([])


def test_clips_turn_smoothly_from_the_photograph_or_back():
    make = ProfileClips([photographed(person="one"), photographed(yaw=12.0, person="two")])
    still = unturned(sure(lift(photographed(yaw=12.0, person="two"))))
    ways = set()
    for clip in range(6):
        frames = [make(clip * FRAMES + k, 3) for k in range(FRAMES)]
        poses = np.array([sure(frame.pose) for frame in frames])
        assert len({frame.person for frame in frames}) == 1
        assert [frame.attributes["clip"] for frame in frames] == [clip] * FRAMES
        times = [frame.attributes["time"] for frame in frames]
        assert times == pytest.approx(np.arange(FRAMES) / RATE)
        assert np.ptp(poses[:, 0]) > 3
        assert np.abs(np.diff(poses[:, :2], axis=0)).max() < 4  # degrees a frame
        assert np.abs(np.diff(poses[:, :2], 2, axis=0)).max() < 0.4
        first, last = np.abs(poses[[0, -1], 0])
        ways.add(bool(last > first))
        start = frames[0] if last > first else frames[-1]
        if start.person == "two":
            np.testing.assert_array_equal(start.picture(), still.picture())
            np.testing.assert_allclose(start.points, still.labels()[0].points, atol=1e-3)
    assert ways == {True, False}


def test_labels_of_a_clip_lie_on_the_dots_of_every_frame():
    make = ProfileClips([photographed(person="one")])
    for k in range(0, FRAMES, 6):
        frame = make(k, 5)
        at, seen = dot(frame.picture(), 1), sure(frame.visible)[1]
        assert at is None or not seen or np.abs(at - frame.points[1, :2]).max() < 1.5
    assert (
        dot(make(0, 5).picture(), 1) is not None
        or dot(make(FRAMES - 1, 5).picture(), 1) is not None
    )
