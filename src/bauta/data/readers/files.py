"""Files that several sets share: `.pts`, and MATLAB's `.mat` up to version 7.2 and of 7.3.

Nothing read here is run: a `.mat` file is parsed as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.text import Row, rows

if TYPE_CHECKING:
    import h5py

FROM_ONE = np.float32(-0.5)
"""Added to coordinates that count pixel centres from 1, as MATLAB and `.pts` files do."""
_INSTALL = 'pip install "bauta[data]"'


def folder_in(root: Path, *names: str) -> Path:
    """The folder `root/names[0]/names[1]...`, whatever its upper and lower case.

    SourceError naming the first that is missing.
    """
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds {names[0]}")
    path = root
    for name in names:
        entries = sorted(path.iterdir())
        found = [
            entry for entry in entries if entry.name.lower() == name.lower() and entry.is_dir()
        ]
        if not found:
            raise SourceError(f"{path / name}: no such folder; unpack the whole set under {root}")
        path = found[0]
    return path


def read_pts(path: Path, count: int) -> np.ndarray:
    """Points (count, 2) float32 of a `.pts` file, in our pixels.

        version: 1
        n_points: 68
        {
        446.000 91.000
        ...
        }

    Coordinates count pixel centres from 1 (MATLAB; menpo subtracts 1 to get 0-based centres).
    SourceError names file and line where the file is cut off, miscounted or holds no number.
    """
    lines = list(rows(path))
    starts = [place for place, row in enumerate(lines) if row.cells == ["{"]]
    ends = [place for place, row in enumerate(lines) if row.cells == ["}"]]
    if not starts:
        raise SourceError(f"{path}: not a file of points; expected a line with '{{'")
    if not ends:
        raise SourceError(f"{path}:{lines[-1].number}: cut off; expected a last line with '}}'")
    declared = _declared(lines[: starts[0]], path)
    points = lines[starts[0] + 1 : ends[-1]]
    if declared != count:
        raise SourceError(f"{path}: expected n_points: {count}, got {declared}")
    if len(points) != count:
        line = lines[ends[-1]].number
        raise SourceError(f"{path}:{line}: expected {count} points before it, got {len(points)}")
    return np.stack([_point(row) for row in points]) + FROM_ONE


def _declared(header: list[Row], path: Path) -> int:
    for row in header:
        key, _, value = "".join(row.cells).partition(":")
        if key == "n_points":
            if not value.isdecimal():
                raise row.fail("n_points: and a whole number")
            return int(value)
    raise SourceError(f"{path}:1: expected a line 'n_points: ...' before the points")


def _point(row: Row) -> np.ndarray:
    expected = "two finite numbers, x and y"
    point = row.floats(0, 2, expected)
    if len(row.cells) != 2 or not np.isfinite(point).all():
        raise row.fail(expected)
    return point


def read_mat(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Variables of a MATLAB file up to version 7.2, by name, shaped as MATLAB has them.

    SourceError when scipy is missing, or the file, or one of the variables.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise SourceError(f"{path}: reading it needs scipy; run: {_INSTALL}") from None
    if not path.is_file():
        raise SourceError(f"{path}: missing; get a whole copy of the set")
    try:
        content: dict[str, Any] = loadmat(path, variable_names=list(names))
    except NotImplementedError:
        raise SourceError(f"{path}: of MATLAB 7.3; expected an older version") from None
    except Exception as error:  # the parser meets damage with whatever its code runs into
        raise SourceError(
            f"{path}: not a readable .mat file ({error}); get a whole copy"
        ) from error
    for name in names:
        if name not in content:
            raise SourceError(f"{path}: holds no {name!r}; is it a file of this set?")
    return {name: np.asarray(content[name]) for name in names}


def numbers(value: np.ndarray, shape: tuple[int | None, ...], path: Path, name: str) -> np.ndarray:
    """`value` as float64 if it has that shape (None: any) and is finite; SourceError otherwise."""
    fits = value.ndim == len(shape) and all(
        want in (None, got) for got, want in zip(value.shape, shape, strict=True)
    )
    if not fits or value.dtype.kind not in "fiub":
        wanted = " x ".join("n" if want is None else str(want) for want in shape)
        raise SourceError(
            f"{path}: {name}: expected {wanted} numbers, got {value.shape} of {value.dtype}"
        )
    result = value.astype(np.float64)
    if not np.isfinite(result).all():
        raise SourceError(f"{path}: {name}: expected finite numbers, got NaN or infinity")
    return result


@contextmanager
def open_mat73(path: Path) -> Iterator[h5py.File]:
    """A MATLAB 7.3 file, which is HDF5: every array is transposed, a cell array is one of
    references. SourceError when h5py is missing, or the file cannot be read."""
    try:
        import h5py
    except ImportError:
        raise SourceError(f"{path}: reading it needs h5py; run: {_INSTALL}") from None
    if not path.is_file():
        raise SourceError(f"{path}: missing; get a whole copy of the set")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise SourceError(f"{path}: not a readable MATLAB 7.3 file ({error})") from error
    try:
        with file:
            yield file
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: is damaged ({error}); get a whole copy") from error


def variable73(file: h5py.File, name: str, path: Path) -> h5py.Dataset:
    """A variable of an open MATLAB 7.3 file; SourceError when there is none of that name."""
    import h5py

    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        raise SourceError(f"{path}: holds no {name!r}; is it a file of this set?")
    return found


def cell73(file: h5py.File, name: str, row: int, path: Path) -> np.ndarray:
    """What cell `row`, from 0, of a cell array of one column holds, shaped as MATLAB has it."""
    import h5py

    references = variable73(file, name, path)[()].ravel()
    if not isinstance(references[row], h5py.Reference):
        raise SourceError(f"{path}: {name}: expected a cell array, got {references.dtype}")
    found = file[references[row]]
    if not isinstance(found, h5py.Dataset):
        raise SourceError(f"{path}: {name}: cell {row + 1} holds no array; get a whole copy")
    return np.asarray(found[()]).T
