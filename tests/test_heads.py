"""The fit as users meet it: options of the tracker, stills, several photos, records."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import bauta
from bauta.checks import InputError
from bauta.demo.run import CLIP
from bauta.fit import FitSettings, HeadFit
from bauta.geometry.camera import Camera
from bauta.heads import HeadOptions, calibrate, fit_same_person
from bauta.morphable.arkit import ARKIT52
from bauta.records import JsonlWriter, read_tracks
from bauta.records.arrays import NpzWriter
from bauta.records.writers import CsvWriter
from bauta.tracker import Tracker, detect_faces
from sure import sure


@pytest.fixture(scope="module")
def images():
    return [frame.image for _, frame in zip(range(60), bauta.open_video(CLIP), strict=False)]


@pytest.fixture(scope="module")
def states(images):
    with Tracker() as tracker:
        return [tracker(image, k * 0.04)[0] for k, image in enumerate(images)]


def fit_of(image, **options) -> HeadFit:
    """The fit of the one face in a picture."""
    return sure(detect_faces(image, max_faces=1, **options)[0].fit)


def test_every_result_carries_the_fit(states):
    face = states[-1]
    assert face.fit is not None
    assert tuple(face.blendshapes) == ARKIT52
    assert np.abs(face.pose.matrix - face.fit.matrix).max() < 1e-4
    assert 20 < face.fit.t_camera_head[2] < 200
    assert all(4 < gap < 16 for gap in face.eye_gap())


def test_the_fitted_head_lies_on_the_face(states):
    """Points of the fitted mesh against the network's, in percent of the eyes' distance."""
    from bauta.assets.face import face_model

    model = face_model()
    for face in states[20::10]:
        vertices = face.fit.vertices(model)
        seen = face.fit.project(model.points("mesh478", vertices))[:468]
        away = np.linalg.norm(seen - face.mesh[:468, :2], axis=1)
        eyes = np.linalg.norm(face.mesh[33, :2] - face.mesh[263, :2])
        assert np.median(away) < 0.03 * eyes


def test_the_fit_turns_the_head_as_the_mesh_does(images, states):
    with Tracker(fit=False) as tracker:
        plain = [tracker(image, k * 0.04)[0] for k, image in enumerate(images)]
    assert all(face.fit is None and face.pose.matrix is None for face in plain)
    assert plain[-1].blendshapes == {}
    assert np.isnan(plain[-1].eye_gap()).all()
    for a, b in zip(plain[10:], states[10:], strict=True):
        assert np.abs(np.subtract(a.pose.angles, b.pose.angles)).max() < 6


def test_fov_and_camera_say_how_far_away(images):
    height, width = images[0].shape[:2]
    near, far = fit_of(images[0], fov=80.0), fit_of(images[0], fov=40.0)
    same = fit_of(images[0], camera=Camera.of_fov(width, height, 40.0))
    ratio = far.t_camera_head[2] / near.t_camera_head[2]
    # tan 40 / tan 20, about: perspective itself changes with the distance
    assert ratio == pytest.approx(2.305, rel=0.1)
    assert np.abs(same.matrix - far.matrix).max() < 1e-6


def test_a_photograph_cut_out_tightly_was_taken_from_farther_away(images):
    """The same face in a tight cut: the lens is longer, not the face nearer; a given one stays."""
    points = detect_faces(images[0], max_faces=1, fit=False)[0].mesh[:, :2]
    low, high = points.min(0).astype(int) - 20, points.max(0).astype(int) + 20
    cut = np.ascontiguousarray(images[0][max(low[1], 0) : high[1], max(low[0], 0) : high[0]])
    assert fit_of(cut).t_camera_head[2] > 60
    assert fit_of(cut, fov=60.0).t_camera_head[2] < 40
    assert HeadOptions(fov=50.0).of_photo([], 100, 80).camera is not None


def test_ipd_sets_the_scale(images):
    a, b = fit_of(images[0], ipd=5.6), fit_of(images[0], ipd=7.0)
    assert b.t_camera_head[2] / a.t_camera_head[2] == pytest.approx(1.25, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"ipd": 20.0}, "ipd: expected 4.0 to 8.5"),
        ({"fov": 0.0}, "field of view"),
        ({"fov": 50.0, "camera": Camera.of_fov(10, 10)}, "leave one out"),
        ({"fit": False, "ipd": 6.0}, "no effect with fit=False"),
    ],
)
def test_bad_options_are_refused(options, match):
    with pytest.raises(InputError, match=match):
        Tracker(**options)


def parted(fit: HeadFit) -> float:
    """Degrees by which the eyes look apart."""
    return float(fit.gaze[1, 0] - fit.gaze[0, 0])


def test_eyes_that_look_at_the_camera_do_not_part_in_the_first_frame(states):
    """Irises lie outward of the lines of sight; what is usual is taken off at once."""
    fit = sure(states[0].fit)
    assert -2 < parted(fit) < 1e-6
    assert max(fit.blendshapes[f"eyeLookOut{side}"] for side in ("Left", "Right")) < 0.05


def test_eyes_of_a_photo_part_by_what_is_usual_less(images, monkeypatch):
    usual = fit_of(images[0])
    monkeypatch.setattr("bauta.heads.FitSettings", partial(FitSettings, kappa=0.0))
    bare = fit_of(images[0])
    assert parted(bare) > FitSettings().kappa
    assert -2 < parted(usual) < 1e-6  # nobody's lines of sight part
    assert usual.gaze.mean(0) == pytest.approx(bare.gaze.mean(0), abs=0.3)


def test_stills_can_go_without(images):
    assert detect_faces(images[0], max_faces=1, fit=False)[0].fit is None


def test_photos_of_one_person_get_one_identity(images):
    picked = [images[k] for k in (0, 25, 50)]
    plain = [detect_faces(image, max_faces=1, fit=False)[0] for image in picked]
    sizes = [(image.shape[1], image.shape[0]) for image in picked]
    first, *others = (sure(face.fit) for face in fit_same_person(plain, sizes, HeadOptions()))
    for fit in others:
        assert (fit.identity == first.identity).all()
        assert fit.size == first.size
    alone = [fit_of(image) for image in picked]
    assert np.abs(alone[0].identity - alone[2].identity).max() > 1e-3


def test_a_profile_makes_the_clips_usual_face_blank(images, states):
    learned = calibrate(states, states[-1].fit.camera)
    with Tracker(profile=learned) as tracker:
        again = [tracker(image, k * 0.04)[0] for k, image in enumerate(images)]
    usual = lambda faces: np.median([list(f.blendshapes.values()) for f in faces], axis=0)  # noqa: E731
    assert usual(again).sum() < 0.35 * usual(states).sum()
    assert np.abs(sure(again[0].fit).identity - learned.identity).max() < 0.3


def test_of_two_people_the_one_with_the_id_has_the_profile(images, states):
    learned = calibrate(states, states[-1].fit.camera)
    with Tracker(max_faces=2, profile={1: learned}) as tracker:
        faces = tracker(np.hstack([images[0], images[0][:, ::-1]]), 0.0)
    other, one = (sure(face.fit) for face in faces)
    assert [face.id for face in faces] == [0, 1]
    assert other.shapes is None
    assert one.shapes is not None
    assert np.abs(one.identity - learned.identity).max() < 0.3
    assert np.abs(other.identity - learned.identity).max() > 0.3
    assert set(HeadOptions(profile={1: learned}).as_json()["profiles"]) == {"1"}
    with pytest.raises(InputError, match="whose of 2 faces"):
        Tracker(max_faces=2, profile=learned)


def test_fit_and_blink_come_back_from_jsonl(states, tmp_path):
    from dataclasses import replace

    from bauta.fit import Blink

    face = replace(states[30], blink=Blink(0.1, 0.2, 0.3))
    shown = replace(face.fit, shapes=np.clip(face.fit.weights * 0.5, 0, 1))
    with JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(0.0, 0, [face])
        writer.write(0.1, 1, [replace(face, fit=shown)])
    first, second = (frame.faces[0] for frame in read_tracks(tmp_path / "a.jsonl"))
    assert first.blink == Blink(0.1, 0.2, 0.3)
    fits = sure(first.fit), sure(second.fit)
    for back, written in zip(fits, (face.fit, shown), strict=True):
        assert back.weights == pytest.approx(written.weights, abs=1e-4)
        assert list(back.blendshapes.values()) == pytest.approx(
            list(written.blendshapes.values()), abs=1e-4
        )
        assert back.matrix == pytest.approx(written.matrix, abs=1e-4)
        assert back.identity == pytest.approx(written.identity, abs=1e-4)
        assert back.gaze == pytest.approx(written.gaze, abs=1e-3)
        assert (back.visible == written.visible).all()
        assert back.size == pytest.approx(written.size, abs=1e-5)
    assert fits[0].shapes is None


def test_fit_stands_in_the_arrays_and_in_the_table(states, tmp_path):
    face = states[30]
    with NpzWriter(tmp_path / "a.npz") as npz, CsvWriter(tmp_path / "a.csv") as table:
        for writer in (npz, table):
            writer.write(0.0, 0, [face])
    arrays = np.load(tmp_path / "a.npz")
    assert arrays["matrix"][0] == pytest.approx(face.fit.matrix, abs=1e-4)
    assert arrays["blendshapes"][0] == pytest.approx(list(face.blendshapes.values()), abs=1e-6)
    assert arrays["gaze"][0] == pytest.approx(face.fit.gaze, abs=1e-4)
    head, row = (line.split(",") for line in (tmp_path / "a.csv").read_text().split())
    cells = dict(zip(head, row, strict=True))
    assert float(cells["tz"]) == pytest.approx(face.fit.t_camera_head[2], abs=1e-3)
    assert float(cells["jawOpen"]) == pytest.approx(face.blendshapes["jawOpen"], abs=1e-4)
    assert float(cells["gaze_up"]) == pytest.approx(face.fit.gaze[:, 1].mean(), abs=1e-3)
