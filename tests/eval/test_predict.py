"""The real model on frames of the demo clip, whose marks are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.data.sample import Labels, Sample
from bauta.demo import clip_path
from bauta.demo.truth import truth68
from bauta.eval import predict, predictions, protocols, truth
from bauta.eval.faces import true_box
from bauta.eval.score import score
from bauta.eval.views import View, compare
from bauta.regress.two_stage import five_points
from bauta.video.source import open_video

VIEW = View("68 points", "ibug68", "ibug68", ("outer_eyes",))
FRAMES = range(0, 12, 3)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    with open_video(clip_path()) as video:
        images = {frame.index: frame.image for frame in video if frame.index in FRAMES}
    return [
        Sample(
            f"{index}",
            lambda image=images[index]: image,
            (Labels(truth68(index), "ibug68"),),
            person="astronaut",
        )
        for index in FRAMES
    ]


@pytest.mark.parametrize("crops", predict.CROPS)
def test_both_crops_find_the_face(samples, tmp_path, crops):
    done: list[int] = []
    made = predict.run(
        samples, predict.Predictor.load("base", crops), tmp_path / "p.npz", {}, after=done.append
    )
    errors = compare(made, truth.read(samples), VIEW)
    assert errors.found.all()
    assert errors.mean["outer_eyes"].max() < 8
    assert done == [1, 2, 3, 4]
    assert made.pose is not None
    assert np.abs(made.pose).max() < 30
    assert made.header["crops"] == crops
    assert len(made.header["sha256"]) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_a_face_labelled_with_five_points_is_found(samples, tmp_path):
    """Their box is a fifth of the whole face's: the model's points are mapped before they meet."""
    five = [
        replace(s, labels=(Labels(five_points(s.points, "ibug68"), "celeba5"),)) for s in samples
    ]
    made = predict.run(five, predict.Predictor.load("nano"), tmp_path / "p.npz", {})
    result = score([made], truth.read(five), protocols.get("folder"))
    ((view, (scored,)),) = result.views
    assert view.title == "5 points"
    assert scored.errors.label == "nano, detector, from mesh478"
    found = {row.norm: row.values["mean"].value for row in scored.rows if row.group == "full"}
    assert set(found) == {"pupils", "box", "diagonal"}
    assert 1 < found["diagonal"] < min(found["box"], found["pupils"]) < 10
    assert scored.row().found == len(five)


def test_a_true_box_reaches_from_the_forehead_to_the_chin():
    points = np.full((68, 2), 60.0, np.float32)
    points[8], points[19], points[0], points[16] = (60, 130), (50, 30), (10, 70), (110, 70)
    sample = Sample("a", lambda: np.zeros((1, 1, 3), np.uint8), (Labels(points, "ibug68"),))
    assert true_box(sample) == pytest.approx([10, 30 - 0.343 * 100, 110, 130])


def test_another_face_than_the_labelled_one_is_not_taken(samples):
    away = Labels(samples[0].points * 0.1, "ibug68")
    other = Sample("x", samples[0].picture, (away,))
    predictor = predict.Predictor.load("base")
    assert predictor(samples[0]) is not None
    assert predictor(other) is None


def test_a_stopped_run_goes_on_where_it_was(samples, tmp_path, monkeypatch):
    monkeypatch.setattr(predict, "PART", 2)
    path = tmp_path / "p.npz"
    predictor = predict.Predictor.load("nano")

    def broken() -> np.ndarray:
        raise InputError("the disk is gone")

    cut = [*samples[:3], Sample("9", broken, samples[3].labels)]
    with pytest.raises(InputError, match="disk"):
        predict.run(cut, predictor, path, {})
    assert [item.name for item in Path(f"{path}.parts").iterdir()] == ["00000.npz"]
    unread = [Sample(each.name, broken, each.labels) for each in samples[:2]]
    whole = predict.run([*unread, *samples[2:]], predictor, path, {})
    assert whole.names.tolist() == ["0", "3", "6", "9"]
    again = predict.run([*unread, *unread], predictor, path, {})  # read, not made
    assert np.array_equal(again.points["mesh478"], whole.points["mesh478"])


def test_files_of_other_settings_are_not_mistaken(samples, tmp_path):
    path = tmp_path / "p.npz"
    predict.run(samples[:1], predict.Predictor.load("nano"), path, {"dataset": "one"})
    with pytest.raises(InputError, match="another dataset"):
        predict.run(samples[:1], predict.Predictor.load("nano"), path, {"dataset": "two"})
    with pytest.raises(InputError, match=r"another (crops|sha256)"):
        predict.run(samples[:1], predict.Predictor.load("nano", "truth"), path, {"dataset": "one"})


def test_the_truth_can_travel_along(samples, tmp_path):
    path = tmp_path / "p.npz"
    known = truth.read(samples)
    predict.run(samples, predict.Predictor.load("nano"), path, {}, truth=known)
    back = predictions.load(path)
    assert back.truth is not None
    assert compare(back, back.truth, VIEW).mean["outer_eyes"].max() < 9


def test_true_boxes_need_no_detector_and_detected_ones_do(samples):
    def blind(image):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)

    for crops, seen in (("truth", True), ("detector", False)):
        predictor = predict.Predictor.load("nano", crops)
        predictor.faces.detector = blind  # type: ignore[assignment]
        assert (predictor(samples[0]) is not None) == seen
