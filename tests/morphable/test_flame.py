"""FLAME's pickle: what it says is read, what it asks to run is not."""

from __future__ import annotations

import io
import pickle
import sys
import types

import numpy as np
import pytest

from bauta import morphable
from bauta.checks import ModelError

MEAN = np.array([[-0.06, -0.06, 0.01], [0.06, -0.06, 0], [0.06, 0.06, 0.01], [-0.06, 0.06, 0]])
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)


class Ch:
    """Pickled as chumpy's: an object whose state holds `x`."""

    def __init__(self, x):
        self.x = x

    def __getstate__(self):
        return {"x": self.x, "_dirty_vars": {"x"}, "_itr": None, "_depends_on_deps": {}}


@pytest.fixture
def chumpy(monkeypatch):
    """A module `chumpy.ch` that exists while a file is written, as it did where FLAME was made."""
    package, module = types.ModuleType("chumpy"), types.ModuleType("chumpy.ch")
    monkeypatch.setattr(module, "Ch", Ch, raising=False)
    monkeypatch.setattr(Ch, "__module__", "chumpy.ch")
    monkeypatch.setitem(sys.modules, "chumpy", package)
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)


def flame(wrap=lambda x: x, modes=400):
    shapes = np.zeros((4, 3, modes))
    shapes[1, 2, 0], shapes[3, 1, 299] = 0.001, 0.002
    if modes > 300:
        shapes[2, 0, 300], shapes[0, 0, 399] = 0.003, 0.004
    return {
        "v_template": wrap(MEAN),
        "shapedirs": wrap(shapes),
        "posedirs": wrap(np.zeros((4, 3, 36))),
        "f": FACES,
        "weights": np.full((4, 5), 0.2),
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def write(path, data, protocol=2):
    path.write_bytes(pickle.dumps(data, protocol))


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_the_linear_part_is_read(tmp_path, chumpy, protocol):
    write(tmp_path / "generic_model.pkl", flame(Ch), protocol)
    model = morphable.load(tmp_path / "generic_model.pkl")
    np.testing.assert_allclose(model.mean, MEAN * 100, rtol=1e-6)
    np.testing.assert_array_equal(model.triangles, FACES)
    assert model.identity.shape == (300, 4, 3)
    assert model.expression.shape == (100, 4, 3)
    assert model.identity[0, 1, 2] == pytest.approx(0.1)
    assert model.identity[299, 3, 1] == pytest.approx(0.2)
    assert model.expression[0, 2, 0] == pytest.approx(0.3)
    assert model.expression[99, 0, 0] == pytest.approx(0.4)
    assert np.count_nonzero(model.identity) == np.count_nonzero(model.expression) == 2
    assert model.expression_names[99] == "expression099"


def test_plain_arrays_do_as_well(tmp_path):
    write(tmp_path / "x.pkl", flame())
    np.testing.assert_allclose(morphable.load(tmp_path / "x.pkl").mean, MEAN * 100, rtol=1e-6)


def test_a_sparse_matrix_is_passed_over(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    write(tmp_path / "x.pkl", {**flame(), "J_regressor": sparse.csc_matrix(np.eye(4, 5))})
    assert morphable.load(tmp_path / "x.pkl").modes == 300


def test_text_written_by_python_2_is_read(tmp_path):
    """Its arrays hold their bytes as `str`, which Python 3 sees as latin-1."""
    raw = MEAN.astype("<f8").tobytes()
    name = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    dtype = b"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    text = b"U" + bytes([len(raw)]) + raw
    array = name + b"(I1\n(I4\nI3\nt" + dtype + b"I00\n" + text + b"tb"
    head = b"(dp0\nS'v_template'\n" + array + b"s."
    (tmp_path / "x.pkl").write_bytes(head)
    with pytest.raises(ModelError, match="no `shapedirs`"):
        morphable.load(tmp_path / "x.pkl")


class Runs:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("function", "name"), [(exec, "exec"), (getattr, "getattr"), (__import__, "__import__")]
)
def test_a_call_of_anything_else_is_refused_and_not_made(tmp_path, protocol, function, name):
    trap = tmp_path / "trap"
    arguments = (f"open({str(trap)!r}, 'w')",) if function is exec else ("os", "system")
    write(tmp_path / "x.pkl", {"trap": Runs(function, *arguments), **flame()}, protocol)
    with pytest.raises(ModelError, match=f"asks for .*{name}, which no FLAME model needs"):
        morphable.load(tmp_path / "x.pkl")
    assert not trap.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cposix\nsystem\n(S'true'\ntR.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"cscipy.sparse\nload_npz\n.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cchumpy.ch\nCh.__init__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__call__\x93.",
        b"ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nobject\nNtR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I9\ntS'b'\ntR.",
        b"\x80\x02\x82\x01.",
        b"",
        b"not a pickle",
        pickle.dumps([1, 2]),
        pickle.dumps({"v_template": MEAN})[:-20],
    ],
)
def test_a_foreign_pickle_gets_one_clear_line(tmp_path, data):
    (tmp_path / "x.pkl").write_bytes(data)
    with pytest.raises(ModelError, match=r"x\.pkl: (refused, )?not a FLAME model") as error:
        morphable.load(tmp_path / "x.pkl")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shapedirs": None}, "no `shapedirs`"),
        ({"v_template": np.zeros((4, 2))}, "do not fit each other"),
        ({"shapedirs": np.zeros((5, 3, 400))}, "do not fit each other"),
        ({"v_template": np.full((4, 3), np.nan)}, "holds NaN"),
        ({"f": np.array([[0, 1, 9]])}, "does not have"),
        ({"f": "text"}, "`f` should be an array of numbers"),
        ({"v_template": np.array([[object()]])}, "array of numbers|asks for"),
    ],
)
def test_a_wrong_flame_is_refused(tmp_path, change, says):
    data = {key: value for key, value in {**flame(), **change}.items() if value is not None}
    write(tmp_path / "x.pkl", data)
    with pytest.raises(ModelError, match=says):
        morphable.load(tmp_path / "x.pkl")


def test_the_trap_of_these_tests_works(tmp_path):
    trap = tmp_path / "trap"
    pickle.load(io.BytesIO(pickle.dumps(Runs(exec, f"open({str(trap)!r}, 'w').close()"))))
    assert trap.exists()
