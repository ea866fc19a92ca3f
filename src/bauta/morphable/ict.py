"""The ICT head (Li et al. 2020, ICT-FaceKit light, MIT): loaders, and 51 ARKit shapes of its 53.

`ict_face.npz` holds the arrays of the public folder of OBJ files, see `read_npz`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import ModelError
from bauta.geometry.mesh import vertex_normals
from bauta.morphable.arkit import arkit_name

NOTICE = (
    "Derived from ICT-FaceKit (light), Copyright (c) 2020 USC Institute for Creative Technologies, "
    "MIT License."
)
MERGED = {
    "browInnerUp": ("browInnerUp_L", "browInnerUp_R"),
    "cheekPuff": ("cheekPuff_L", "cheekPuff_R"),
}
"""ARKit's name for what the ICT head has once a side."""
_OPPOSITE = {"left": "right", "right": "left"}


@dataclass(frozen=True, eq=False)
class IctHead:
    """The whole head: 26,719 vertices, 100 identity modes, 51 expressions with ARKit's names."""

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: tuple[str, ...]
    triangles: np.ndarray
    """(T, 3): the quads split, then the triangles."""
    uv: np.ndarray
    uv_triangles: np.ndarray
    part: np.ndarray
    part_names: tuple[str, ...]
    landmarks68: np.ndarray

    def rows(self, *parts: str) -> np.ndarray:
        """Vertices of the named parts."""
        wanted = [self.part_names.index(name) for name in parts]
        return np.flatnonzero(np.isin(self.part, wanted))


def split_quads(quads: np.ndarray) -> np.ndarray:
    """(2 Q, 3) triangles of quads (Q, 4), both halves of a quad next to each other."""
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def merge_shapes(names: tuple[str, ...], shapes: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """ARKit's names and shapes (51, V, 3) of the ICT's 53."""
    single = {part: whole for whole, parts in MERGED.items() for part in parts}
    result: dict[str, np.ndarray] = {}
    for name, shape in zip(names, shapes, strict=True):
        key = single.get(name, arkit_name(name))
        result[key] = result[key] + shape if key in result else shape
    order = sorted(result)
    return tuple(order), np.stack([result[key] for key in order])


def read_npz(path: Path) -> IctHead:
    """The head of an `ict_face.npz`; ModelError when an array is missing."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return _from_arrays({key: file[key] for key in file.files})
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not a readable ICT head ({error})") from error


def _from_arrays(file: Mapping[str, np.ndarray]) -> IctHead:
    names = tuple(str(name) for name in file["expression_names"])
    names, expression = merge_shapes(names, file["expression"].astype(np.float32))
    return IctHead(
        mean=file["mean"].astype(np.float32),
        identity=file["identity"].astype(np.float32),
        expression=expression,
        expression_names=names,
        triangles=np.concatenate([split_quads(file["quads"]), file["triangles"]]).astype(int),
        uv=file["uv"].astype(np.float32),
        uv_triangles=np.concatenate([split_quads(file["quad_uv"]), file["tri_uv"]]).astype(int),
        part=file["part"],
        part_names=tuple(str(name) for name in file["part_names"]),
        landmarks68=file["landmarks68"].astype(int),
    )


def mirror_of(head: IctHead) -> np.ndarray:
    """(V,) the vertex on the other side, found by position, normal and how it moves.

    Lips and lids lie on each other at rest: only normals and motion tell upper from lower.
    """
    flip = np.array([-1.0, 1.0, 1.0])
    normal = vertex_normals(head.mean, head.triangles)
    names = head.expression_names
    moves = [head.expression[names.index(key)] for key in ("jawOpen", "mouthFunnel")]
    vectors = [head.mean * 20, normal * 0.3, *moves]
    other = [_opposite(name, head.part_names) for name in head.part_names]
    here = np.concatenate([*vectors, head.part[:, None] * 10.0], 1)
    there = np.concatenate(
        [*(v * flip for v in vectors), np.array(other)[head.part][:, None] * 10.0], 1
    )
    mirror = np.empty(len(here), int)
    for part in range(len(head.part_names)):
        rows = np.flatnonzero(head.part == part)
        candidates = np.flatnonzero(head.part == other[part])
        for chunk in np.array_split(rows, max(len(rows) // 500, 1)):
            d = ((there[chunk][:, None] - here[candidates][None]) ** 2).sum(2)
            mirror[chunk] = candidates[d.argmin(1)]
    return _paired(mirror, here, there)


def _opposite(name: str, names: tuple[str, ...]) -> int:
    for side, opposite in _OPPOSITE.items():
        if name.endswith(side):
            return names.index(name.removesuffix(side) + opposite)
    return names.index(name)


def _paired(mirror: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Pair off the few that chose one who chose another, nearest pairs first."""
    lonely = np.flatnonzero(mirror[mirror] != np.arange(len(mirror)))
    cost = np.linalg.norm(there[lonely][:, None] - here[lonely][None], axis=2)
    cost = cost + cost.T
    free = np.ones(len(lonely), bool)
    for index in cost.argsort(axis=None):
        a, b = divmod(int(index), len(lonely))
        if free[a] and free[b]:
            mirror[lonely[a]], mirror[lonely[b]] = lonely[b], lonely[a]
            free[[a, b]] = False
    return mirror
