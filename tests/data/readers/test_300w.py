from itertools import islice

import cv2
import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.data.readers import p300vw, p300w

POINTS = "".join(f"{k + 1}.5 {k + 101}.25\n" for k in range(68))
PTS = f"version: 1\nn_points: 68\n{{\n{POINTS}}}\n"


def put(folder, stem, suffix=".jpg"):
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{stem}{suffix}"), np.full((8, 12, 3), 50, np.uint8))
    (folder / f"{stem}.pts").write_text(PTS)


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "AFW", "134212_1")
    put(tmp_path / "lfpw" / "trainset", "image_0001", ".png")
    put(tmp_path / "lfpw" / "testset", "image_0001", ".png")
    put(tmp_path / "helen" / "trainset", "100032540_1")
    put(tmp_path / "helen" / "trainset", "100032540_1_mirror")
    put(tmp_path / "helen" / "testset", "296814969_3")
    put(tmp_path / "ibug", "image_003_1")
    put(tmp_path / "ibug", "image_092 _01")
    return tmp_path


TRAIN = [
    "afw/134212_1.jpg",
    "lfpw/trainset/image_0001.png",
    "helen/trainset/100032540_1.jpg",
]
COMMON = ["lfpw/testset/image_0001.png", "helen/testset/296814969_3.jpg"]
HARD = ["ibug/image_003_1.jpg", "ibug/image_092 _01.jpg"]


@pytest.mark.parametrize(
    ("subset", "names"),
    [
        ("train", TRAIN),
        ("common", COMMON),
        ("challenging", HARD),
        ("full", COMMON + HARD),
        ("", TRAIN + COMMON + HARD),
    ],
)
def test_subsets_are_the_protocols(root, subset, names):
    assert [sample.name for sample in p300w.read(root, subset)] == names


def test_full_is_told_apart_by_its_parts(root):
    assert [s.subset for s in p300w.read(root, "full")] == ["common"] * 2 + ["challenging"] * 2


def test_points_and_pictures_belong_together(root):
    sample = next(p300w.read(root, "common"))
    assert sample.scheme == "ibug68"
    assert sample.points[0].tolist() == [1.0, 100.75]
    assert sample.points[67].tolist() == [68.0, 167.75]
    assert sample.picture().shape == (8, 12, 3)


def test_missing_parts_of_300w_are_named(root):
    with pytest.raises(InputError, match="no subset 'test'"):
        list(p300w.read(root, "test"))
    (root / "helen" / "testset" / "296814969_3.jpg").unlink()
    with pytest.raises(SourceError, match=r"296814969_3\.jpg: missing"):
        list(p300w.read(root, "common"))
    (root / "ibug" / "image_003_1.pts").write_text(PTS[:-200])
    with pytest.raises(SourceError, match=r"image_003_1\.pts:\d+: cut off"):
        list(p300w.read(root, "challenging"))
    (root / "lfpw" / "trainset" / "image_0001.pts").unlink()
    with pytest.raises(SourceError, match=r"lfpw/trainset: no \.pts in it"):
        list(p300w.read(root, "train"))


@pytest.fixture
def clips(tmp_path):
    """Clip 410 of six frames, each of its own brightness; frame 4 has no label."""
    (tmp_path / "410" / "annot").mkdir(parents=True)
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(tmp_path / "410" / "vid.avi"), code, 25.0, (64, 48))
    for level in (20, 60, 100, 140, 180, 220):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    for frame in (1, 2, 3, 5, 6):
        text = PTS.replace("\n1.5 ", f"\n{frame * 10 + 1} ")
        (tmp_path / "410" / "annot" / f"{frame:06d}.pts").write_text(text)
    return tmp_path


def levels(samples):
    return [round(float(sample.picture().mean()) / 20) * 20 for sample in samples]


def test_labels_meet_the_frame_of_their_number(clips):
    samples = list(islice(p300vw.read(clips, "category 3"), 5))
    assert [s.name for s in samples] == [f"410/00000{k}" for k in (1, 2, 3, 5, 6)]
    assert [float(s.points[0, 0]) for s in samples] == [10.5, 20.5, 30.5, 50.5, 60.5]
    assert levels(samples) == [20, 60, 100, 180, 220]
    assert {s.person for s in samples} == {"410"}
    assert {s.subset for s in samples} == {"category 3"}


def test_frames_come_in_any_order(clips):
    samples = list(islice(p300vw.read(clips, "category 3"), 5))
    order = [4, 0, 0, 3, 1]
    assert levels(samples[k] for k in order) == [220, 20, 20, 180, 60]


def test_a_label_past_the_end_of_its_video_is_an_error(clips):
    (clips / "410" / "annot" / "000009.pts").write_text(PTS)
    samples = list(islice(p300vw.read(clips, "category 3"), 6))
    with pytest.raises(SourceError, match=r"vid\.avi: has no frame 9"):
        samples[5].picture()
    assert levels(samples[:1]) == [20]


def test_the_first_missing_clip_is_named(clips):
    with pytest.raises(SourceError, match="411: no such folder"):
        list(p300vw.read(clips, "category 3"))
    (clips / "410" / "vid.avi").unlink()
    with pytest.raises(SourceError, match=r"410/vid\.avi: missing"):
        list(p300vw.read(clips, "category 3"))
    with pytest.raises(InputError, match="no subset 'category 4'"):
        list(p300vw.read(clips, "category 4"))


def test_the_lists_of_clips_are_the_challenges():
    clips = {name: text.split() for name, text in p300vw.CLIPS.items()}
    assert {name: len(found) for name, found in clips.items()} == {
        "train": 50,
        "category 1": 31,
        "category 2": 19,
        "category 3": 14,
    }
    assert len({clip for found in clips.values() for clip in found}) == 114
