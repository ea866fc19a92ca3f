"""WFLW: lines of 98 points, box, six attributes and a name, as its README gives them."""

import numpy as np
import pytest

import tiny_pictures
from bauta.checks import SourceError
from bauta.data.readers import wflw

LISTS = "WFLW_annotations/list_98pt_rect_attr_train_test"
POINTS = " ".join(f"{100 + i}.25 {200 + i}.75" for i in range(98))  # x0 y0 x1 y1 ... x97 y97
ONE = "12--Group/12_Group_Group_12_Group_Group_12_24.jpg"
TWO = "37--Soccer/37_Soccer_soccer_ball_37_907.jpg"


@pytest.fixture
def root(tmp_path):
    for name in (ONE, TWO):
        tiny_pictures.write(tmp_path / "WFLW_images" / name)
    # x_min y_min x_max y_max, then pose expression illumination make-up occlusion blur
    tiny_pictures.text(
        tmp_path / LISTS / "list_98pt_rect_attr_train.txt",
        f"{POINTS} 99 201 196 298 0 0 0 0 0 0 {ONE}",
    )
    tiny_pictures.text(
        tmp_path / LISTS / "list_98pt_rect_attr_test.txt",
        f"{POINTS} 99 201 196 298 1 0 0 0 1 0 {TWO}",
        f"{POINTS} 9 21 16 28 0 0 0 1 0 1 {TWO}",
    )
    return tmp_path


def test_points_and_box_count_from_the_corner_of_the_first_pixel(root):
    sample = next(wflw.read(root))
    assert sample.scheme == "wflw98"
    assert sample.points[0].tolist() == [100.75, 201.25]
    assert sample.points[97].tolist() == [197.75, 298.25]
    assert sample.box is not None
    assert sample.box.tolist() == [99.5, 201.5, 196.5, 298.5]
    assert sample.picture().shape == (30, 40, 3)


def test_attributes_come_in_the_order_of_the_readme(root):
    train, second, third = wflw.read(root)
    assert [train.subset, second.subset, third.subset] == ["train", "test", "test"]
    assert not any(train.attributes.values())
    assert [name for name, on in second.attributes.items() if on] == ["pose", "occlusion"]
    assert [name for name, on in third.attributes.items() if on] == ["make-up", "blur"]


def test_two_faces_of_a_picture_have_names_of_their_own(root):
    assert [sample.name for sample in wflw.read(root)] == [ONE, TWO, f"{TWO}#2"]


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ("train", [ONE]),
        ("test", [TWO, f"{TWO}#2"]),
        ("pose", [TWO]),
        ("make-up", [f"{TWO}#2"]),
        ("expression", []),
    ],
)
def test_subsets_are_lists_and_attributes_of_test_faces(root, subset, expected):
    assert [sample.name for sample in wflw.read(root, subset)] == expected


def test_the_first_wrong_line_is_named(root):
    path = root / LISTS / "list_98pt_rect_attr_test.txt"
    path.write_text(path.read_text() + "1 2 3 short.jpg\n")
    with pytest.raises(SourceError, match=r"rect_attr_test\.txt:3: expected 98 points, a box"):
        list(wflw.read(root))
    path.unlink()
    with pytest.raises(SourceError, match=r"list_98pt_rect_attr_test\.txt: missing"):
        list(wflw.read(root))


def test_labels_are_single_precision_and_finite(root):
    for sample in wflw.read(root):
        assert sample.points.dtype == np.float32
        assert np.isfinite(sample.points).all()
