"""The detector's second, closer look: far faces of a large picture, and nothing twice."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta import Tracker, detect_faces
from bauta.demo import clip_path
from bauta.geometry.boxes import iou
from bauta.video import open_video

SHOWN = (234, 136, 367, 292)
"""The face in the demo clip's first frame, 480 pixels high."""


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with open_video(str(clip_path())) as frames:
        return next(iter(frames)).image


def hall(photo: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of 1920 x 1080 with a face of `size` pixels, and its box."""
    scale = size / float(np.sqrt((SHOWN[2] - SHOWN[0]) * (SHOWN[3] - SHOWN[1])))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.full((1080, 1920, 3), 90, np.uint8)
    picture[400 : 400 + len(small), 900 : 900 + small.shape[1]] = small
    return picture, np.array(SHOWN) * scale + [900, 400, 900, 400]


def test_a_face_that_is_too_small_for_one_look_is_found_with_far(photo):
    picture, box = hall(photo, 20)
    assert detect_faces(picture, fit=False) == []
    (face,) = detect_faces(picture, fit=False, far=True)
    assert iou(face.box[None], box[None])[0, 0] > 0.5


def test_the_tracker_follows_it(photo):
    picture, _ = hall(photo, 20)
    assert Tracker(fit=False)(picture, 0.0) == []
    tracker = Tracker(fit=False, far=True)
    assert [len(tracker(picture, 0.04 * k)) for k in range(4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("size", [40, 80, 160])
def test_nearer_faces_are_found_as_ever_and_once(photo, size):
    picture, box = hall(photo, size)
    once, twice = (detect_faces(picture, max_faces=5, fit=False, far=far) for far in (False, True))
    assert len(once) == len(twice) == 1
    assert iou(twice[0].box[None], box[None])[0, 0] > 0.6


def test_the_command_line_says_it_and_notes_it(photo, run):
    cv2.imwrite("hall.png", hall(photo, 20)[0][:, :, ::-1])
    found = []
    for asked in ([], ["--far"]):
        code, _, err = run("track", "hall.png", "--save", "jsonl", "--force", *asked)
        assert code == 0, err
        header, frame = map(
            json.loads, Path("hall_faces.jsonl").read_text("utf-8").splitlines()[:2]
        )
        assert ("far" in header) == bool(asked)
        found.append(len(frame["faces"]))
    assert found == [0, 1]
