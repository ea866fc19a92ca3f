"""Loaders of published models, on tiny files written as those models are described."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import numpy as np
import pytest

from bauta import morphable
from bauta.checks import ModelError
from bauta.morphable import eos
from bauta.morphable.bases import linear_colours

SQUARE = np.array([[-6, -6, 1], [6, -6, 0], [6, 6, 1], [-6, 6, 0]], float)
"""A "head" of four vertices, 12 cm wide, folded like a roof (x to its left, y up, z out)."""
TRIANGLES = [[0, 1, 2], [0, 2, 3]]
AXES = np.eye(12)


def shift(value, vertex, axis):
    """(4, 3) that moves one coordinate."""
    result = np.zeros((4, 3))
    result[vertex, axis] = value
    return result


def test_srgb_becomes_linear_light():
    mean = np.array([[0.5, 0.04, 1.0]])
    step = np.full((1, 1, 3), 1e-3)
    linear, modes = linear_colours(mean, step)
    np.testing.assert_allclose(linear, [[0.214041, 0.003096, 1.0]], atol=1e-5)
    next_to_it, _ = linear_colours(mean - step[0], step)
    np.testing.assert_allclose(modes[0], linear - next_to_it, rtol=5e-3)


# --- Basel 2009 ---------------------------------------------------------------------------------


def basel2009():
    return {
        "shapeMU": (SQUARE * 1e4).reshape(12, 1).astype("f4"),
        "shapePC": AXES[:, [0, 7]].astype("f4"),
        "shapeEV": np.array([[5000.0], [2000.0]], "f4"),
        "texMU": np.full((12, 1), 127.5, "f4"),
        "texPC": AXES[:, [3]].astype("f4"),
        "texEV": np.array([[2.55]], "f4"),
        "tl": np.array([[1, 3, 2], [1, 4, 3]], float),
        "segbin": np.zeros((4, 4)),
    }


def test_basel_2009(tmp_path):
    io = pytest.importorskip("scipy.io")
    io.savemat(tmp_path / "01_MorphableModel.mat", basel2009())
    model = morphable.load(tmp_path / "01_MorphableModel.mat")
    np.testing.assert_allclose(model.mean, SQUARE, atol=1e-5)
    np.testing.assert_allclose(model.identity[0], shift(0.5, 0, 0), atol=1e-6)
    np.testing.assert_allclose(model.identity[1], shift(0.2, 2, 1), atol=1e-6)
    assert [set(t) for t in model.triangles.tolist()] == [{0, 1, 2}, {0, 2, 3}]
    a, b, c = model.mean[model.triangles[0]]
    assert np.cross(b - a, c - a)[2] > 0, "counter-clockwise from the front"
    assert model.albedo_mean is not None
    assert model.albedo is not None
    np.testing.assert_allclose(model.albedo_mean, 0.214041, atol=1e-5)
    slope = 2.4 / 1.055 * ((0.5 + 0.055) / 1.055) ** 1.4
    np.testing.assert_allclose(model.albedo[0], shift(0.01 * slope, 1, 0), atol=1e-6)
    assert "research" in model.licence


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"texEV": None}, "no texEV"),
        ({"shapePC": np.zeros((11, 2))}, "should have 12 rows"),
        ({"shapeEV": np.zeros((3, 1))}, "3 deviations"),
        ({"shapeMU": np.full((12, 1), np.nan)}, "`shapeMU` is empty, or holds NaN"),
        ({"tl": np.array([[1, 2, 5.0]])}, "vertices that the model does not have"),
        ({"tl": np.array([[0, 1, 2.0]])}, "vertices that the model does not have"),
        ({"shapeMU": np.array(["text"])}, "`shapeMU` should be numbers"),
    ],
)
def test_a_wrong_basel_2009_is_refused(tmp_path, change, says):
    io = pytest.importorskip("scipy.io")
    data = {key: value for key, value in {**basel2009(), **change}.items() if value is not None}
    io.savemat(tmp_path / "x.mat", data)
    with pytest.raises(ModelError, match=says):
        morphable.load(tmp_path / "x.mat")


def test_a_cut_matlab_file_is_refused(tmp_path):
    io = pytest.importorskip("scipy.io")
    io.savemat(tmp_path / "x.mat", basel2009())
    (tmp_path / "y.mat").write_bytes((tmp_path / "x.mat").read_bytes()[:400])
    with pytest.raises(ModelError, match=r"y\.mat"):
        morphable.load(tmp_path / "y.mat")


# --- Basel 2017, 2019 ---------------------------------------------------------------------------


def write_basel2017(path, **change):
    h5py = pytest.importorskip("h5py")
    data = {
        "shape/model/mean": (SQUARE * 10).ravel().astype("f4"),
        "shape/model/pcaBasis": AXES[:, [0, 7]].astype("f4"),
        "shape/model/pcaVariance": np.array([25.0, 4.0], "f4"),
        "shape/model/noiseVariance": np.zeros(1, "f4"),
        "shape/representer/points": (SQUARE * 10).T.astype("f4"),
        "shape/representer/cells": np.array(TRIANGLES, "i4").T,
        "expression/model/mean": 2 * AXES[5].astype("f4"),
        "expression/model/pcaBasis": AXES[:, [4]].astype("f4"),
        "expression/model/pcaVariance": np.array([9.0], "f4"),
        "color/model/mean": np.full(12, 0.5, "f4"),
        "color/model/pcaBasis": AXES[:, [3]].astype("f4"),
        "color/model/pcaVariance": np.array([1e-4], "f4"),
    }
    with h5py.File(path, "w") as file:
        for key, value in {**data, **change}.items():
            if value is not None:
                file[key] = value


def test_basel_2017(tmp_path):
    write_basel2017(tmp_path / "model2017-1_bfm_nomouth.h5")
    model = morphable.load(tmp_path / "model2017-1_bfm_nomouth.h5")
    np.testing.assert_allclose(model.mean, SQUARE + shift(0.2, 1, 2), atol=1e-6)
    np.testing.assert_allclose(model.identity[0], shift(0.5, 0, 0), atol=1e-6)
    np.testing.assert_allclose(model.identity[1], shift(0.2, 2, 1), atol=1e-6)
    np.testing.assert_allclose(model.expression, [shift(0.3, 1, 1)], atol=1e-6)
    assert model.expression_names == ("expression000",)
    np.testing.assert_array_equal(model.triangles, TRIANGLES)
    assert model.albedo is not None
    slope = 2.4 / 1.055 * ((0.5 + 0.055) / 1.055) ** 1.4
    np.testing.assert_allclose(model.albedo[0], shift(0.01 * slope, 1, 0), atol=1e-6)


def test_basel_2017_without_colour_and_expression(tmp_path):
    parts = ("mean", "pcaBasis", "pcaVariance")
    gone = {f"{group}/model/{part}": None for group in ("color", "expression") for part in parts}
    write_basel2017(tmp_path / "x.h5", **gone)
    model = morphable.load(tmp_path / "x.h5")
    assert model.albedo_mean is None
    assert model.expression.shape == (0, 4, 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shape/model/pcaBasis": None}, "no shape/model/pcaBasis"),
        ({"shape/model/mean": np.zeros(11)}, "three numbers a vertex"),
        ({"color/model/pcaBasis": np.zeros((12, 2))}, "1 deviations"),
        ({"color/model/mean": np.zeros(9)}, "`color/model/pcaBasis` should have 9 rows"),
        ({"shape/representer/cells": np.zeros((2, 2), int)}, r"should be \(3, T\)"),
        ({"shape/representer/cells": np.array([[0], [1], [7]])}, "does not have"),
        ({"shape/model/pcaVariance": np.array([np.inf, 1])}, "holds NaN or infinity"),
    ],
)
def test_a_wrong_basel_2017_is_refused(tmp_path, change, says):
    write_basel2017(tmp_path / "x.h5", **change)
    with pytest.raises(ModelError, match=says):
        morphable.load(tmp_path / "x.h5")


def test_a_broken_hdf5_file_is_refused(tmp_path):
    pytest.importorskip("h5py")
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelError, match="not a readable HDF5 file"):
        morphable.load(tmp_path / "x.h5")


# --- eos ----------------------------------------------------------------------------------------

WITH_SHAPES = (
    "eNpjYWBg4AFiRgYQ8DjEwFAAxAqOQLYThA0WB7GdoOKHIGyIPiawfIM9A8UAtxlMcPedcAZiRyYkOUa4GyA0M4p/"
    "GOxJwUj6iHYbzA0gLL79ogUht6EIskLpjMSCgko02x2IDTdmKF2cmIJkRAPx2OEA3F4WKJ2ckZnHjMTHDj7YY+ej"
    "i1+wJxQqAM0LIbQ="
)
"""A file that eos 1.5.0 itself wrote: the square in millimetres, two modes, two shapes, a named
vertex, texture."""
SHAPES = "eNpjYoAAViidkVhQUMkDZDAywIEDA5GAGUoXJ6YgGdFAPHY4AAAHWAo/"
"""Its file of the two shapes alone."""


def unpacked(text):
    return zlib.decompress(base64.b64decode(text))


def eos_matrix(values):
    columns = np.asarray(values, "<f4").reshape(len(values), -1)
    return struct.pack("<ii", *columns.shape) + columns.T.tobytes()


def eos_pca(mean, basis, eigenvalues, triangles=TRIANGLES):
    listed = struct.pack("<Q", len(triangles)) + np.array(triangles, "<i4").tobytes()
    return eos_matrix(mean) + eos_matrix(basis) + eos_matrix(eigenvalues) + listed


SHAPE = eos_pca((SQUARE * 10).ravel(), AXES[:, [0, 7]], [25, 4])
NO_COLOUR = struct.pack("<ii", 0, 1) + struct.pack("<ii", 0, 0) + struct.pack("<iiQ", 0, 1, 0)
NO_LIST = struct.pack("<Q", 0)


def test_a_file_that_eos_wrote(tmp_path):
    (tmp_path / "sfm.bin").write_bytes(unpacked(WITH_SHAPES))
    model = morphable.load(tmp_path / "sfm.bin")
    np.testing.assert_allclose(model.mean, [[-5, -6, 1], [5, -6, 0], [5, 6, 1], [-5, 6, 0]])
    np.testing.assert_allclose(model.identity, [shift(2, 0, 0), shift(0.5, 1, 2)], atol=1e-6)
    assert model.expression_names == ("happy", "sad")
    np.testing.assert_allclose(model.expression, [shift(0.2, 0, 1), shift(-0.3, 3, 2)], atol=1e-6)
    assert model.albedo is not None
    assert model.albedo.shape == (1, 4, 3)
    assert model.uv is not None
    np.testing.assert_allclose(model.uv, [[0, 1], [1, 1], [1, 0], [0, 0.75]])
    np.testing.assert_array_equal(model.uv_triangles, TRIANGLES)
    assert "not for commercial use" in model.licence


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_every_version_of_eos(tmp_path, version):
    end = {
        1: NO_LIST,
        2: b"\x01" + NO_LIST,
        3: b"\x01\x01" + NO_LIST,
        4: b"\x01\x01" + NO_LIST + NO_LIST,
    }[version]
    (tmp_path / "x.bin").write_bytes(struct.pack("<I", version) + SHAPE + NO_COLOUR + end)
    model = morphable.load(tmp_path / "x.bin")
    np.testing.assert_allclose(model.mean, SQUARE, atol=1e-5)
    np.testing.assert_allclose(model.identity, [shift(0.5, 0, 0), shift(0.2, 2, 1)], atol=1e-6)
    assert model.albedo_mean is None
    assert model.uv is None
    assert len(model.expression) == 0


def test_expressions_of_eos_as_a_pca_model_bring_their_mean(tmp_path):
    faces = eos_pca(10 * AXES[2], AXES[:, [1]], [4])
    body = SHAPE + NO_COLOUR + b"\x00" + struct.pack("<i", 0) + faces + NO_LIST
    (tmp_path / "x.bin").write_bytes(struct.pack("<I", 2) + body)
    model = morphable.load(tmp_path / "x.bin")
    np.testing.assert_allclose(model.mean, SQUARE + shift(1, 0, 2), atol=1e-5)
    np.testing.assert_allclose(model.expression, [shift(0.2, 0, 1)], atol=1e-6)


def test_shapes_of_eos_from_a_file_of_their_own(tmp_path):
    (tmp_path / "x.bin").write_bytes(struct.pack("<I", 1) + SHAPE + NO_COLOUR + NO_LIST)
    (tmp_path / "shapes.bin").write_bytes(unpacked(SHAPES))
    model = eos.read_bin(tmp_path / "x.bin", tmp_path / "shapes.bin")
    assert model.expression_names == ("happy", "sad")
    np.testing.assert_allclose(model.expression, [shift(0.2, 0, 1), shift(-0.3, 3, 2)], atol=1e-6)


@pytest.mark.parametrize("unit", [1e-4, 0.1, 1.0, 100.0])
def test_the_unit_of_an_eos_file_is_told_from_its_size(tmp_path, unit):
    shape = eos_pca((SQUARE / unit).ravel(), AXES[:, [0]], [(1 / unit) ** 2])
    (tmp_path / "x.bin").write_bytes(struct.pack("<I", 1) + shape + NO_COLOUR + NO_LIST)
    model = morphable.load(tmp_path / "x.bin")
    np.testing.assert_allclose(model.mean, SQUARE, rtol=1e-5)
    np.testing.assert_allclose(model.identity, [shift(1, 0, 0)], rtol=1e-5)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "ends early"),
        (b"some other file that is long enough", "is it an eos model"),
        (struct.pack("<I", 5) + SHAPE, "version 5"),
        (struct.pack("<I", 1) + SHAPE + NO_COLOUR + NO_LIST + b"x", "1 bytes too many"),
        (struct.pack("<I", 1) + struct.pack("<ii", -1, 3), "a matrix of -1 x 3"),
        (struct.pack("<I", 1) + struct.pack("<ii", 2**31 - 1, 2**31 - 1), "ends early"),
        (struct.pack("<I", 1) + SHAPE + NO_COLOUR + struct.pack("<Q", 2**62), "ends early"),
        (
            struct.pack("<I", 1) + eos_pca(np.ones(12), AXES[:, [0]], [1]) + NO_COLOUR + NO_LIST,
            "no head in any unit",
        ),
        (
            struct.pack("<I", 1)
            + eos_pca((SQUARE * 10).ravel(), AXES[:, [0]], [1], [[0, 1, 4]])
            + NO_COLOUR
            + NO_LIST,
            "does not have",
        ),
    ],
)
def test_a_wrong_eos_file_is_refused(tmp_path, data, says):
    (tmp_path / "x.bin").write_bytes(data)
    with pytest.raises(ModelError, match=says):
        morphable.load(tmp_path / "x.bin")


def test_an_eos_file_is_refused_wherever_it_is_cut(tmp_path):
    data = unpacked(WITH_SHAPES)
    for size in range(0, len(data), 7):
        (tmp_path / "x.bin").write_bytes(data[:size])
        with pytest.raises(ModelError):
            morphable.load(tmp_path / "x.bin")


# --- ICT ----------------------------------------------------------------------------------------


def write_obj(path, vertices):
    lines = ["mtllib ICTFaceModelMaterial.mtl", "# made by hand"]
    lines += [f"v {x:.15f} {y:.15f} {z:.15f}" for x, y, z in vertices]
    lines += ["vt 0.0 0.0", "vt 1.0 0.0", "vt 1.0 0.5", "vt 0.0 0.5", "vt 2.0 1.0"]
    lines += ["usemtl M_Face", "f 1/1 2/2 3/3 4/4", "f 1/1 3/3 4/5"]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def ict_folder(tmp_path):
    table = {
        "expressions": ["browInnerUp_L", "browInnerUp_R", "jawOpen"],
        "idx_to_landmark_verts": [k % 4 for k in range(68)],
    }
    (tmp_path / "vertex_indices.json").write_text(json.dumps(table))
    write_obj(tmp_path / "generic_neutral_mesh.obj", SQUARE)
    write_obj(tmp_path / "identity000.obj", SQUARE + shift(0.5, 0, 0))
    write_obj(tmp_path / "identity001.obj", SQUARE + shift(0.25, 3, 2))
    write_obj(tmp_path / "browInnerUp_L.obj", SQUARE + shift(1, 1, 1))
    write_obj(tmp_path / "browInnerUp_R.obj", SQUARE + shift(1, 0, 1))
    write_obj(tmp_path / "jawOpen.obj", SQUARE - shift(2, 2, 1))
    return tmp_path


def test_the_public_folder_of_the_ict_head(ict_folder):
    model = morphable.load(ict_folder)
    np.testing.assert_allclose(model.mean, SQUARE)
    np.testing.assert_allclose(model.identity, [shift(0.5, 0, 0), shift(0.25, 3, 2)], atol=1e-6)
    assert model.expression_names == ("browInnerUp", "jawOpen")
    both = shift(1, 0, 1) + shift(1, 1, 1)
    np.testing.assert_allclose(model.expression, [both, shift(-2, 2, 1)], atol=1e-6)
    np.testing.assert_array_equal(model.triangles, [[0, 1, 2], [0, 2, 3], [0, 2, 3]])
    assert model.uv is not None
    np.testing.assert_allclose(model.uv, [[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5], [1, 1]])
    np.testing.assert_array_equal(model.uv_triangles, [[0, 1, 2], [0, 2, 3], [0, 2, 4]])
    np.testing.assert_allclose(model.points("ibug68-3d", model.mean)[5], SQUARE[1])
    assert "MIT" in model.notice


@pytest.mark.parametrize(
    "name", ["vertex_indices.json", "identity000.obj", "jawOpen.obj", "generic_neutral_mesh.obj"]
)
def test_an_ict_folder_with_a_spoilt_file_is_refused(ict_folder, name):
    (ict_folder / name).write_text("v 1 2\n")
    with pytest.raises(ModelError, match=name):
        morphable.load(ict_folder)


@pytest.mark.parametrize("name", ["vertex_indices.json", "jawOpen.obj"])
def test_an_ict_folder_with_a_missing_file_is_refused(ict_folder, name):
    (ict_folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        morphable.load(ict_folder)


def test_an_ict_mesh_with_more_vertices_is_refused(ict_folder):
    write_obj(ict_folder / "jawOpen.obj", np.concatenate([SQUARE, SQUARE]))
    with pytest.raises(ModelError, match=r"jawOpen\.obj: 8 vertices, expected 4"):
        morphable.load(ict_folder)


def test_the_ict_head_as_one_npz(tmp_path):
    np.savez(
        tmp_path / "ict_face.npz",
        mean=SQUARE.astype("f4"),
        identity=shift(0.5, 0, 0)[None].astype("f2"),
        expression=np.stack([shift(1, 1, 1), shift(1, 0, 1)]).astype("f2"),
        expression_names=np.array(["cheekPuff_L", "cheekPuff_R"]),
        quads=np.array([[0, 1, 2, 3]]),
        quad_uv=np.array([[0, 1, 2, 3]]),
        triangles=np.array([[0, 1, 3]]),
        tri_uv=np.array([[0, 1, 3]]),
        uv=np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]),
        part=np.zeros(4, int),
        part_names=np.array(["face"]),
        landmarks68=np.zeros(68, int),
    )
    model = morphable.load(tmp_path / "ict_face.npz")
    assert model.expression_names == ("cheekPuff",)
    np.testing.assert_allclose(model.expression, [shift(1, 1, 1) + shift(1, 0, 1)], atol=1e-6)
    np.testing.assert_array_equal(model.triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 3]])


# --- anything else ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.txt", "x.obj", "x.mat", "x.h5", "x.npz"])
def test_a_foreign_file_gets_one_clear_line(tmp_path, name):
    (tmp_path / name).write_text("nothing of the kind")
    with pytest.raises(ModelError, match="not a face model; expected bauta") as error:
        morphable.load(tmp_path / name)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_an_empty_folder_are_told_apart(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        morphable.load(tmp_path / "none.npz")
    with pytest.raises(ModelError, match=r"without generic_neutral_mesh\.obj"):
        morphable.load(tmp_path)


def test_a_foreign_npz_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    with pytest.raises(ModelError, match="no format, name, mean"):
        morphable.load(tmp_path / "x.npz")
