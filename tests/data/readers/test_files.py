import sys

import numpy as np
import pytest
from scipy.io import savemat

from bauta.checks import SourceError
from bauta.data.readers.files import folder_in, numbers, open_mat73, read_mat, read_pts
from bauta.data.readers.torch7 import read_t7
from torch7_bytes import tensor_bytes

THREE = "version: 1\nn_points:  3\n{\n446.000 91.000\n449.459 119.344 \n450.957 150.614\n}\n"


def write(path, text):
    path.write_text(text)
    return path


def test_points_count_pixel_centres_from_one(tmp_path):
    points = read_pts(write(tmp_path / "a.pts", THREE), 3)
    expected = [[445.5, 90.5], [448.959, 118.844], [450.457, 150.114]]
    np.testing.assert_allclose(points, expected, atol=1e-4)
    assert points.dtype == np.float32


def test_points_of_windows_read_alike(tmp_path):
    (tmp_path / "a.pts").write_bytes(THREE.replace("\n", "\r\n").encode())
    assert read_pts(tmp_path / "a.pts", 3)[0].tolist() == [445.5, 90.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (THREE[:-2], r"a\.pts:6: cut off"),
        (THREE.replace("449.459 119.344 \n", ""), r"a\.pts:6: expected 3 points before it, got 2"),
        (THREE.replace("  3", "  68"), r"expected n_points: 3, got 68"),
        (THREE.replace("119.344", "nan"), r"a\.pts:5: expected two finite numbers"),
        (THREE.replace("119.344", "x"), r"a\.pts:5: expected two finite numbers"),
        (THREE.replace("119.344", ""), r"a\.pts:5: expected two finite numbers"),
        (THREE.replace("119.344", "1 2"), r"a\.pts:5: expected two finite numbers"),
        (THREE.replace("  3", " three"), r"a\.pts:2: expected n_points: and a whole number"),
        (THREE.replace("n_points:  3\n", ""), "expected a line 'n_points"),
        ("", "not a file of points"),
    ],
)
def test_bad_points_name_file_and_line(tmp_path, text, message):
    with pytest.raises(SourceError, match=message):
        read_pts(write(tmp_path / "a.pts", text), 3)


def test_a_missing_file_of_points_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"none\.pts"):
        read_pts(tmp_path / "none.pts", 3)


def test_folders_are_found_in_any_case(tmp_path):
    (tmp_path / "HELEN" / "Trainset").mkdir(parents=True)
    assert folder_in(tmp_path, "helen", "trainset") == tmp_path / "HELEN" / "Trainset"
    with pytest.raises(SourceError, match=r"HELEN/testset: no such folder"):
        folder_in(tmp_path, "helen", "testset")
    with pytest.raises(SourceError, match="nowhere: no such folder"):
        folder_in(tmp_path / "nowhere", "helen")


def test_a_matlab_file_gives_the_variables_asked_for(tmp_path):
    savemat(tmp_path / "a.mat", {"Pose_Para": np.zeros((1, 7)), "roi": np.ones((1, 4), np.int16)})
    assert read_mat(tmp_path / "a.mat", "roi")["roi"].tolist() == [[1, 1, 1, 1]]
    with pytest.raises(SourceError, match=r"a\.mat: holds no 'pt2d'"):
        read_mat(tmp_path / "a.mat", "pt2d")


def test_damaged_matlab_files_are_named(tmp_path):
    savemat(tmp_path / "a.mat", {"x": np.arange(1000.0)})
    whole = (tmp_path / "a.mat").read_bytes()
    for size in (0, 3, 100, 128, 150, 5000):
        (tmp_path / "b.mat").write_bytes(whole[:size])
        with pytest.raises(SourceError, match=r"b\.mat: "):
            read_mat(tmp_path / "b.mat", "x")
    with pytest.raises(SourceError, match=r"none\.mat: missing"):
        read_mat(tmp_path / "none.mat", "x")
    with (
        pytest.raises(SourceError, match=r"b\.mat: not a readable MATLAB 7\.3"),
        open_mat73(tmp_path / "b.mat"),
    ):
        pass


def test_what_to_install_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SourceError, match=r'needs scipy; run: pip install "bauta\[data\]"'):
        read_mat(tmp_path / "a.mat", "x")
    with (
        pytest.raises(SourceError, match=r'needs h5py; run: pip install "bauta\[data\]"'),
        open_mat73(tmp_path / "a.mat"),
    ):
        pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((68, 2)), "expected 2 x 68 numbers, got"),
        (np.full((2, 68), "a"), "expected 2 x 68 numbers, got"),
        (np.full((2, 68), np.nan), "expected finite"),
    ],
)
def test_wrong_shapes_and_numbers_are_refused(tmp_path, value, message):
    with pytest.raises(SourceError, match=f"pt2d: {message}"):
        numbers(value, (2, 68), tmp_path / "a.mat", "pt2d")


def test_a_torch7_tensor_is_read_by_its_strides(tmp_path):
    path = tmp_path / "a.t7"
    path.write_bytes(tensor_bytes([1, 2, 3, 4, 5, 6], [3, 2], [2, 1]))
    assert read_t7(path).tolist() == [[1, 2], [3, 4], [5, 6]]
    path.write_bytes(tensor_bytes([0, 1, 2, 3, 4, 5, 6], [3, 2], [1, 3], 2, "Double", "d"))
    assert read_t7(path).tolist() == [[1, 4], [2, 5], [3, 6]]


def test_anything_but_a_whole_tensor_is_refused(tmp_path):
    whole = tensor_bytes([1, 2, 3, 4], [2, 2], [2, 1])
    outside = tensor_bytes([1, 2, 3, 4], [3, 2], [2, 1])
    path = tmp_path / "a.t7"
    for data in (*(whole[:size] for size in range(0, len(whole), 7)), outside, b"\x80\x02}q\x00."):
        path.write_bytes(data)
        with pytest.raises(SourceError, match=r"a\.t7: not a Torch7 file"):
            read_t7(path)
