"""One documented npz per face model (docs/face-model.md); files are checked, never run."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bauta.checks import ModelError, SinkError
from bauta.morphable.model import SIDES, Embedding, Eye, FaceModel

FORMAT = "bauta-face-1"


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise ModelError(f"{where}: {message}; is it a face model of bauta, and whole?")


def _basis(file: Mapping[str, np.ndarray], key: str, vertices: int, where: str) -> np.ndarray:
    values = file[key]
    fits = values.ndim == 3 and values.shape[1:] == (vertices, 3)
    _require(fits, where, f"`{key}` should be (n, {vertices}, 3), is {values.shape}")
    values = values.astype(np.float32)
    _require(bool(np.isfinite(values).all()), where, f"`{key}` holds NaN or infinity")
    return values


def _rows(file: Mapping[str, np.ndarray], key: str, below: int, where: str) -> np.ndarray:
    values = file[key]
    good = values.dtype.kind in "iu" and (
        values.size == 0 or 0 <= values.min() <= values.max() < below
    )
    _require(bool(good), where, f"`{key}` should hold indices below {below}")
    return values.astype(np.int32)


def _names(file: Mapping[str, np.ndarray], key: str, where: str) -> tuple[str, ...]:
    _require(file[key].dtype.kind == "U" and file[key].ndim == 1, where, f"`{key}` should be text")
    return tuple(str(name) for name in file[key])


def from_arrays(file: Mapping[str, np.ndarray], where: str) -> FaceModel:
    """The model of the named arrays of a file; ModelError says which array is wrong and how."""
    needed = ("format", "name", "mean", "identity", "expression", "expression_names", "triangles")
    missing = [key for key in needed if key not in file]
    _require(not missing, where, f"no {', '.join(missing)}")
    _require(str(file["format"]) == FORMAT, where, f"format {file['format']!s}, expected {FORMAT}")
    count = len(file["mean"])
    mean = _basis({"mean": file["mean"][None]}, "mean", count, where)[0]
    identity = _basis(file, "identity", count, where)
    expression, names = (
        _basis(file, "expression", count, where),
        _names(file, "expression_names", where),
    )
    _require(len(names) == len(expression), where, "one name for each expression is needed")
    triangles = _rows(file, "triangles", count, where)
    _require(triangles.ndim == 2 and triangles.shape[1] == 3, where, "`triangles` should be (T, 3)")
    optional = _optional(file, count, len(triangles), where)
    return FaceModel(
        name=str(file["name"]),
        mean=mean,
        identity=identity,
        expression=expression,
        expression_names=names,
        triangles=triangles,
        embeddings=_embeddings(file, len(triangles), where),
        eyes=_eyes(file, count, where),
        **optional,
    )


def _optional(file: Mapping[str, np.ndarray], count: int, triangles: int, where: str) -> dict:
    found: dict = {
        "part": np.zeros(count, np.uint8),
        "part_names": ("skin",),
        "licence": str(file.get("licence", "")),
        "notice": str(file.get("notice", "")),
    }
    if "part" in file:
        found["part_names"] = _names(file, "part_names", where)
        part = _rows(file, "part", len(found["part_names"]), where)
        _require(part.shape == (count,), where, "one part for each vertex is needed")
        found["part"] = part.astype(np.uint8)
    if "mirror" in file:
        found["mirror"] = _rows(file, "mirror", count, where)
        _require(found["mirror"].shape == (count,), where, "`mirror` should be (V,)")
    if "uv" in file:
        found["uv"] = file["uv"].astype(np.float32)
        found["uv_triangles"] = _rows(file, "uv_triangles", len(file["uv"]), where)
        _require(found["uv_triangles"].shape == (triangles, 3), where, "`uv_triangles` not (T, 3)")
    if "albedo_mean" in file:
        found["albedo_mean"] = _basis({"m": file["albedo_mean"][None]}, "m", count, where)[0]
        if "albedo" in file:
            found["albedo"] = _basis(file, "albedo", count, where)
    return found


def _embeddings(file: Mapping[str, np.ndarray], count: int, where: str) -> dict[str, Embedding]:
    result = {}
    for key in file:
        if key.startswith("points_") and key.endswith("_triangle"):
            scheme = key.removeprefix("points_").removesuffix("_triangle")
            rows, weight = _rows(file, key, count, where), file[f"points_{scheme}_weight"]
            _require(weight.shape == (len(rows), 3), where, f"points of {scheme}: weights (K, 3)")
            result[scheme] = Embedding(rows, weight.astype(np.float32))
    return result


def _eyes(file: Mapping[str, np.ndarray], count: int, where: str) -> dict[str, Eye]:
    return {
        side: Eye(
            _rows(file, f"eye{side}_rows", count, where),
            file[f"eye{side}_weight"].astype(np.float32),
        )
        for side in SIDES
        if f"eye{side}_rows" in file
    }


def read_model(path: Path) -> FaceModel:
    """A face model; ModelError when the file is missing, foreign, cut off or wrong inside."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ModelError(f"{path}: not a readable npz file ({error})") from error
    return from_arrays(arrays, str(path))


def write_model(path: Path, model: FaceModel, half: bool = False) -> None:
    """Write a model, atomically; `half`: bases in 16 bits."""
    kind = np.float16 if half else np.float32
    arrays: dict[str, np.ndarray] = {
        "format": np.array(FORMAT),
        "name": np.array(model.name),
        "licence": np.array(model.licence),
        "notice": np.array(model.notice),
        "mean": model.mean.astype(np.float32),
        "identity": model.identity.astype(kind),
        "expression": model.expression.astype(kind),
        "expression_names": np.array(model.expression_names, dtype=str),
        "triangles": model.triangles.astype(np.int32),
        "part": model.part.astype(np.uint8),
        "part_names": np.array(model.part_names, dtype=str),
    }
    for key in ("mirror", "uv", "uv_triangles", "albedo_mean"):
        if (value := getattr(model, key)) is not None:
            arrays[key] = value
    if model.albedo is not None:
        arrays["albedo"] = model.albedo.astype(kind)
    for scheme, embedding in model.embeddings.items():
        arrays[f"points_{scheme}_triangle"] = embedding.triangle.astype(np.int32)
        arrays[f"points_{scheme}_weight"] = embedding.weight.astype(np.float32)
    for side, eye in model.eyes.items():
        arrays[f"eye{side}_rows"], arrays[f"eye{side}_weight"] = eye.rows, eye.weight
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        os.replace(part, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot be written ({error})") from error
