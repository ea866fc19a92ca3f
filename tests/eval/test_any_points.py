"""Models of any points through the command: those that cannot be tracked with are scored, too."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

import tiny_models
from bauta import Tracker, cli, detect_faces, schemes
from bauta.checks import InputError, ModelError
from bauta.data.readers import folder as own_folder
from bauta.data.sample import Labels, Sample
from bauta.demo import clip_path
from bauta.eval import predict
from bauta.eval.faces import true_box, true_roi
from bauta.regress.two_stage import FIVE
from bauta.video import open_video

FRAMES = (0, 6)
FEW = ["celeba5", "aflw19", "bioid20", "aflw21", "lfpw29", "helen194"]
"""Schemes of a folder without a map to the 68 points."""


@pytest.fixture(scope="module")
def faces() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures, and where `base` sees the mesh in them."""
    with open_video(clip_path()) as video:
        images = [frame.image for frame in video if frame.index in FRAMES]
    return [(image, detect_faces(image, fit=False)[0].mesh) for image in images[: len(FRAMES)]]


@pytest.fixture
def score(monkeypatch, capsys, tmp_path):
    """`bauta eval ARGUMENTS`: means by predictions and view."""

    def call(*arguments: object) -> dict[str, dict[str, dict]]:
        options = ("--no-pictures", "-o", tmp_path / "out")
        monkeypatch.setattr(sys, "argv", ["bauta", "eval", *map(str, (*arguments, *options))])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert not stop.value.code, err
        return json.loads(out)["predictions"]

    return call


def label(root: Path, faces: list, scheme: str) -> None:
    """A folder of pictures with `.pts` files of a scheme."""
    for index, (image, mesh) in enumerate(faces):
        points = schemes.convert(mesh, "mesh478", scheme)[:, :2] + 0.5  # centres count from 1
        cv2.imwrite(str(root / f"{index}.png"), image[..., ::-1])
        rows = [f"{x:.3f} {y:.3f}" for x, y in points]
        text = "\n".join(["version: 1", f"n_points: {len(rows)}", "{", *rows, "}", ""])
        (root / f"{index}.pts").write_text(text)


@pytest.mark.parametrize("scheme", FEW)
def test_points_that_results_cannot_hold_are_scored_in_a_folder(scheme, faces, score, tmp_path):
    label(tmp_path, faces, scheme)
    model = tiny_models.write(tmp_path / "my.onnx", scheme)
    options = ("--protocol", "folder", "--data", tmp_path, "--crops", "detector,truth")
    title = f"{schemes.get(scheme).count} points"
    for label_, views in score(*options, "--model", model).items():
        assert views[title]["found"] == views[title]["faces"] == len(FRAMES), label_
        assert views[title]["mean"][0] < (40 if scheme == FIVE else 25), label_


def test_a_model_of_29_points_is_scored_on_cofw(faces, score, tmp_path):
    points = np.zeros((len(faces), 87))
    with h5py.File(tmp_path / "COFW_test_color.mat", "w") as file:
        cells = np.empty((1, len(faces)), h5py.ref_dtype)
        for row, (image, mesh) in enumerate(faces):
            cells[0, row] = file.create_dataset(f"#refs#/{row}", data=image.T).ref
            points[row, :58] = schemes.convert(mesh, "mesh478", "cofw29")[:, :2].T.ravel() + 0.5
        file.create_dataset("IsT", data=cells, dtype=h5py.ref_dtype)
        file.create_dataset("phisT", data=points.T)
        file.create_dataset("bboxesT", data=np.ones((4, len(faces))))
    model = tiny_models.write(tmp_path / "cofw.onnx", "cofw29")
    options = ("--protocol", "cofw", "--data", tmp_path, "--crops", "detector,truth")
    found = score(*options, "--model", model)
    assert list(found) == ["cofw, detector", "cofw, truth"]
    for views in found.values():
        assert views["29 points"]["found"] == len(FRAMES)
        assert views["29 points"]["mean"][0] < 25
    with np.load(tmp_path / "out/cofw_cofw_truth.npz") as file:
        assert json.loads(str(file["header"]))["looks"] == 3  # they say how the head lies
        assert np.abs(file["pose"]).max() < 45


def test_five_points_are_looked_at_once_and_say_no_pose(faces, score, tmp_path):
    label(tmp_path, faces, FIVE)
    model = tiny_models.write(tmp_path / "five.onnx", FIVE)
    score("--protocol", "folder", "--data", tmp_path, "--model", model)
    with np.load(tmp_path / "out/five_folder_detector.npz") as file:
        assert json.loads(str(file["header"]))["looks"] == 1
        assert np.isnan(file["pose"]).all()
        assert np.isfinite(file["points.celeba5"][..., :2]).all()


def test_true_crops_of_five_points_show_the_whole_face(faces, score, tmp_path):
    """`base` was never shown less."""
    label(tmp_path, faces, FIVE)
    options = ("--protocol", "folder", "--data", tmp_path, "--crops", "truth")
    (views,) = score(*options, "--model", "base").values()
    assert views["5 points"]["found"] == len(FRAMES)
    assert views["5 points"]["mean"][0] < 2  # they were read off its own mesh


def test_true_squares_agree_whatever_the_points(faces):
    """With that of the mesh, which is the detector's: the side within 15 %, the centre within 6."""
    image, mesh = faces[0]

    def square(scheme: str):
        points = mesh if scheme == "mesh478" else schemes.convert(mesh, "mesh478", scheme)
        return true_roi(Sample("a", lambda: image, (Labels(points, scheme),)))

    whole = square("mesh478")
    for scheme in own_folder.SCHEMES.values():
        roi = square(scheme)
        assert roi.angle == 0
        assert roi.side == pytest.approx(whole.side, rel=0.15), scheme
        assert roi.center == pytest.approx(whole.center, abs=0.06 * whole.side), scheme


def test_a_face_without_points_is_cropped_by_the_sets_box():
    none = Labels(np.full((5, 2), np.nan), FIVE)
    box = np.array([100, 80, 200, 180], np.float32)
    sample = Sample("a", lambda: np.zeros(1), (none,), box)
    assert true_box(sample) is None
    assert true_roi(sample).center == pytest.approx([150, 130 + 5.7])
    with pytest.raises(InputError, match="a: neither points nor a box"):
        true_roi(Sample("a", lambda: np.zeros(1), (none,)))


def test_one_look_must_be_sure_of_a_face_and_at_the_labelled_one(faces, tmp_path):
    image, mesh = faces[0]
    five = Labels(schemes.convert(mesh, "mesh478", FIVE), FIVE)
    predictor = predict.Predictor.load(str(tiny_models.write(tmp_path / "five.onnx", FIVE)))
    sample = Sample("a", lambda: image, (five,))
    assert predictor(sample) is not None
    assert predictor(replace(sample, labels=(Labels(five.points * 0.1, FIVE),))) is None
    look = predictor.faces.regressor
    predictor.faces.regressor = lambda *at: replace(look(*at), presence=0.4)  # type: ignore[assignment]
    assert predictor(sample) is None


@pytest.mark.parametrize("scheme", ["celeba5", "cofw29"])
def test_they_are_refused_where_tracks_are_made(scheme, tmp_path):
    model = tiny_models.write(tmp_path / "my.onnx", scheme)
    with pytest.raises(ModelError, match=f"my.onnx: predicts {scheme} only"):
        Tracker(model)
