"""Clips of followed faces in the video that ships."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import bauta.demo
from bauta import detect_faces
from bauta.checks import InputError, SourceError
from bauta.tables import mesh478
from bauta.train.recrop import row_generators
from bauta.train.video_crops import ROOM, VideoSettings, draw_clips, triples, watch
from bauta.video.frame import Frame

CLIP = Path(bauta.demo.__file__).parent / "clip.mp4"
SIZE = 96


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    return watch(VideoSettings(files=(CLIP,), follow="nano", clips=5), SIZE)


def test_clips_show_a_face_that_fills_the_crop(clips):
    n = round(ROOM * SIZE)
    assert clips.shape == (5, 3, n, n, 3)
    for clip in clips:
        (face, *_) = detect_faces(clip[1], "nano")
        width, height = face.box[2:] - face.box[:2]
        assert max(width, height) == pytest.approx(SIZE / 1.25, rel=0.15)
        assert (face.box[:2] + face.box[2:]) / 2 == pytest.approx([n / 2, n / 2], abs=0.06 * n)


def test_clips_are_spread_over_the_video(clips):
    means = np.array([clip[1].astype(float).mean() for clip in clips])
    assert len(np.unique(means.round(2))) == 5


class Walker:
    """A tracker whose face moves 3 pixels a frame, and is not seen in frame 4."""

    def __call__(self, frame):
        if frame.index == 4:
            return []
        mesh = np.zeros((478, 3), np.float32)
        mesh[:468] = mesh478()["canonical"] * [5, -5, -5] + [60 + 3 * frame.index, 60, 0]
        return [SimpleNamespace(id=7, mesh=mesh)]


def walk() -> list[Frame]:
    """Eight frames, each of its own grey, with a white square that stays at (60, 60)."""
    frames = []
    for i in range(8):
        image = np.full((120, 160, 3), 10 * i, np.uint8)
        image[58:62, 58:62] = 255
        frames.append(Frame(image, i / 25, i, "walk"))
    return frames


def test_frames_of_a_clip_are_neighbours_in_the_square_of_the_middle_one():
    found = triples(walk(), Walker(), SIZE, 10)  # type: ignore[arg-type]
    greys = [[int(np.median(picture)) for picture in clip] for clip in found]
    assert greys == [[0, 10, 20], [10, 20, 30], [50, 60, 70]]  # without frame 4
    for clip in found:
        spots = [np.argwhere(picture[..., 0] > 200).mean(0) for picture in clip]
        assert spots[0] == pytest.approx(spots[2], abs=0.6)
    across = [np.argwhere(clip[1][..., 0] > 200).mean(0)[1] for clip in found]
    assert across[0] > across[1]  # the square follows the face to the right


def test_clips_are_limited_and_skipped():
    assert len(triples(walk(), Walker(), SIZE, 2)) == 2  # type: ignore[arg-type]
    later = triples(walk()[:4], Walker(), SIZE, 9, skip=2)  # type: ignore[arg-type]
    assert len(later) == 1


def test_frames_are_drawn_alike_and_again_alike(clips):
    still = np.repeat(clips[:, :1], 3, 1)
    drawn = draw_clips(still, SIZE, row_generators(0, 3, 4))
    assert drawn.shape == (4, 3, SIZE, SIZE, 3)
    assert np.array_equal(drawn[:, 0], drawn[:, 2])
    assert np.array_equal(drawn, draw_clips(still, SIZE, row_generators(0, 3, 4)))
    assert not np.array_equal(drawn, draw_clips(still, SIZE, row_generators(0, 4, 4)))


def test_a_video_without_a_face_is_an_error(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((80, 80, 3), np.uint8))
    with pytest.raises(SourceError, match="no face is followed"):
        watch(VideoSettings(files=(tmp_path / "0.png",), follow="nano"), SIZE)
    with pytest.raises(InputError, match="batch"):
        VideoSettings(batch=0)
