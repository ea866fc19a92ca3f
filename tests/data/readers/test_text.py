import cv2
import numpy as np
import pytest

import tiny_pictures
from bauta.checks import InputError, SourceError
from bauta.data.readers import text


def test_rows_are_numbered_as_an_editor_numbers_them_and_blank_ones_left_out(tmp_path):
    path = tiny_pictures.text(
        tmp_path / "list.txt", "2", "name  x", "", "a.jpg 1.5   2", "b.jpg 3 4"
    )
    found = list(text.rows(path, skip=2))
    assert [(row.number, row.cells) for row in found] == [
        (4, ["a.jpg", "1.5", "2"]),
        (5, ["b.jpg", "3", "4"]),
    ]
    assert found[0].floats(1, 3, "x y").tolist() == [1.5, 2.0]


def test_a_cell_that_is_no_number_is_an_error_with_file_and_line(tmp_path):
    path = tiny_pictures.text(tmp_path / "list.txt", "a.jpg 1 2", "b.jpg 3 four")
    last = list(text.rows(path))[-1]
    with pytest.raises(SourceError, match=r"list\.txt:2: expected x y, got 'b\.jpg 3 four'"):
        last.floats(1, 3, "x y")


def test_empty_cells_between_tabs_keep_their_place(tmp_path):
    path = tiny_pictures.text(tmp_path / "list.csv", "\tb\t\td")
    assert next(iter(text.rows(path, "\t"))).cells == ["", "b", "", "d"]


def test_pictures_are_rgb_and_as_stored_whatever_exif_says(tmp_path):
    path = tiny_pictures.write(tmp_path / "a.png", 40, 30)
    image = text.picture_at(path)()
    assert image.shape == (30, 40, 3)
    assert image[0, 0].tolist() == list(tiny_pictures.ORANGE)
    jpeg = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned
    (tmp_path / "b.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    turned_by_opencv = cv2.imread(str(tmp_path / "b.jpg"))
    assert turned_by_opencv is not None
    assert turned_by_opencv.shape == (40, 30, 3)
    assert text.stored_picture(tmp_path / "b.jpg").shape == (30, 40, 3)


@pytest.mark.parametrize("data", [b"", b"no picture", None])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, data):
    path = tmp_path / "a.jpg"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.jpg"):
        text.picture_at(path)()


def test_half_a_jpeg_is_cut_off(tmp_path):
    path = tiny_pictures.write(tmp_path / "a.jpg", 200, 200)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"a\.jpg: is cut off"):
        text.picture_at(path)()


def test_a_wrong_folder_is_named_with_what_belongs_there(tmp_path):
    with pytest.raises(SourceError, match="nowhere: no such folder; give the folder that holds A"):
        text.need(tmp_path / "nowhere", "A")
    with pytest.raises(SourceError, match=r"A: missing \(or B\)"):
        text.need(tmp_path, "A", "B")
    (tmp_path / "B").mkdir()
    assert text.need(tmp_path, "A", "B") == tmp_path / "B"


def test_an_unknown_subset_is_refused_with_the_known():
    with pytest.raises(InputError, match="wflw: no subset 'val'; choose one of train, test"):
        text.check_subset("val", ("train", "test"), "wflw")
