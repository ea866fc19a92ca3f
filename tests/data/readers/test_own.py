"""The three own sets: int16 in 1/32 pixel, doubt as weight, shut eyes, the offset of `ibug68`."""

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta.checks import SourceError
from bauta.data.readers import own
from bauta.data.teachers import data_root
from bauta.tables import mesh478

RIGHT_LIDS = [33, 160, 158, 133, 153, 144]  # outer corner, two upper, inner corner, two lower


def mesh(shut: bool = False) -> np.ndarray:
    """The canonical face, looking straight into the camera at 10 pixels a centimetre, as stored."""
    points = np.zeros((478, 3))
    points[:468] = mesh478()["canonical"] * (10, -10, -10) + (100, 120, 0)
    points[468:473], points[473:] = points[33], points[263]
    if shut:
        points[RIGHT_LIDS] = points[33] + np.outer([0, 10, 20, 30, 20, 10], (1, 0, 0))
    return np.round(points * 32).astype(np.int16)


def jpeg(value: int) -> bytes:
    return cv2.imencode(".jpg", np.full((240, 200, 3), value, np.uint8))[1].tobytes()


def write(root: Path, name: str, files: dict[str, bytes], boxes: bool = True, **labels) -> None:
    """A set of those files in the form of the data folder's README."""
    with zipfile.ZipFile(root / f"{name}.zip", "w") as archive:
        for file, data in files.items():
            archive.writestr(file, data)
    count = len(files)
    arrays = {
        "name": np.array(list(files)),
        "mesh": np.stack([mesh()] * count),
        "asym": np.zeros(count, np.float32),
        "alt68": np.full((count, 68, 3), 64 * 32, np.int16),
        "alt_asym": np.zeros(count, np.float32),
    }
    np.savez(root / f"{name}_labels.npz", **(arrays | labels))
    if boxes:
        box = np.array([[0, 0, 20, 20], [25, 20, 175, 220]], np.float32)
        np.savez(
            root / f"{name}_boxes.npz",
            name=np.array(list(files)),
            image=np.repeat(np.arange(count), 2),
            box=np.tile(box, (count, 1)),
            score=np.ones(2 * count, np.float32),
        )


def test_mesh_in_pixels_from_the_corner_pose_box_and_person(tmp_path):
    write(tmp_path, "ytf", {"training_Ann_Lee_00.jpg": jpeg(90)})
    (sample,) = own.read_ytf(tmp_path)
    assert sample.scheme == "mesh478"
    expected = mesh478()["canonical"][1] * (10, -10, -10) + (100, 120, 0)
    assert sample.points[1] == pytest.approx(expected, abs=1 / 32)
    assert sample.person == "Ann_Lee"
    assert sample.pose == pytest.approx((0, 0, 0), abs=0.1)
    assert sample.box is not None
    assert sample.box.tolist() == [25, 20, 175, 220]
    assert sample.picture().shape == (240, 200, 3)


def test_the_offset_of_ibug68_is_taken_off(tmp_path):
    points = np.zeros((1, 68, 2), np.float32)
    points[0, 36], points[0, 45] = (50, 80), (150, 80)  # outer corners, 100 pixels apart
    write(tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1)}, pts68=points)
    (sample,) = own.read_ytf(tmp_path)
    labels = sample.label("ibug68")
    assert labels is not None
    assert labels.points[36].tolist() == pytest.approx([50 - 1.8, 80 - 1.15], abs=1e-4)
    assert labels.points[0].tolist() == pytest.approx([-1.8, -1.15], abs=1e-4)


def test_unlabelled_frames_have_no_ibug68(tmp_path):
    nothing = np.full((1, 68, 2), np.nan, np.float32)
    write(tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1)}, pts68=nothing)
    (sample,) = own.read_ytf(tmp_path)
    assert [labels.scheme for labels in sample.labels] == ["mesh478", "ibug68-3d"]


