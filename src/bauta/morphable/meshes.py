"""Triangle meshes from OBJ and PLY files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import ModelError

_PLY_TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float": "f4",
    "double": "f8",
    "float32": "f4",
    "float64": "f8",
}


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices in the file's own order; polygons are cut into fans of triangles."""

    vertices: np.ndarray
    """(V, 3) float64."""
    triangles: np.ndarray
    """(T, 3) int64."""
    uv: np.ndarray | None = None
    """(U, 2)."""
    uv_triangles: np.ndarray | None = None
    """(T, 3) int64 corners in `uv`."""


def read_mesh(path: Path) -> Mesh:
    """A mesh of an .obj or .ply file; ModelError when it cannot be read."""
    readers = {".obj": read_obj, ".ply": read_ply}
    if path.suffix.lower() not in readers:
        raise ModelError(f"{path}: expected .obj or .ply")
    return readers[path.suffix.lower()](path)


def _fan(polygon: list[int]) -> list[list[int]]:
    return [[polygon[0], polygon[k], polygon[k + 1]] for k in range(1, len(polygon) - 1)]


def read_obj(path: Path, faces: bool = True) -> Mesh:
    """A Wavefront OBJ file: `v`, `vt`, `f` with `a`, `a/b`, `a//c`, `a/b/c`, from 1, or from the
    end when negative. Without `faces` only the vertices are read, which is faster."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    vertices = [line.split()[1:4] for line in lines if line.startswith("v ")]
    uv = [line.split()[1:3] for line in lines if faces and line.startswith("vt ")]
    triangles, corners = [], []
    try:
        X = np.array(vertices, np.float64).reshape(-1, 3)
        for line in lines if faces else ():
            if line.startswith("f "):
                items = [item.split("/") for item in line.split()[1:]]
                triangles += _fan([_index(item[0], len(X)) for item in items])
                if uv and all(len(item) > 1 and item[1] for item in items):
                    corners += _fan([_index(item[1], len(uv)) for item in items])
        mapped = bool(uv) and len(corners) == len(triangles)
        mesh = Mesh(
            X,
            np.array(triangles, np.int64).reshape(-1, 3),
            np.array(uv, np.float64) if mapped else None,
            np.array(corners, np.int64) if mapped else None,
        )
    except (ValueError, IndexError) as error:
        raise ModelError(f"{path}: not a readable OBJ file ({error})") from error
    return _checked(mesh, path)


def _index(text: str, count: int) -> int:
    number = int(text)
    index = number - 1 if number > 0 else count + number
    if not 0 <= index < count:
        raise IndexError(f"a face names {number} of {count}")
    return index


def _checked(mesh: Mesh, path: Path) -> Mesh:
    if not len(mesh.vertices):
        raise ModelError(f"{path}: no vertices")
    if not np.isfinite(mesh.vertices).all():
        raise ModelError(f"{path}: vertices hold NaN or infinity")
    T = mesh.triangles
    if T.size and not 0 <= T.min() <= T.max() < len(mesh.vertices):
        raise ModelError(f"{path}: a face names a vertex that is not there")
    return mesh


def read_ply(path: Path) -> Mesh:
    """A PLY file, ascii or binary: elements `vertex` (x, y, z) and `face` (one list)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    head, mark, body = data.partition(b"end_header")
    if not head.startswith(b"ply") or not mark:
        raise ModelError(f"{path}: not a PLY file")
    body = body.split(b"\n", 1)[-1]
    try:
        form, elements = _ply_header(head.decode("ascii").splitlines())
        tables = (
            _ply_ascii(body, elements) if form == "ascii" else _ply_binary(body, form, elements)
        )
        vertices = np.stack([tables["vertex"][axis] for axis in "xyz"], 1).astype(np.float64)
        polygons = next(iter(tables.get("face", {"": []}).values()), [])
        triangles = [t for polygon in polygons for t in _fan([int(k) for k in polygon])]
        mesh = Mesh(vertices, np.array(triangles, np.int64).reshape(-1, 3))
    except (ValueError, IndexError, KeyError, StopIteration) as error:
        raise ModelError(f"{path}: not a readable PLY file ({error})") from error
    return _checked(mesh, path)


Element = tuple[str, int, list[tuple[str, str, str]]]
"""Name, rows, and properties: name, type, type of the count for a list (else empty)."""


def _ply_header(lines: list[str]) -> tuple[str, list[Element]]:
    form, elements = "", []
    for words in (line.split() for line in lines):
        if words[:1] == ["format"]:
            form = words[1]
        elif words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:2] == ["property", "list"]:
            elements[-1][2].append((words[4], _PLY_TYPES[words[3]], _PLY_TYPES[words[2]]))
        elif words[:1] == ["property"]:
            elements[-1][2].append((words[2], _PLY_TYPES[words[1]], ""))
    if form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"format {form!r}")
    return form, elements


def _ply_ascii(body: bytes, elements: list[Element]) -> dict[str, dict]:
    words, at, tables = body.split(), 0, {}
    for name, rows, properties in elements:
        columns: dict[str, list] = {key: [] for key, _, _ in properties}
        for _ in range(rows):
            for key, _, count in properties:
                size = int(words[at]) if count else 1
                at += bool(count)
                values = [float(word) for word in words[at : at + size]]
                if len(values) < size:
                    raise IndexError("it ends early")
                columns[key].append(values if count else values[0])
                at += size
        tables[name] = columns
    return tables


def _ply_binary(body: bytes, form: str, elements: list[Element]) -> dict[str, dict]:
    order, at, tables = "<" if form == "binary_little_endian" else ">", 0, {}
    for name, rows, properties in elements:
        if all(not count for _, _, count in properties):
            kind = np.dtype([(key, order + code) for key, code, _ in properties])
            table = np.frombuffer(body, kind, rows, at)
            tables[name], at = {key: table[key] for key, _, _ in properties}, at + table.nbytes
            continue
        columns: dict[str, list] = {key: [] for key, _, _ in properties}
        for _ in range(rows):
            for key, code, count in properties:
                size = 1
                if count:
                    size = int(np.frombuffer(body, order + count, 1, at)[0])
                    at += np.dtype(count).itemsize
                values = np.frombuffer(body, order + code, size, at)
                columns[key].append(values)
                at += values.nbytes
        tables[name] = columns
    return tables
