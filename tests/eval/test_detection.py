"""Matching boxes to faces, with numbers worked out by hand."""

import numpy as np
import pytest

from bauta.data.canvas import Scene
from bauta.eval.detection import Tally, false_alarms, match, size_of

NONE = np.zeros((0, 4), np.float32)


def boxes(*rows) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_a_face_is_found_once_and_the_second_box_is_an_alarm():
    truth = boxes((0, 0, 40, 40))
    given, found = match(boxes((0, 0, 40, 40), (2, 0, 42, 40)), truth, NONE)
    assert given.tolist() == [0, -1]
    assert found.tolist() == [0]


def test_iou_of_one_half_counts_and_a_little_less_does_not():
    truth = boxes((0, 0, 20, 10))
    assert match(boxes((0, 0, 10, 10)), truth, NONE)[0].tolist() == [0]
    assert match(boxes((0, 0, 9.9, 10)), truth, NONE)[0].tolist() == [-1]


def test_the_best_scored_box_chooses_first():
    truth = boxes((0, 0, 10, 10), (4, 0, 14, 10))
    given, found = match(boxes((3, 0, 13, 10), (2, 0, 12, 10)), truth, NONE)
    assert given.tolist() == [1, 0]  # IoU 9/11 against 7/13; then only the first face is left
    assert found.tolist() == [1, 0]


def test_boxes_in_regions_to_ignore_are_neither_right_nor_wrong():
    region = boxes((0, 0, 100, 100))
    given, _ = match(boxes((10, 10, 30, 30), (90, 10, 120, 30), (90, 10, 110, 30)), NONE, region)
    assert given.tolist() == [-2, -1, -2]  # inside; a third of it; exactly half


def test_a_face_beats_the_region_it_lies_in():
    given, found = match(boxes((10, 10, 30, 30)), boxes((10, 10, 30, 30)), boxes((0, 0, 50, 50)))
    assert given.tolist() == [0]
    assert found.tolist() == [0]


def test_size_is_the_root_of_the_area():
    assert size_of(boxes((0, 0, 16, 36))).tolist() == [24]


def test_report_counts_faces_by_size():
    image = np.zeros((4, 4, 3), np.uint8)
    tally = Tally()
    tally.add(boxes((0, 0, 40, 40)), Scene(image, boxes((0, 0, 40, 40), (100, 0, 120, 20)), NONE))
    tally.add(boxes((0, 0, 30, 30), (50, 0, 60, 10)), Scene(image, boxes((60, 60, 90, 90)), NONE))
    report = tally.report()
    assert report["faces_24up"] == 2
    assert report["recall_24up"] == 50
    assert report["precision_24up"] == 50  # one hit, one alarm of 30 px; that of 10 px is small
    assert report["precision_all"] == pytest.approx(33.33)
    assert report["recall_16_24"] == 0
    assert report["recall_24_32"] == 0
    assert report["recall_32_64"] == 100
    assert "recall_8_16" not in report


def test_false_alarms_are_counted_per_picture():
    found = iter([boxes((0, 0, 9, 9)), NONE, boxes((0, 0, 9, 9), (5, 5, 9, 9))])
    report = false_alarms(
        lambda image: (next(found), np.ones(1)), [np.zeros((2, 2, 3), np.uint8)] * 3
    )
    assert report == {"pictures": 3, "per_picture": 1.0}
