"""One documented npz per face model (docs/face-model.md); files are checked, never run."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from bauta.checks import ModelError, SinkError
from bauta.morphable.model import SIDES, Contour, Embedding, Eye, FaceModel

FORMAT = "bauta-face-1"


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise ModelError(f"{where}: {message}; is it a face model of bauta, and whole?")


def _numbers(
    file: Mapping[str, np.ndarray], key: str, shape: tuple[int | None, ...], where: str
) -> np.ndarray:
    """float32 array of a shape (None: any length); finite."""
    _require(key in file, where, f"no `{key}`")
    values = file[key]
    fits = values.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, values.shape, strict=True)
    )
    wanted = str(shape).replace("None", "n")
    _require(fits, where, f"`{key}` should be {wanted}, is {values.shape}")
    _require(values.dtype.kind in "fiu", where, f"`{key}` should be numbers, is {values.dtype}")
    values = values.astype(np.float32)
    _require(bool(np.isfinite(values).all()), where, f"`{key}` holds NaN or infinity")
    return values


def _rows(
    file: Mapping[str, np.ndarray],
    key: str,
    shape: tuple[int | None, ...],
    below: int,
    where: str,
) -> np.ndarray:
    """int32 indices of a shape (None: any length), each in 0..below - 1."""
    _numbers(file, key, shape, where)
    values = file[key]
    good = values.dtype.kind in "iu" and (
        values.size == 0 or 0 <= values.min() <= values.max() < below
    )
    _require(bool(good), where, f"`{key}` should hold indices below {below}")
    return values.astype(np.int32)


def _names(file: Mapping[str, np.ndarray], key: str, where: str) -> tuple[str, ...]:
    good = key in file and file[key].dtype.kind == "U" and file[key].ndim == 1
    _require(good, where, f"`{key}` should be a list of text")
    return tuple(str(name) for name in file[key])


def from_arrays(file: Mapping[str, np.ndarray], where: str) -> FaceModel:
    """The model of the named arrays of a file; ModelError says which array is wrong and how."""
    needed = ("format", "name", "mean", "identity", "expression", "expression_names", "triangles")
    missing = [key for key in needed if key not in file]
    _require(not missing, where, f"no {', '.join(missing)}")
    _require(str(file["format"]) == FORMAT, where, f"format {file['format']!s}, expected {FORMAT}")
    mean = _numbers(file, "mean", (None, 3), where)
    count, names = len(mean), _names(file, "expression_names", where)
    triangles = _rows(file, "triangles", (None, 3), count, where)
    return FaceModel(
        name=str(file["name"]),
        mean=mean,
        identity=_numbers(file, "identity", (None, count, 3), where),
        expression=_numbers(file, "expression", (len(names), count, 3), where),
        expression_names=names,
        triangles=triangles,
        embeddings=_embeddings(file, len(triangles), where),
        eyes=_eyes(file, count, where),
        contour=_contour(file, len(triangles), where),
        regions={
            key.removeprefix("region_"): _rows(file, key, (None,), count, where)
            for key in file
            if key.startswith("region_")
        },
        **_optional(file, count, len(triangles), where),
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
        part = _rows(file, "part", (count,), len(found["part_names"]), where)
        found["part"] = part.astype(np.uint8)
    if "mirror" in file:
        found["mirror"] = _rows(file, "mirror", (count,), count, where)
    if "uv" in file:
        found["uv"] = _numbers(file, "uv", (None, 2), where)
        below = len(found["uv"])
        found["uv_triangles"] = _rows(file, "uv_triangles", (triangles, 3), below, where)
    if "albedo_mean" in file:
        found["albedo_mean"] = _numbers(file, "albedo_mean", (count, 3), where)
        if "albedo" in file:
            found["albedo"] = _numbers(file, "albedo", (None, count, 3), where)
    return found


def _embeddings(file: Mapping[str, np.ndarray], count: int, where: str) -> dict[str, Embedding]:
    result = {}
    for key in file:
        if key.startswith("points_") and key.endswith("_triangle"):
            scheme = key.removeprefix("points_").removesuffix("_triangle")
            rows = _rows(file, key, (None,), count, where)
            weight = _numbers(file, f"points_{scheme}_weight", (len(rows), 3), where)
            result[scheme] = Embedding(rows, weight)
    return result


def _eyes(file: Mapping[str, np.ndarray], count: int, where: str) -> dict[str, Eye]:
    result = {}
    for side in SIDES:
        if f"eye{side}_rows" in file:
            rows = _rows(file, f"eye{side}_rows", (None,), count, where)
            result[side] = Eye(rows, _numbers(file, f"eye{side}_weight", rows.shape, where))
    return result


def _contour(file: Mapping[str, np.ndarray], count: int, where: str) -> Contour | None:
    if "contour_triangle" not in file:
        return None
    rows = _rows(file, "contour_triangle", (17, None), count, where)
    weight = _numbers(file, "contour_weight", (*rows.shape, 3), where)
    angle = _numbers(file, "contour_angle", rows.shape, where)
    rises = rows.shape[1] > 1 and bool((np.diff(angle, axis=1) > 0).all())
    _require(rises, where, "`contour_angle` should rise along each line")
    return Contour(rows, weight, angle, _numbers(file, "contour_across", (17, 3), where))


def read_model(path: Path) -> FaceModel:
    """A face model; ModelError when the file is missing, foreign, cut off or wrong inside."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, TypeError) as error:
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
    for region, rows in model.regions.items():
        arrays[f"region_{region}"] = rows.astype(np.int32)
    if model.contour is not None:
        arrays["contour_triangle"] = model.contour.triangle.astype(np.int32)
        arrays["contour_weight"] = model.contour.weight.astype(np.float32)
        arrays["contour_angle"] = model.contour.angle.astype(np.float32)
        arrays["contour_across"] = model.contour.across.astype(np.float32)
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data.getbuffer())
        os.replace(part, path)
    except OSError as error:
        raise SinkError(
            f"{path}: cannot be written: {error.strerror or error}; "
            "free some space, check permissions or write elsewhere"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
