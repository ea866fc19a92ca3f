"""Rendered heads: the labels lie on what is drawn, and say what was asked for."""

import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("numba")

from bauta.assets.face import face_model
from bauta.checks import SourceError
from bauta.data.splits import split_of
from bauta.data.teachers import data_root
from bauta.morphable.arkit import ARKIT52, LOOKS
from bauta.synth.kinds import KINDS
from bauta.synth.rendered import truth
from bauta.synth.rendered.canvas import SAMPLES, hits_of
from bauta.synth.rendered.draw import paint
from bauta.synth.rendered.head import FULL, small_head
from bauta.synth.rendered.light import Light, harmonics, irradiance
from bauta.synth.rendered.look import look_of
from bauta.synth.rendered.moment import Moment, draw_moment, looking
from bauta.synth.rendered.motion import FRAMES, RATE, blink, draw_motion
from bauta.synth.rendered.scenery import Photographs
from bauta.synth.rendered.series import (
    VERSION,
    Clips,
    Stills,
    open_clips,
    open_free,
    open_rendered,
)
from bauta.synth.rendered.stage import SIDE, draw_stage, scene_of

EVEN = Light(
    np.array([[3.5449] * 3] + [[0] * 3] * 8, np.float32),
    np.zeros((0, 3), "f4"),
    np.zeros((0, 3), "f4"),
)
LIDS = {"Right": (36, 37, 38, 39, 40, 41), "Left": (42, 43, 44, 45, 46, 47)}


def have_full():
    try:
        return (data_root() / FULL).exists()
    except SourceError:
        return False


def plain_look(seed=3):
    """A person without anything on, with a bright green iris that fills the pupil."""
    look = look_of(small_head(), seed, True)
    person = replace(
        look.person, iris=np.array([0.0, 1.0, 0.0]), pupil=0.01, style="bald", beard="", liner=0.0
    )
    return replace(look, person=person, window=np.zeros(3))


def stage():
    """Even white light, a black background, the head large."""
    behind = np.zeros((SIDE, SIDE, 3), np.float32)
    drawn = draw_stage(np.random.default_rng(0))
    return replace(drawn, light=EVEN, behind=behind, distance=80.0, size=190.0, body=(0.0, 0.0))


def seen_of(labels):
    """Which points are seen."""
    assert labels.visible is not None
    return labels.visible


def shown(expression, look=(0.0, 0.0), angles=(0.0, 0.0, 0.0), person=None):
    """(picture linear, labels by scheme, scene)."""
    weights, gaze = looking(expression, *look)
    moment = Moment(weights, gaze, angles)
    scene = scene_of(person or plain_look(), stage(), moment)
    light, depth, _ = paint(scene, stage().behind)
    small = scene.vertices[scene.head.label_rows]
    found, _ = truth.labels(small, scene.view, depth, SAMPLES)
    return light, {labels.scheme: labels for labels in found}, scene


def green_middle(light, near):
    """Middle of the green places within 20 pixels of `near`."""
    green = light[..., 1] > 3 * np.maximum(light[..., 0], light[..., 2]) + 0.02
    ys, xs = np.nonzero(green)
    close = np.hypot(xs + 0.5 - near[0], ys + 0.5 - near[1]) < 20
    return np.array([xs[close].mean() + 0.5, ys[close].mean() + 0.5])


@pytest.mark.parametrize("look", [(0, 0), (12, 0), (-12, 0)])
def test_iris_labels_lie_on_the_irises_that_are_drawn(look):
    light, labels, _ = shown({"eyeWideLeft": 1.0, "eyeWideRight": 1.0}, look)
    for point in (468, 473):
        place = labels["mesh478"].points[point, :2]
        assert np.abs(green_middle(light, place)[0] - place[0]) < 1.5


def test_gaze_to_the_subjects_left_moves_irises_right_in_the_picture_and_up_upwards():
    _, rest, _ = shown({})
    _, left, _ = shown({}, (20, 0))
    _, up, _ = shown({}, (0, 15))
    for point in (468, 473):
        start = rest["mesh478"].points[point]
        assert left["mesh478"].points[point, 0] > start[0] + 3
        assert up["mesh478"].points[point, 1] < start[1] - 2


