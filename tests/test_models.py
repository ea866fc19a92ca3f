"""The weights that ship: what the cards promise, and that they still follow a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bauta
from bauta.assets.face import face_model
from bauta.assets.store import card_names, load_card, read_model
from bauta.checks import InputError, ModelError
from bauta.demo.run import CLIP
from bauta.demo.truth import eye_distance, score, truth68
from bauta.engine.session import Session
from bauta.tracker import Tracker, detect_faces
from bauta.video import open_video

LIMITS = {"base": 5_000_000, "small": 1_000_000, "nano": 200_000, "detector": 400_000}
REGRESSORS = ("base", "small", "nano")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return next(iter(open_video(CLIP))).image


@pytest.mark.parametrize("name", LIMITS)
def test_a_file_is_what_its_card_says(name):
    card = load_card(name)
    data = read_model(name)
    assert len(data) == card.bytes <= LIMITS[name]
    assert Session(data).metadata["bauta_model"] == name
    assert card.scores, "a card says what was measured"
    assert card.data
    assert "research-only" in card.licence


def test_the_face_model_is_what_its_card_says():
    card = load_card("face")
    data = read_model("face")
    assert len(data) == card.bytes <= 3_000_000
    head = face_model()
    assert card.parameters == (1 + head.modes + len(head.expression)) * head.mean.size
    assert "MIT" in card.licence
    assert "USC Institute" in head.notice


def test_every_model_that_ships_is_tested():
    assert set(card_names()) == {*LIMITS, "face"}


def test_a_file_that_differs_from_its_card_is_refused(monkeypatch):
    import bauta.assets.store as store

    monkeypatch.setattr(store.hashlib, "sha256", lambda data: store.hashlib.sha1(data))
    with pytest.raises(ModelError, match="differs from its card"):
        read_model("base")


@pytest.mark.parametrize("model", REGRESSORS)
def test_the_demo_clip_is_followed(model):
    points = np.full((220, 68, 2), np.nan)
    with Tracker(model) as tracker:
        for frame in open_video(CLIP):
            for face in tracker(frame):
                points[frame.index] = face.points68[:, :2]
    result = score(points)
    assert result.presence.found == result.presence.visible
    assert result.presence.until_dropped is not None
    assert result.presence.until_dropped <= 3
    assert result.presence.until_found is not None
    assert result.presence.until_found <= 5
    assert result.nme < {"base": 7.0, "small": 7.0, "nano": 9.0}[model]
    assert result.steadiness < 0.3


@pytest.mark.parametrize("model", REGRESSORS)
def test_a_still_is_found_by_every_model(photo, model):
    (face,) = detect_faces(photo, model=model)
    errors = np.linalg.norm(face.points68[:, :2] - truth68(0), axis=1) / eye_distance(truth68(0))
    assert errors.mean() < 0.09
    assert abs(face.pose.yaw) < 12
    assert face.score > 0.8


def test_a_mirrored_photo_gives_mirrored_points(photo):
    from bauta.schemes import get

    (face,), (other,) = detect_faces(photo), detect_faces(np.ascontiguousarray(photo[:, ::-1]))
    mirrored = other.mesh[get("mesh478").mirror, :2]
    mirrored[:, 0] = photo.shape[1] - mirrored[:, 0]
    apart = np.linalg.norm(face.mesh[:, :2] - mirrored, axis=1).mean()
    assert apart < 0.06 * eye_distance(truth68(0))
    assert other.pose.yaw == pytest.approx(-face.pose.yaw, abs=6)


@pytest.mark.parametrize("angle", [-35, 35])
def test_a_tilted_head_is_found_and_its_roll_measured(photo, angle):
    import cv2

    height, width = photo.shape[:2]
    center = truth68(0).mean(0)
    M = cv2.getRotationMatrix2D((float(center[0]), float(center[1])), -angle, 1.0)
    turned = cv2.warpAffine(photo, M, (width, height), borderMode=cv2.BORDER_REPLICATE)
    (face,), (straight,) = detect_faces(turned), detect_faces(photo)
    assert face.pose.roll - straight.pose.roll == pytest.approx(angle, abs=5)


@pytest.mark.parametrize("model", REGRESSORS)
def test_nothing_else_in_the_demo_clip_is_a_face(model):
    """A shuttle, a flag, a space suit; every fourth frame, room for three faces."""
    with Tracker(model, max_faces=3) as tracker:
        for frame in open_video(CLIP):
            if frame.index % 4 == 0:
                faces = tracker(frame)
                assert len(faces) <= 1
                assert faces or frame.index > 155


def test_depth_grows_away_from_the_camera(photo):
    """The tip of the nose is nearer than the ears and the sides of the jaw."""
    (face,) = detect_faces(photo)
    assert face.mesh[1, 2] < face.mesh[[234, 454], 2].min() - 0.5 * eye_distance(truth68(0))
    assert face.points68_3d[30, 2] < face.points68_3d[[0, 16], 2].min()


def test_several_faces_in_one_picture(photo):
    import cv2

    small = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    faces = detect_faces(np.vstack([np.hstack([small, small])] * 2))
    assert len(faces) == 4
    assert [face.id for face in faces] == [0, 1, 2, 3]


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (40, 17)])
def test_tiny_pictures_have_no_face(shape):
    assert detect_faces(np.full((*shape, 3), 127, np.uint8)) == []


def test_a_huge_picture_is_handled(photo):
    huge = np.full((6000, 8000, 3), 200, np.uint8)
    import cv2

    big = cv2.resize(photo, None, fx=6, fy=6)
    huge[500 : 500 + big.shape[0], 700 : 700 + big.shape[1]] = big
    (face,) = detect_faces(huge)
    expected = truth68(0) * 6 + (700, 500)
    errors = np.linalg.norm(face.points68[:, :2] - expected, axis=1) / eye_distance(expected)
    assert errors.mean() < 0.09


def test_a_clip_whose_size_changes_midway_is_followed(photo):
    import cv2

    double = cv2.resize(photo, None, fx=2, fy=2)
    with Tracker() as tracker:
        sizes = []
        for i in range(8):
            (face,) = tracker(photo if i < 4 else double, i * 0.04)
            sizes.append(face.box[2] - face.box[0])
    assert sizes[7] == pytest.approx(2 * sizes[3], rel=0.1)


def test_bgr_and_rgb_agree_when_they_are_named(photo):
    (rgb,) = detect_faces(photo)
    (bgr,) = detect_faces(np.ascontiguousarray(photo[..., ::-1]), color="bgr")
    assert bgr.mesh == pytest.approx(rgb.mesh)


def test_unknown_and_missing_models_are_refused(tmp_path):
    with pytest.raises(InputError, match="base"):
        Tracker(model="enormous")
    with pytest.raises(ModelError, match="cannot read"):
        Tracker(model=tmp_path / "none.onnx")


def test_the_readme_s_python_runs(tmp_path, monkeypatch, capsys):
    """The code block, on the first frames of the demo clip."""
    import re

    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.+?)```", readme, re.S)
    frames = [frame for frame, _ in zip(open_video(CLIP), range(3), strict=False)]
    monkeypatch.setattr(bauta, "open_video", lambda name: iter(frames), raising=False)
    names: dict = {}
    exec(code, names)
    assert names["mesh"].shape == (478, 3)
    assert len(capsys.readouterr().out.splitlines()) == 3
