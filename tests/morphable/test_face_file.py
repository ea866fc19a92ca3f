"""Face model files: what is written is read, and nothing else is taken for a model."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from bauta.checks import ModelError, SinkError
from bauta.morphable.file import read_model, write_model
from small_head import small_head

ARRAYS = ("mean", "identity", "expression", "triangles", "part", "mirror", "uv", "uv_triangles")


@pytest.fixture
def path(tmp_path):
    write_model(tmp_path / "small.npz", small_head())
    return tmp_path / "small.npz"


def rewrite(path, without=(), **change):
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files if key not in without}
    np.savez(path, **{**arrays, **change})


def test_a_written_model_is_read_back(path):
    was, model = small_head(), read_model(path)
    for key in (*ARRAYS, "albedo_mean", "albedo"):
        np.testing.assert_array_equal(getattr(model, key), getattr(was, key))
    for key in ("name", "expression_names", "part_names", "licence", "notice"):
        assert getattr(model, key) == getattr(was, key)
    for key in ("triangle", "weight"):
        ours, theirs = model.embeddings["celeba5"], was.embeddings["celeba5"]
        np.testing.assert_array_equal(getattr(ours, key), getattr(theirs, key))
    np.testing.assert_array_equal(model.eyes["Left"].rows, [5])
    np.testing.assert_array_equal(model.eyes["Left"].weight, [1])
    np.testing.assert_array_equal(model.regions["lips"], [1, 4])
    assert model.contour is not None
    assert model.contour.angle[16].tolist() == [-10, 20]
    assert model.contour.across[16].tolist() == [1, 0, 0]
    assert not path.with_name("small.npz.part").exists()


def test_sixteen_bits_cost_less_than_a_thousandth(tmp_path):
    write_model(tmp_path / "half.npz", small_head(), half=True)
    model = read_model(tmp_path / "half.npz")
    np.testing.assert_array_equal(model.mean, small_head().mean)
    np.testing.assert_allclose(model.identity, small_head().identity, rtol=1e-3)


def test_optional_parts_may_be_missing(path):
    optional = ("part", "part_names", "mirror", "uv", "uv_triangles", "albedo", "albedo_mean")
    loose = ("eyeLeft_rows", "eyeLeft_weight", "contour_triangle", "region_lips", "licence")
    rewrite(path, without=(*optional, *loose))
    model = read_model(path)
    assert model.part.tolist() == [0] * 6
    assert model.part_names == ("skin",)
    assert model.mirror is model.uv is model.albedo_mean is model.contour is None
    assert model.eyes == model.regions == {}


@pytest.mark.parametrize(
    ("without", "change", "says"),
    [
        (("mean",), {}, "no mean"),
        (("triangles", "name"), {}, "no name, triangles"),
        ((), {"format": np.array("something-2")}, "something-2, expected bauta-face-1"),
        ((), {"mean": np.zeros(18, "f4")}, r"`mean` should be \(n, 3\), is \(18,\)"),
        ((), {"mean": np.array("text")}, "`mean` should be"),
        ((), {"mean": np.full((6, 3), "a")}, "`mean` should be numbers"),
        ((), {"mean": np.full((6, 3), np.nan)}, "`mean` holds NaN"),
        ((), {"identity": np.zeros((2, 5, 3))}, r"`identity` should be \(n, 6, 3\)"),
        ((), {"identity": np.full((2, 6, 3), np.inf)}, "`identity` holds NaN or infinity"),
        ((), {"expression": np.zeros((2, 6, 3))}, r"`expression` should be \(3, 6, 3\)"),
        ((), {"expression_names": np.arange(3)}, "`expression_names` should be a list of text"),
        ((), {"triangles": np.array([[0, 1, 6]])}, "`triangles` should hold indices below 6"),
        ((), {"triangles": np.array([[0, 1, -1]])}, "`triangles` should hold indices below 6"),
        ((), {"triangles": np.array([[0.0, 1, 2]])}, "`triangles` should hold indices"),
        ((), {"triangles": np.array([[0, 1, 2, 3]])}, r"`triangles` should be \(n, 3\)"),
        ((), {"part": np.full(6, 2)}, "`part` should hold indices below 2"),
        (("part_names",), {}, "`part_names` should be a list of text"),
        ((), {"mirror": np.arange(5)}, r"`mirror` should be \(6,\)"),
        ((), {"uv": np.full((5, 2), np.nan)}, "`uv` holds NaN"),
        (("uv_triangles",), {}, "no `uv_triangles`"),
        ((), {"points_celeba5_triangle": np.full(5, 4)}, "below 4"),
        ((), {"points_celeba5_weight": np.zeros((4, 3))}, r"should be \(5, 3\)"),
        (("points_celeba5_weight",), {}, "no `points_celeba5_weight`"),
        (("eyeLeft_weight",), {}, "no `eyeLeft_weight`"),
        ((), {"eyeLeft_rows": np.array([9])}, "`eyeLeft_rows` should hold indices below 6"),
        ((), {"contour_triangle": np.zeros((16, 2), int)}, r"should be \(17, n\)"),
        ((), {"contour_angle": np.zeros((17, 2))}, "`contour_angle` should rise"),
        ((), {"region_lips": np.array([6])}, "`region_lips` should hold indices below 6"),
        ((), {"albedo": np.zeros((1, 5, 3))}, r"`albedo` should be \(n, 6, 3\)"),
    ],
)
def test_a_wrong_array_is_named(path, without, change, says):
    rewrite(path, without, **change)
    with pytest.raises(ModelError, match=says) as error:
        read_model(path)
    assert "small.npz" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ModelError, match=r"none\.npz: no such file"):
        read_model(tmp_path / "none.npz")


def test_a_folder_is_not_a_model(tmp_path):
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 but not a zip", b"\x93NUMPY"])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(tmp_path / "x.npz")


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / "x.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(tmp_path / "x.npz")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_refused(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(path)


def test_a_spoilt_member_is_refused(path):
    data = bytearray(path.read_bytes())
    where = data.index(b"identity.npy") + 60
    data[where : where + 40] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(path)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_pickled_objects_are_never_loaded(path):
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    np.savez(path, **{**arrays, "mean": np.array([Trap()], dtype=object)})
    with pytest.raises(ModelError, match="not a readable npz"):
        read_model(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_FSIZE")
def test_a_full_disk_leaves_the_old_file_and_no_half_one(path):
    limited = """
import resource, sys
from pathlib import Path
from bauta.checks import SinkError
from bauta.morphable.file import read_model, write_model
model = read_model(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_model(Path(sys.argv[1]), model)
except SinkError as error:
    print(error)
"""
    was = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", limited, path], capture_output=True, text=True)
    assert "small.npz: cannot be written: File too large; free some space" in done.stdout
    assert done.stderr == ""
    assert path.read_bytes() == was
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_an_output_error(tmp_path):
    with pytest.raises(SinkError, match=r"cannot be written: .*; free some space"):
        write_model(tmp_path / "none" / "x.npz", small_head())