def lid_gap(points, side):
    """Height of the lids over the eye's width (Soukupova and Cech 2016)."""
    p = points[list(LIDS[side])][:, :2]
    high = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    return high / (2 * np.linalg.norm(p[0] - p[3]))


def test_shut_eyes_have_no_gap_in_the_labels_and_hide_their_irises():
    _, opened, _ = shown({})
    _, shut, _ = shown({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    for side in LIDS:
        whole = lid_gap(opened["ibug68-3d"].points, side)
        assert lid_gap(shut["ibug68-3d"].points, side) < 0.3 * whole
    assert seen_of(opened["mesh478"])[[468, 473]].all()
    assert not seen_of(shut["mesh478"])[[468, 473]].any()


def test_a_wink_shuts_the_subjects_own_left_eye():
    _, labels, _ = shown({"eyeBlinkLeft": 1.0})
    points = labels["ibug68-3d"].points
    assert lid_gap(points, "Left") < 0.5 * lid_gap(points, "Right")
    assert points[45, 0] > points[36, 0]  # the left eye is right in the picture


@pytest.mark.parametrize(("yaw", "hidden", "seen"), [(75, 45, 36), (-75, 36, 45)])
def test_the_far_eye_is_hidden_in_profile(yaw, hidden, seen):
    _, labels, _ = shown({}, angles=(yaw, 0, 0))
    visible = seen_of(labels["ibug68-3d"])
    assert visible[seen]
    assert not visible[hidden]


def test_all_inner_points_are_seen_from_the_front():
    _, labels, _ = shown({})
    assert seen_of(labels["ibug68"])[17:].mean() > 0.95


def test_mirrored_moments_have_mirrored_labels():
    look = plain_look()
    look = replace(look, still=small_head().mean)
    _, one, _ = shown({"mouthLeft": 0.8, "browDownLeft": 1.0}, (15, 5), (30, 5, 8), look)
    _, two, _ = shown({"mouthRight": 0.8, "browDownRight": 1.0}, (-15, 5), (-30, 5, -8), look)
    a, b = one["ibug68-3d"].points, two["ibug68-3d"].points
    assert np.abs((SIDE - a[8, 0]) - b[8, 0]) < 0.5
    assert np.abs((SIDE - a[36, 0]) - b[45, 0]) < 0.5
    assert np.abs((SIDE - a[48, 0]) - b[54, 0]) < 0.5
    assert np.abs(a[36, 1] - b[45, 1]) < 0.5


def test_the_outline_lies_where_the_head_ends():
    light, labels, _ = shown({}, angles=(35, 0, 0))
    drawn = light.sum(-1) > 0.02
    for x, y in labels["ibug68"].points[13:16]:  # the far cheek, right in the picture
        last = np.flatnonzero(drawn[int(y)])[-1] + 1
        assert abs(x - last) < 6, (x, last)


def test_white_under_even_light_is_white_from_everywhere():
    normals = np.random.default_rng(0).normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(irradiance(EVEN.even, normals), 1, atol=1e-3)


def test_harmonics_are_orthonormal():
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(200_000, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    Y = harmonics(ways)
    np.testing.assert_allclose(4 * np.pi * Y.T @ Y / len(Y), np.eye(9), atol=0.03)


def test_the_same_number_gives_the_same_picture_and_another_another():
    make, again = (Stills("free", small_head(), None) for _ in range(2))
    one, same, other, seed = make(5, 1), again(5, 1), make(6, 1), make(5, 2)
    np.testing.assert_array_equal(one.picture(), same.picture())
    np.testing.assert_array_equal(one.points, same.points)
    assert (one.picture() != other.picture()).any()
    assert (one.picture() != seed.picture()).any()
    assert one.person == other.person != seed.person


def test_samples_say_everything():
    make = Stills("free", small_head(), None)
    for index in range(0, 20, 4):
        sample = make(index, 7)
        assert sample.picture().shape == (SIDE, SIDE, 3)
        assert sample.picture().dtype == np.uint8
        assert [labels.scheme for labels in sample.labels] == ["mesh478", "ibug68", "ibug68-3d"]
        assert all(np.isfinite(labels.points).all() for labels in sample.labels)
        assert all(labels.visible is not None for labels in sample.labels)
        assert sample.points.shape == (478, 3)
        assert abs(sample.points[:, 2].mean()) < 1e-3
        assert sample.box is not None
        assert sample.pose is not None
        assert sample.attributes["synthetic"] == "free"
        weights = [float(sample.attributes[f"expression/{name}"]) for name in ARKIT52]
        assert 0 <= min(weights) <= max(weights) <= 1


def test_rare_faces_are_common():
    rng = np.random.default_rng(0)
    moments = [draw_moment(rng) for _ in range(600)]
    shut = [m.expression.get("eyeBlinkLeft", 0) > 0.85 for m in moments]
    wide = [m.expression.get("eyeWideLeft", 0) > 0.3 for m in moments]
    turned = [abs(m.angles[0]) > 45 for m in moments]
    assert np.mean(shut) > 0.12
    assert np.mean(wide) > 0.08
    assert np.mean(turned) > 0.2
    assert max(abs(m.angles[0]) for m in moments) <= 90


def test_every_shape_is_seen_strong_and_on_one_side():
    rng = np.random.default_rng(0)
    faces = np.array([draw_moment(rng).weights() for _ in range(2000)])
    names = list(face_model().expression_names)
    own = [row for row, name in enumerate(names) if name not in LOOKS]
    assert (faces[:, own] > 0.5).mean(0).min() > 0.008
    for row in own:
        name = names[row]
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft"):
            other = faces[:, names.index(name.removesuffix("Left") + "Right")]
            assert ((faces[:, row] > 0.4) & (other < 0.1)).mean() > 0.002
    for first, second in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
        pair = faces[:, [names.index(first), names.index(second)]]
        assert not (pair > 0).all(1).any()
    lips, jaw = (faces[:, names.index(name)] for name in ("mouthClose", "jawOpen"))
    assert (lips <= jaw + 1e-6).all()


def test_weights_are_those_of_the_shipped_head():
    moment = Moment({"jawOpen": 0.4}, {"Left": (0, 0), "Right": (0, 0)}, (0, 0, 0))
    names = face_model().expression_names
    assert moment.weights()[names.index("jawOpen")] == np.float32(0.4)
    assert moment.weights().sum() == np.float32(0.4)


def test_a_blink_shuts_wholly_and_takes_its_time():
    times = np.linspace(0, 1, 1001)
    course = blink(times, 0.2, 0.3)
    assert course.max() == pytest.approx(1, abs=1e-3)
    assert times[course.argmax()] == pytest.approx(0.3, abs=2e-3)  # a third of the way
    moving = times[course > 1e-6]
    assert moving[0] == pytest.approx(0.2, abs=5e-3)
    assert moving[-1] == pytest.approx(0.5, abs=5e-3)


def test_clips_are_smooth_and_blink():
    blinks = 0
    for seed in range(6):
        moments = draw_motion(np.random.default_rng(seed))
        assert len(moments) == FRAMES
        angles = np.array([m.angles for m in moments])
        assert np.abs(np.diff(angles, axis=0)).max() < 8  # degrees a frame
        jaw = np.array([m.expression.get("jawOpen", 0.0) for m in moments])
        assert np.abs(np.diff(jaw)).max() < 0.5
        blinks += max(m.expression["eyeBlinkLeft"] for m in moments) > 0.8
    assert blinks >= 4


def test_clips_know_time_and_keep_the_person():
    make = Clips("clips", small_head())
    first, second, other = make(0, 1), make(1, 1), make(FRAMES, 1)
    assert second.attributes["time"] == pytest.approx(1 / RATE)
    assert first.person == second.person != other.person
    moved = np.linalg.norm(first.points[:, :2] - second.points[:, :2], axis=1)
    assert moved.mean() < 6


def test_kinds_are_listed():
    assert {"rendered", "free", "clips"} <= set(KINDS)


def test_sets_of_one_seed_are_no_twins():
    green = Photographs(
        (cv2.imencode(".jpg", np.full((64, 64, 3), (0, 160, 0), "u1"))[1].tobytes(),)
    )
    free, rendered = Stills("free", small_head(), None), Stills("rendered", small_head(), green)
    one, other = free(0, 1), rendered(0, 1)
    assert one.person != other.person
    assert one.pose is not None
    assert other.pose is not None
    assert np.abs(np.subtract(one.pose, other.pose)).max() > 1
    assert one.attributes["melanin"] != other.attributes["melanin"]


def set_of(folder, level):
    """A folder with the set `negatives`, photographs of one colour."""
    folder.mkdir()
    names = [name for name in (f"{k}.jpg" for k in range(20)) if split_of(name) == "train"]
    with zipfile.ZipFile(folder / "negatives.zip", "w") as archive:
        for name in names:
            picture = np.full((40, 40, 3), level, np.uint8)
            archive.writestr(name, cv2.imencode(".jpg", picture)[1].tobytes())
    none = {"image": np.zeros(0, int), "box": np.zeros((0, 4)), "score": np.zeros(0)}
    np.savez(folder / "negatives_boxes.npz", name=np.array(names), **none)
    return folder


def test_backgrounds_come_from_the_folder_that_is_named(tmp_path, monkeypatch):
    """Whatever BAUTA_DATA says."""
    light, dark = set_of(tmp_path / "light", 230), set_of(tmp_path / "dark", 20)
    empty = tmp_path / "empty"
    empty.mkdir()
    for others in (dark, empty, tmp_path / "nowhere"):
        monkeypatch.setenv("BAUTA_DATA", str(others))
        photographs = open_rendered(light).photographs
        assert photographs is not None
        assert photographs.cut(np.random.default_rng(0), 8).mean() > 0.6
    monkeypatch.setenv("BAUTA_DATA", str(dark))
    with pytest.raises(SourceError, match=r"empty.*negatives.zip: missing"):
        open_rendered(empty)
    usual = open_rendered(None)
    assert usual.photographs is not None
    assert usual.photographs.cut(np.random.default_rng(0), 8).mean() < 0.05
    assert usual.maker["backgrounds"] != open_rendered(light).maker["backgrounds"]


def test_the_head_that_is_used_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("BAUTA_DATA", str(tmp_path / "nowhere"))
    for make in (open_free(None), open_free(tmp_path), open_clips(tmp_path)):
        assert make.maker == {"maker": VERSION, "head": small_head().fingerprint}
    changed = replace(small_head(), mean=small_head().mean + np.float32(1e-3), name="other")
    told = Stills("free", changed, None).maker["head"].split()
    assert told[0] == "other"
    assert told[-1] != small_head().fingerprint.split()[-1]


@pytest.mark.skipif(not have_full(), reason="no ict_face.npz among the training data")
def test_the_full_head_is_told():
    assert open_free(None).maker["head"].startswith("ict_face.npz ")


@pytest.mark.parametrize("pitch", [-30, -15, 0, 20])
def test_an_open_mouth_shows_its_inside_alone(pitch):
    weights, gaze = looking({"jawOpen": 1.0}, 0.0, 0.0)
    for seed in range(4):
        scene = scene_of(plain_look(seed), stage(), Moment(weights, gaze, (0, pitch, 0)))
        scene = replace(scene, shells=[], lenses=None)
        inner = scene.view.seen(face_model().points("ibug68-3d", scene.vertices)[60:68])
        x, y = (scene.view.camera.project(inner).mean(0) * SAMPLES).astype(int)
        wide = round(SIDE * SAMPLES)
        if not (0 <= x < wide and 0 <= y < wide):
            continue
        body = hits_of(scene.solids[0].vertices, scene.solids[0].triangles, scene.view.camera, SIDE)
        _, depth, _ = paint(scene, stage().behind)
        cloth = body.depth[body.rows == y * wide + x]
        assert depth[y, x] < inner[:, 2].max() + 12
        assert not len(cloth) or depth[y, x] < cloth[0] - 1e-3
