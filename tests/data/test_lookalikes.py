"""Pictures of nobody out of anyone's own folder of photographs."""

import cv2
import numpy as np
import pytest

from bauta.checks import SourceError
from bauta.data.lookalikes import licence_of, read_lookalikes, read_negatives
from bauta.data.splits import SPLITS
from bauta.demo.run import CLIP
from bauta.synth.crowds import background
from bauta.video import open_video


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Two rooms, one of them below in a folder, a picture of the demo's face and a broken file."""
    root = tmp_path_factory.mktemp("photographs")
    (root / "below").mkdir()
    cv2.imwrite(str(root / "room.jpg"), background(0))
    cv2.imwrite(str(root / "below" / "room.png"), background(1))
    face = next(iter(open_video(CLIP))).image
    cv2.imwrite(str(root / "face.jpg"), face[..., ::-1])
    (root / "broken.jpg").write_bytes(b"no picture")
    return root


def test_ones_own_photographs_are_read_but_for_those_that_show_a_face(photographs):
    found = {sample.name: sample for sample in read_negatives(photographs)}
    assert set(found) == {"negatives/below/room.png", "negatives/room.jpg", "negatives/broken.jpg"}
    sample = found["negatives/below/room.png"]
    assert (sample.picture() == background(1)[..., ::-1]).all()
    assert sample.licence == licence_of(photographs) == "your own"
    assert not sample.labels
    with pytest.raises(SourceError, match=r"broken\.jpg"):
        found["negatives/broken.jpg"].picture()


def test_subsets_part_them(photographs):
    parts = [{sample.name for sample in read_negatives(photographs, part)} for part in SPLITS]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 3


def test_what_looks_like_a_face_to_the_detector_is_framed(photographs, tmp_path):
    rng = np.random.default_rng(0)
    picture = np.full((200, 300, 3), 190, np.uint8)
    cv2.ellipse(picture, (150, 100), (42, 56), 0, 0, 360, (120, 150, 205), -1)
    noisy = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "ball.png"), noisy)
    (sample,) = read_lookalikes(tmp_path)
    assert sample.name == "negatives/ball.png#1"
    assert sample.box == pytest.approx([108, 44, 192, 156], abs=30)


def test_a_folder_without_any_is_refused(photographs, tmp_path):
    with pytest.raises(SourceError, match="no pictures"):
        list(read_negatives(tmp_path / "none"))
    face = photographs / "face.jpg"
    (tmp_path / "face.jpg").write_bytes(face.read_bytes())
    with pytest.raises(SourceError, match="every picture"):
        list(read_negatives(tmp_path))
