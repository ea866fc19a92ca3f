"""Models of eos (Huber et al. 2016), such as the Surrey Face Model: `.bin`, versions 1 to 4.

The format is what cereal's binary archive makes of eos::morphablemodel::MorphableModel, little
endian: version u32; shape and colour model; from 2 on the expressions, from 3 on named vertices,
both optional; texture coordinates (f64 pairs); in 4 the triangles of the texture.

    matrix     rows i32, columns i32, f32 values column by column
    list       count u64, items
    PCA model  mean, orthonormal basis, eigenvalues (three matrices), triangles (list of 3 i32)
    optional   u8, 1 when there is none, else the value
    variant    i32 kind (0 PCA model, 1 list of blend shapes), value
    shape      name (list of bytes), deformation (matrix)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bauta.checks import ModelError
from bauta.morphable.bases import build_model, finite, linear_colours, modes_of, points_of
from bauta.morphable.model import FaceModel

UNITS = (1e-4, 1e-1, 1.0, 100.0)
"""Centimetres in a micrometre, millimetre, centimetre, metre."""
SMALLEST, LARGEST = 8.0, 80.0
"""Centimetres that the longest side of a face or head may have."""
VERSIONS = (1, 2, 3, 4)
LICENCE = "eos: see the model's own terms (Surrey Face Model: not for commercial use)"
Pca = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class _Archive:
    """Bytes read from front to back; ModelError past the end."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data, self.at, self.where = data, 0, where

    def array(self, kind: str, count: int) -> np.ndarray:
        size = count * np.dtype(kind).itemsize
        if not 0 <= size <= len(self.data) - self.at:
            raise ModelError(f"{self.where}: ends early; is it an eos model, and whole?")
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += size
        return values

    def number(self, kind: str) -> int:
        return int(self.array(kind, 1)[0])

    def matrix(self) -> np.ndarray:
        rows, columns = self.number("<i4"), self.number("<i4")
        if rows < 0 or columns < 0:
            raise ModelError(f"{self.where}: a matrix of {rows} x {columns}; is it an eos model?")
        return self.array("<f4", rows * columns).reshape(columns, rows).T

    def triples(self) -> np.ndarray:
        return self.array("<i4", 3 * self.number("<u8")).reshape(-1, 3)

    def text(self) -> str:
        return bytes(self.array("u1", self.number("<u8"))).decode("utf-8", "replace")

    def pca(self) -> Pca:
        return self.matrix(), self.matrix(), self.matrix(), self.triples()

    def shapes(self) -> dict[str, np.ndarray]:
        return {self.text(): self.matrix() for _ in range(self.number("<u8"))}

    def present(self) -> bool:
        return self.number("u1") == 0


def _read(path: Path) -> _Archive:
    try:
        return _Archive(path.read_bytes(), str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def unit_of(mean: np.ndarray, where: str) -> float:
    """Centimetres of one unit: the file does not say, but a head is 8 to 80 cm long."""
    extent = float(np.ptp(mean, axis=0).max())
    for unit in UNITS:
        if SMALLEST <= extent * unit < LARGEST:
            return unit
    raise ModelError(f"{where}: {extent:g} long, which is no head in any unit")


def read_bin(path: Path, blendshapes: Path | None = None) -> FaceModel:
    """A model; `blendshapes`: a file of eos' shapes that replace the expressions of the model.

    The unit is told from the size. Colours are sRGB 0..1, as eos shows them.
    """
    archive = _read(path)
    where, version = archive.where, archive.number("<u4")
    if version not in VERSIONS:
        raise ModelError(f"{path}: version {version}, expected 1 to 4; is it an eos model?")
    shape, colour = archive.pca(), archive.pca()
    expression: Pca | dict[str, np.ndarray] | None = None
    if version >= 2 and archive.present():
        kind = archive.number("<i4")
        expression = archive.pca() if kind == 0 else archive.shapes()
    if version >= 3 and archive.present():
        for _ in range(archive.number("<u8")):
            archive.text()
            archive.number("<i4")
    uv = archive.array("<f8", 2 * archive.number("<u8")).reshape(-1, 2)
    uv_triangles = archive.triples() if version >= 4 else np.zeros((0, 3), np.int32)
    if archive.at != len(archive.data):
        raise ModelError(f"{path}: {len(archive.data) - archive.at} bytes too many")
    if blendshapes is not None:
        expression = read_shapes(blendshapes)
    return _model(where, shape, colour, expression, uv, uv_triangles)


def read_shapes(path: Path) -> dict[str, np.ndarray]:
    """Displacements (3 V, 1) by name, of a file of blend shapes."""
    archive = _read(path)
    shapes = archive.shapes()
    if archive.at != len(archive.data) or not shapes:
        raise ModelError(f"{path}: not a file of eos blend shapes")
    return shapes


def _model(
    where: str,
    shape: Pca,
    colour: Pca,
    expression: Pca | dict[str, np.ndarray] | None,
    uv: np.ndarray,
    uv_triangles: np.ndarray,
) -> FaceModel:
    mean, identity = _linear(shape, "shape", where)
    names, moves = None, None
    if isinstance(expression, dict):
        names = tuple(expression)
        vectors = [points_of(finite(v, k, where), k, where) for k, v in expression.items()]
        if any(len(v) != len(mean) for v in vectors):
            raise ModelError(f"{where}: blend shapes of another mesh than the model's")
        moves = np.stack(vectors)
    elif expression is not None:
        shift, moves = _linear(expression, "expression", where)
        mean = mean + shift
    unit, triangles, more = unit_of(mean, where), shape[3], {}
    if colour[0].size:
        tones = linear_colours(*_linear(colour, "colour", where))
        more = dict(zip(("albedo_mean", "albedo"), tones, strict=True))
    if len(uv):
        corners = uv_triangles if len(uv_triangles) else triangles
        more |= {"uv": uv * (1, -1) + (0, 1), "uv_triangles": corners}
    return build_model(
        where,
        "eos",
        mean * unit,
        triangles,
        identity * unit,
        None if moves is None else moves * unit,
        names,
        licence=np.array(LICENCE),
        **more,
    )


def _linear(model: Pca, what: str, where: str) -> tuple[np.ndarray, np.ndarray]:
    mean = points_of(finite(model[0], f"{what} mean", where), f"{what} mean", where)
    deviation = np.sqrt(np.maximum(model[2].astype(np.float64), 0))
    return mean, modes_of(model[1], deviation, len(mean), f"{what} basis", where)