def test_doubt_becomes_weight(tmp_path):
    files = {f"A_B_000{i}.jpg": jpeg(i) for i in range(3)}
    asym = np.array([0, 4, 13], np.float32)
    alt = np.array([12, 8, np.nan], np.float32)
    write(tmp_path, "lfw", files, boxes=False, asym=asym, alt_asym=alt)
    weights = []
    for sample in own.read_lfw(tmp_path):
        weights.append([float(labels.weight[30]) for labels in sample.labels])  # type: ignore[index]
        assert sample.box is None
    # 1 / (1 + (a / 4)^2): 1, 1/2 and 1/5, 1/10; nothing above 12; 0.3 where the doubt is unknown
    assert weights == [pytest.approx(w, abs=1e-6) for w in ([1, 0.1], [0.5, 0.2], [0, 0.3])]


def test_lids_of_a_shut_eye_weigh_nothing_in_the_68(tmp_path):
    points = np.ones((1, 68, 2), np.float32)
    write(
        tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1)}, mesh=mesh(shut=True)[None], pts68=points
    )
    (sample,) = own.read_ytf(tmp_path)
    outline, bone = sample.label("ibug68"), sample.label("ibug68-3d")
    assert outline is not None
    assert bone is not None
    assert np.flatnonzero(outline.weight == 0).tolist() == [36, 37, 38, 39, 40, 41]
    assert np.flatnonzero(bone.weight == 0).tolist() == [37, 38, 40, 41]  # the corners stay


def test_a_face_that_was_not_found_is_no_sample(tmp_path):
    found = np.stack([np.full((478, 3), -32768, np.int16), mesh()])
    write(tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1), "test_A_B_01.jpg": jpeg(2)}, mesh=found)
    assert [sample.name for sample in own.read_ytf(tmp_path)] == ["test_A_B_01.jpg"]


def test_repeats_of_masks_are_left_out(tmp_path):
    write(tmp_path, "masks", {"1.jpg": jpeg(1), "2.jpg": jpeg(2), "3.jpg": jpeg(1)})
    samples = list(own.read_masks(tmp_path))
    assert [sample.name for sample in samples] == ["1.jpg", "2.jpg"]
    assert samples[0].person != samples[1].person


def test_subsets_are_our_splits(tmp_path):
    files = {f"Person{i}_X_0001.jpg": jpeg(i) for i in range(60)}
    write(tmp_path, "lfw", files, boxes=False)
    parts = {part: {s.name for s in own.read_lfw(tmp_path, part)} for part in own.SPLITS}
    assert set.union(*parts.values()) == set(files)
    assert sum(map(len, parts.values())) == 60
    assert len(parts["train"]) > len(parts["test"]) > 0


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"ytf_labels\.npz: missing"):
        list(own.read_ytf(tmp_path))
    write(tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1)}, mesh=np.zeros((1, 468, 3), np.int16))
    with pytest.raises(SourceError, match=r"ytf_labels\.npz: mesh: expected shape \(1, 478, 3\)"):
        list(own.read_ytf(tmp_path))
    (tmp_path / "ytf_labels.npz").write_bytes(b"PK no zip")
    with pytest.raises(SourceError, match=r"ytf_labels\.npz: cannot be read"):
        list(own.read_ytf(tmp_path))


def test_pickles_are_never_loaded(tmp_path):
    write(tmp_path, "ytf", {"training_A_B_00.jpg": jpeg(1)})
    memory = io.BytesIO()
    np.savez(memory, name=np.array([{"a": 1}], object))
    (tmp_path / "ytf_labels.npz").write_bytes(memory.getvalue())
    with pytest.raises(SourceError, match="cannot be read"):
        list(own.read_ytf(tmp_path))


def test_the_real_set_is_whole():
    try:
        root = data_root()
    except SourceError:
        pytest.skip("needs the training data (BAUTA_DATA)")
    samples = list(own.read_lfw(root))
    assert len(samples) == 8133
    assert samples[-1].picture().ndim == 3
