"""FLAME (Li et al. 2017, `generic_model.pkl`), read without running what its pickle asks for.

A pickle may call any function of any module. Here every name that it asks for is looked up in one
short table; another name, and the file is refused.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import ModelError
from bauta.morphable.bases import build_model, finite
from bauta.morphable.model import FaceModel

IDENTITY_MODES = 300
"""Of the 400 columns of `shapedirs`; the rest are expressions."""


class _Stored:
    """Stands in for an object of another library: keeps its state and does nothing."""

    def __init__(self) -> None:
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Ch(_Stored):
    """A chumpy array: `x` of its state holds the numbers."""


class _Csc(_Stored):
    """A sparse matrix of scipy: not needed."""


def _reconstructor(kind: type, base: type, state: Any) -> _Stored:
    """copyreg's way to make an object without calling its constructor: for the stand-ins alone."""
    if not (isinstance(kind, type) and issubclass(kind, _Stored)) or base is not object:
        raise pickle.UnpicklingError("an object of an unknown kind")
    return kind()


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in {encoding}")
    return text.encode("latin1")


def _array_start(kind: type, shape: Any, code: Any) -> np.ndarray:
    """Empty array to be filled by its state, as numpy's own `_reconstruct`."""
    if kind is not np.ndarray or shape != (0,):
        raise pickle.UnpicklingError("an array of an unknown kind")
    return np.ndarray.__new__(np.ndarray, (0,), "b")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _array_start,
    ("numpy._core.multiarray", "_reconstruct"): _array_start,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("scipy.sparse.csc", "csc_matrix"): _Csc,
    ("scipy.sparse._csc", "csc_matrix"): _Csc,
    ("chumpy.ch", "Ch"): _Ch,
    ("copy_reg", "_reconstructor"): _reconstructor,
    ("copyreg", "_reconstructor"): _reconstructor,
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("_codecs", "encode"): _encode,
}
"""Everything that the pickle may name, and what it gets."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return _KNOWN[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module_name}.{global_name}, which no FLAME model needs"
            ) from None


def _numbers(data: dict, key: str, where: str) -> np.ndarray:
    if key not in data:
        raise ModelError(f"{where}: no `{key}`; is it FLAME's generic_model.pkl?")
    value = data[key]
    value = value.state.get("x") if isinstance(value, _Ch) else value
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise ModelError(f"{where}: `{key}` should be an array of numbers")
    return finite(value, f"`{key}`", where)


def read_pickle(path: Path) -> FaceModel:
    """The linear part of FLAME: metres, x to the subject's left, y up, z out of the face.

    Its joints (jaw, neck, eyes) and the shapes that correct their poses are left out: the mouth
    opens as far as the expressions open it.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            data = _Unpickler(file, encoding="latin1").load()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a broken pickle raises anything
        raise ModelError(f"{path}: refused, not a FLAME model ({error})") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path}: not a FLAME model, but one {type(data).__name__}")
    mean = _numbers(data, "v_template", where)
    shapes, faces = _numbers(data, "shapedirs", where), _numbers(data, "f", where)
    if mean.ndim != 2 or mean.shape[1] != 3 or shapes.shape[:2] != mean.shape or shapes.ndim != 3:
        raise ModelError(
            f"{path}: `v_template` (V, 3) and `shapedirs` (V, 3, n) do not fit each other: "
            f"{mean.shape}, {shapes.shape}"
        )
    modes = shapes.transpose(2, 0, 1) * 100
    return build_model(
        where,
        "flame",
        mean * 100,
        faces.astype(np.int64).reshape(-1, 3),
        modes[:IDENTITY_MODES],
        modes[IDENTITY_MODES:],
        licence=np.array("FLAME: see its own terms"),
    )
