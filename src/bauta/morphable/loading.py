"""One entry to every kind of face model file."""

from __future__ import annotations

import zipfile
from pathlib import Path

from bauta.checks import ModelError
from bauta.morphable import basel, eos, flame, ict
from bauta.morphable.file import read_model
from bauta.morphable.model import FaceModel

KINDS = (
    "bauta .npz, ICT folder or ict_face.npz, Basel 2009 .mat, Basel 2017 and 2019 .h5, FLAME .pkl, "
    "eos .bin"
)


def load(path: str | Path) -> FaceModel:
    """A face model of any kind in `KINDS`, told by content, for .pkl and .bin by extension.

    Centimetres in head axes for all; coefficients of identity in standard deviations. Files are
    checked and never run. ModelError says in one line why a file cannot be used.
    """
    path = Path(path)
    if path.is_dir():
        if (path / ict.NEUTRAL).exists():
            return ict.model_of(ict.read_folder(path))
        raise ModelError(f"{path}: a folder without {ict.NEUTRAL}; expected {KINDS}")
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if start.startswith(b"PK"):
        return _of_npz(path)
    if start.startswith(b"\x89HDF"):
        return basel.read_hdf5(path)
    if start.startswith(b"MATLAB"):
        return basel.read_2009(path)
    if path.suffix.lower() == ".pkl":
        return flame.read_pickle(path)
    if path.suffix.lower() == ".bin":
        return eos.read_bin(path)
    raise ModelError(f"{path}: not a face model; expected {KINDS}")


def _of_npz(path: Path) -> FaceModel:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a readable npz file ({error})") from error
    if "format" not in names and {"quads", "landmarks68"} <= names:
        return ict.model_of(ict.read_npz(path))
    return read_model(path)
