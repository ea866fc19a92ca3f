"""JD-landmark and LaPa: `106`, then 106 lines `x y`."""

import pytest

import tiny_pictures
from bauta.checks import SourceError
from bauta.data.readers import jd106

LINES = ["106", *(f"{i}.5 {300 - i}.25" for i in range(106))]


@pytest.fixture
def jd(tmp_path):
    train = tmp_path / "Training_data/AFW"
    tiny_pictures.write(train / "picture/AFW_134212_1_0.jpg")
    tiny_pictures.text(train / "landmark/AFW_134212_1_0.jpg.txt", *LINES)
    tiny_pictures.text(train / "rect/AFW_134212_1_0.jpg.rect", "10 20 109 219")
    test = tmp_path / "Test_data1"
    tiny_pictures.write(test / "picture/1.jpg")
    tiny_pictures.text(test / "landmark/1.jpg.txt", *LINES)
    return tmp_path


def test_points_boxes_and_subsets_of_jd(jd):
    test, train = sorted(jd106.read_jd(jd), key=lambda sample: sample.subset)
    assert train.name == "Training_data/AFW/picture/AFW_134212_1_0.jpg"
    assert (train.subset, test.subset) == ("train", "test")
    assert train.scheme == "jd106"
    assert train.points[0].tolist() == [1.0, 300.75]
    assert train.points[105].tolist() == [106.0, 195.75]
    assert train.box is not None
    assert train.box.tolist() == [10, 20, 110, 220]  # 100 and 200 pixels, the last included
    assert test.box is None
    assert test.picture().shape == (30, 40, 3)
    assert [s.name for s in jd106.read_jd(jd, "test")] == ["Test_data1/picture/1.jpg"]


def test_a_file_of_another_number_is_named(jd):
    path = tiny_pictures.text(jd / "Test_data1/landmark/1.jpg.txt", "68", *LINES[1:69])
    with pytest.raises(SourceError, match=rf"{path.name}:1: expected the number of points, 106"):
        list(jd106.read_jd(jd))
    tiny_pictures.text(path, *LINES[:-1])
    with pytest.raises(SourceError, match="expected 106 lines of points, got 105"):
        list(jd106.read_jd(jd))


def test_lapa_with_and_without_its_top_folder(tmp_path):
    for part, name in (("train", "10009865324_0"), ("val", "11138"), ("test", "10012551673_5")):
        tiny_pictures.write(tmp_path / f"LaPa/{part}/images/{name}.jpg")
        tiny_pictures.text(tmp_path / f"LaPa/{part}/landmarks/{name}.txt", *LINES)
    for root in (tmp_path, tmp_path / "LaPa"):
        found = list(jd106.read_lapa(root))
        assert [(s.name, s.subset) for s in found] == [
            ("train/images/10009865324_0.jpg", "train"),
            ("val/images/11138.jpg", "val"),
            ("test/images/10012551673_5.jpg", "test"),
        ]
        assert found[0].points[0].tolist() == [1.0, 300.75]
        assert found[2].picture().shape == (30, 40, 3)


def test_a_folder_that_is_neither_is_named(tmp_path):
    with pytest.raises(SourceError, match="train/landmarks: missing"):
        list(jd106.read_lapa(tmp_path))
    with pytest.raises(SourceError, match="landmark: missing; expected folders `landmark`"):
        list(jd106.read_jd(tmp_path))
