import h5py
import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.data.readers import cofw

COLOUR = np.zeros((6, 8, 3), np.uint8)  # height 6, width 8
COLOUR[2, 5] = (200, 100, 50)
GREY = np.zeros((7, 4), np.uint8)
GREY[6, 1] = 99


def write(path, ending, pictures):
    """A file as MATLAB 7.3 writes it: every array transposed, cells as references."""
    with h5py.File(path, "w") as file:
        kept = file.create_group("#refs#")
        cells = np.empty((1, len(pictures)), h5py.ref_dtype)
        for place, picture in enumerate(pictures):
            cells[0, place] = kept.create_dataset(f"{place}b", data=picture.T).ref
        images = file.create_dataset(f"Is{ending}", data=cells, dtype=h5py.ref_dtype)
        images.attrs["MATLAB_class"] = np.bytes_("cell")
        points = np.zeros((87, len(pictures)))
        points[:29] = np.arange(29)[:, None] + 10.0  # x
        points[29:58] = np.arange(29)[:, None] + 50.0  # y
        points[58:, 1] = [1, *[0] * 27, 1]  # the first and last of the second face are hidden
        file.create_dataset(f"phis{ending}", data=points)
        boxes = np.array([[3.0, 4.0, 20.0, 30.0]] * len(pictures))
        file.create_dataset(f"bboxes{ending}", data=boxes.T)


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "COFW_train_color.mat", "Tr", [COLOUR, GREY])
    write(tmp_path / "COFW_test_color.mat", "T", [GREY, COLOUR, COLOUR])
    return tmp_path


def test_points_are_x_then_y_then_hidden(root):
    first, second = cofw.read(root, "train")
    assert first.scheme == "cofw29"
    assert first.points[0].tolist() == [9.5, 49.5]
    assert first.points[28].tolist() == [37.5, 77.5]
    assert first.visible is not None
    assert first.visible.all()
    assert second.visible is not None
    assert np.flatnonzero(~second.visible).tolist() == [0, 28]


def test_boxes_count_from_one(root):
    box = next(cofw.read(root, "train")).box
    assert box is not None
    assert box.tolist() == [2, 3, 22, 33]


def test_pictures_stand_upright_and_grey_ones_become_rgb(root):
    first, second = cofw.read(root, "train")
    image = first.picture()
    assert image.shape == (6, 8, 3)
    assert image[2, 5].tolist() == [200, 100, 50]
    assert image.sum() == 350
    grey = second.picture()
    assert grey.shape == (7, 4, 3)
    assert grey[6, 1].tolist() == [99, 99, 99]


def test_subsets_come_from_their_files(root):
    assert [s.name for s in cofw.read(root, "test")] == ["test/1", "test/2", "test/3"]
    assert [s.subset for s in cofw.read(root)] == ["train"] * 2 + ["test"] * 3
    with pytest.raises(InputError, match="no subset 'val'"):
        list(cofw.read(root, "val"))


def test_the_grey_files_do_as_well(root):
    (root / "COFW_test_color.mat").rename(root / "COFW_test.mat")
    assert len(list(cofw.read(root, "test"))) == 3


def test_wrong_files_are_named(root):
    with h5py.File(root / "COFW_train_color.mat", "a") as file:
        phis = file["phisTr"]
        assert isinstance(phis, h5py.Dataset)
        phis[3, 1] = np.nan
    with pytest.raises(SourceError, match=r"COFW_train_color\.mat: phisTr: expected finite"):
        list(cofw.read(root, "train"))
    with h5py.File(root / "COFW_train_color.mat", "a") as file:
        del file["phisTr"]
    with pytest.raises(SourceError, match=r"COFW_train_color\.mat: holds no 'phisTr'"):
        list(cofw.read(root, "train"))
    (root / "COFW_train_color.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(SourceError, match=r"COFW_train_color\.mat: not a readable MATLAB 7\.3"):
        list(cofw.read(root, "train"))
    (root / "COFW_train_color.mat").unlink()
    with pytest.raises(SourceError, match=r"COFW_train_color\.mat: missing"):
        list(cofw.read(root, "train"))


def test_a_picture_of_other_numbers_is_refused(root):
    write(root / "COFW_train_color.mat", "Tr", [COLOUR.astype(np.float64), GREY])
    with pytest.raises(SourceError, match="IsTr 1: expected a picture of uint8"):
        next(cofw.read(root, "train")).picture()
