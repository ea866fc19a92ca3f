"""What a network believes of the expression: from its file to the fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bauta
from bauta.assets.face import face_model
from bauta.checks import InputError, ModelError
from bauta.crop import Roi
from bauta.demo.run import CLIP
from bauta.heads import Head, HeadOptions, fit_same_person
from bauta.morphable.arkit import mirrored
from bauta.regress.opening import open_regressor
from tiny_models import write

NAMES = face_model().expression_names
POINTS = ("mesh478", "ibug68-3d", "ibug68")
ROI = Roi(np.array([100.0, 80.0]), 120.0, 0.0)
IMAGE = np.zeros((160, 200, 3), np.uint8)


def believes(**weights: float) -> dict[str, float]:
    """Weights of all shapes, the last of the face model first."""
    return {name: weights.get(name, 0.0) for name in reversed(NAMES)}


def believing(**weights: float) -> np.ndarray:
    """(E,) in the order of the face model."""
    return face_model().weights(weights)


def test_weights_are_read_by_name(tmp_path):
    shapes = believes(jawOpen=0.4, mouthSmileLeft=0.7)
    regressor = open_regressor(write(tmp_path / "a.onnx", *POINTS, shapes=shapes))
    seen = regressor(IMAGE, ROI).blendshapes
    assert seen is not None
    found = dict(zip(NAMES, seen.tolist(), strict=True))
    assert {name for name, weight in found.items() if weight} == {"jawOpen", "mouthSmileLeft"}
    assert found["jawOpen"] == pytest.approx(0.4)
    assert found["mouthSmileLeft"] == pytest.approx(0.7)


def test_a_mirrored_look_sees_the_other_side(tmp_path):
    shapes = believes(jawOpen=0.4, mouthSmileLeft=0.7)
    regressor = open_regressor(write(tmp_path / "a.onnx", *POINTS, shapes=shapes))
    mirrored = regressor(IMAGE, Roi(ROI.center, ROI.side, 0.0, mirrored=True))
    assert mirrored.blendshapes is not None
    found = dict(zip(NAMES, mirrored.blendshapes.tolist(), strict=True))
    assert {name for name, weight in found.items() if weight} == {"jawOpen", "mouthSmileRight"}
    both = regressor(IMAGE, ROI).averaged(mirrored).blendshapes
    assert both is not None
    assert both[NAMES.index("mouthSmileLeft")] == pytest.approx(0.35)


def test_a_file_of_other_shapes_is_refused(tmp_path):
    shapes = believes()
    shapes["grin"] = shapes.pop("jawOpen")
    with pytest.raises(ModelError, match="jawOpen"):
        open_regressor(write(tmp_path / "a.onnx", *POINTS, shapes=shapes))


def test_a_file_without_them_says_nothing(tmp_path):
    seen = open_regressor(write(tmp_path / "a.onnx", *POINTS))(IMAGE, ROI)
    assert seen.blendshapes is None


def test_the_tracker_hands_them_to_the_fit(tmp_path):
    image = next(iter(bauta.open_video(CLIP))).image
    weights = {}
    for name, shapes in (("blank", believes()), ("open", believes(jawOpen=1.0))):
        model = write(tmp_path / f"{name}.onnx", *POINTS, shapes=shapes, presence="")
        for face in bauta.detect_faces(image, model, max_faces=1):
            assert face.seen_shapes is not None
            weights[name] = face.blendshapes["jawOpen"]
    assert weights["open"] > weights["blank"] + 0.1


def test_the_default_model_believes_the_other_way_round_of_a_mirror_image():
    image = next(iter(bauta.open_video(CLIP))).image
    (one,) = bauta.detect_faces(image, max_faces=1)
    (other,) = bauta.detect_faces(image[:, ::-1].copy(), max_faces=1)
    assert one.seen_shapes is not None
    assert other.seen_shapes is not None
    swapped = other.seen_shapes[[NAMES.index(mirrored(name)) for name in NAMES]]
    assert 0 <= one.seen_shapes.min() <= one.seen_shapes.max() <= 1
    assert np.abs(one.seen_shapes - swapped).max() < 0.15
    assert np.abs(one.seen_shapes - swapped).mean() < 0.02


def test_photos_of_one_person_are_believed_whatever_their_order():
    image = next(iter(bauta.open_video(CLIP))).image
    (face,) = bauta.detect_faces(image, max_faces=1)
    assert face.seen_shapes is not None
    size = (image.shape[1], image.shape[0])
    smiling = replace(face, seen_shapes=believing(mouthSmileLeft=0.6, mouthSmileRight=0.6))
    many = fit_same_person([smiling] * 12, [size] * 12, HeadOptions())
    smiles = [state.blendshapes["mouthSmileLeft"] for state in many]
    assert np.ptp(smiles) < 1e-6
    assert smiles[0] > 0.3


def test_a_clip_takes_what_a_face_always_does_for_the_face():
    image = next(iter(bauta.open_video(CLIP))).image
    (face,) = bauta.detect_faces(image, max_faces=1)
    height, width = image.shape[:2]
    state = replace(face, seen_shapes=believing(browDownLeft=0.25, browDownRight=0.25))
    head = Head(HeadOptions())
    brows = [head(state, width, height).blendshapes["browDownLeft"] for _ in range(120)]
    assert brows[0] > 0.1
    assert brows[-1] < 0.5 * brows[0]


def test_beliefs_that_are_no_weights_are_refused():
    image = next(iter(bauta.open_video(CLIP))).image
    (face,) = bauta.detect_faces(image, max_faces=1)
    with pytest.raises(InputError, match="seen_shapes"):
        replace(face, seen_shapes=np.zeros(3))


def test_nano_says_nothing():
    image = next(iter(bauta.open_video(CLIP))).image
    (face,) = bauta.detect_faces(image, "nano", max_faces=1)
    assert face.seen_shapes is None
    assert face.fit is not None
