"""Basel Face Models: 2009 (Paysan et al. 2009, `01_MorphableModel.mat`), 2017 and 2019 (Gerig et
al. 2018, statismo HDF5).

All have x to the subject's left, y up, z out of the face. For research only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import ModelError
from bauta.morphable.bases import build_model, finite, linear_colours, modes_of, points_of
from bauta.morphable.model import FaceModel

_INSTALL = 'pip install "bauta[data]"'
KEYS2009 = ("shapeMU", "shapePC", "shapeEV", "texMU", "texPC", "texEV", "tl")
LICENCE = "Basel Face Model: research only, see its own terms"


def read_2009(path: Path) -> FaceModel:
    """The model of 2009: micrometres, colours 0..255.

    `shapeEV` and `texEV` are standard deviations although they are called eigenvalues; `tl` counts
    from 1 and runs clockwise. Its four segments are not used.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ModelError(f"{path}: reading MATLAB files needs scipy: {_INSTALL}") from error
    where = str(path)
    try:
        file = loadmat(where, variable_names=KEYS2009)
    except Exception as error:  # scipy raises anything on a broken file
        raise ModelError(f"{path}: not a readable MATLAB file ({error})") from error
    missing = [key for key in KEYS2009 if key not in file]
    if missing:
        raise ModelError(f"{path}: no {', '.join(missing)}; is it 01_MorphableModel.mat?")
    data = {key: finite(file[key], f"`{key}`", where) for key in KEYS2009}
    mean = points_of(data["shapeMU"], "`shapeMU`", where)
    count = len(mean)
    colour = points_of(data["texMU"], "`texMU`", where) / 255
    tones = modes_of(data["texPC"], data["texEV"] / 255, count, "`texPC`", where)
    colour, tones = linear_colours(colour, tones)
    return build_model(
        where,
        "basel2009",
        mean / 1e4,
        data["tl"].astype(np.int64).reshape(-1, 3) - 1,
        modes_of(data["shapePC"], data["shapeEV"], count, "`shapePC`", where) / 1e4,
        albedo_mean=colour,
        albedo=tones,
        licence=np.array(LICENCE),
    )


def read_hdf5(path: Path) -> FaceModel:
    """The models of 2017 and 2019: millimetres, colours 0..1, expressions of their own."""
    try:
        import h5py
    except ImportError as error:
        raise ModelError(f"{path}: reading HDF5 files needs h5py: {_INSTALL}") from error
    try:
        with h5py.File(path, "r") as file:
            return _of_groups(file, str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path}: not a readable HDF5 file ({error})") from error


def _of_groups(file: Any, where: str) -> FaceModel:
    mean, identity = _pca(file, "shape", where)
    more = {}
    expression = None
    if "expression" in file:
        shift, expression = _pca(file, "expression", where)
        mean, expression = mean + shift, expression / 10
    if "color" in file:
        colours = linear_colours(*_pca(file, "color", where))
        more = dict(zip(("albedo_mean", "albedo"), colours, strict=True))
    cells = finite(_dataset(file, "shape/representer/cells", where), "`cells`", where)
    if cells.ndim != 2 or 3 not in cells.shape:
        raise ModelError(f"{where}: `shape/representer/cells` should be (3, T), is {cells.shape}")
    cells = cells.T if len(cells) == 3 else cells
    return build_model(
        where,
        "basel",
        mean / 10,
        cells.astype(np.int64),
        identity / 10,
        expression,
        licence=np.array(LICENCE),
        **more,
    )


def _pca(file: Any, group: str, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean (V, 3) and modes (n, V, 3) of `group/model` (`pcaVariance` are squared deviations)."""
    data = {
        key: finite(_dataset(file, f"{group}/model/{key}", where), f"`{group}/model/{key}`", where)
        for key in ("mean", "pcaBasis", "pcaVariance")
    }
    mean = points_of(data["mean"], f"`{group}/model/mean`", where)
    deviation = np.sqrt(np.maximum(data["pcaVariance"], 0))
    return mean, modes_of(
        data["pcaBasis"], deviation, len(mean), f"`{group}/model/pcaBasis`", where
    )


def _dataset(file: Any, name: str, where: str) -> np.ndarray:
    if name not in file:
        raise ModelError(f"{where}: no {name}; is it a Basel Face Model of 2017 or 2019?")
    return np.asarray(file[name])
