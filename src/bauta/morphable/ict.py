"""The ICT head (Li et al. 2020, ICT-FaceKit light, MIT): loaders, and 51 ARKit shapes of its 53.

`read_folder` reads the public folder of OBJ files (`FaceXModel`), `read_npz` an `ict_face.npz` that
holds the same arrays. Centimetres, x to the subject's left, y up, z out of the face.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import ModelError
from bauta.geometry.mesh import vertex_normals
from bauta.morphable.arkit import arkit_name
from bauta.morphable.meshes import read_obj
from bauta.morphable.model import Embedding, Eye, FaceModel

NOTICE = (
    "Derived from ICT-FaceKit (light), Copyright (c) 2020 USC Institute for Creative Technologies, "
    "MIT License."
)
MERGED = {
    "browInnerUp": ("browInnerUp_L", "browInnerUp_R"),
    "cheekPuff": ("cheekPuff_L", "cheekPuff_R"),
}
"""ARKit's name for what the ICT head has once a side."""
PARTS = {
    "face": 9409,
    "head_neck": 1839,
    "mouth_socket": 2046,
    "eye_socket_left": 384,
    "eye_socket_right": 384,
    "gums_tongue": 2977,
    "teeth": 4412,
    "eyeball_left": 1570,
    "eyeball_right": 1570,
    "lacrimal_left": 204,
    "lacrimal_right": 204,
    "eye_blend_left": 24,
    "eye_blend_right": 24,
    "eye_occlusion_left": 152,
    "eye_occlusion_right": 152,
    "eyelashes_left": 684,
    "eyelashes_right": 684,
}
"""Vertices of each part, one part after the other (its page's table of geometry)."""
NEUTRAL, INDICES = "generic_neutral_mesh.obj", "vertex_indices.json"
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


def read_folder(folder: Path) -> IctHead:
    """The head of the public folder: `generic_neutral_mesh.obj`, `identity000.obj` and on,
    one `<expression>.obj` for each name in `vertex_indices.json`. Every file is a whole mesh, its
    displacement the difference to the neutral one. ModelError when one is missing or does not fit.
    """
    try:
        table = json.loads((folder / INDICES).read_text())
        names = tuple(str(name) for name in table["expressions"])
        landmarks = np.array(table["idx_to_landmark_verts"], int)
    except OSError as error:
        raise ModelError(f"{folder / INDICES}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / INDICES}: not the table of an ICT head ({error})") from error
    mesh = read_obj(folder / NEUTRAL)
    count = len(mesh.vertices)
    if landmarks.shape != (68,) or not 0 <= landmarks.min() <= landmarks.max() < count:
        raise ModelError(f"{folder / INDICES}: landmarks should be 68 indices below {count}")
    if mesh.uv is None or mesh.uv_triangles is None:
        raise ModelError(f"{folder / NEUTRAL}: no texture coordinates")
    people = sorted(folder.glob("identity[0-9][0-9][0-9].obj"))
    if not people:
        raise ModelError(f"{folder}: no identity000.obj")
    parts = PARTS if count == sum(PARTS.values()) else {"face": count}
    names, expression = merge_shapes(
        names, np.stack([_displacement(folder / f"{name}.obj", mesh.vertices) for name in names])
    )
    return IctHead(
        mean=mesh.vertices.astype(np.float32),
        identity=np.stack([_displacement(path, mesh.vertices) for path in people]),
        expression=expression,
        expression_names=names,
        triangles=mesh.triangles,
        uv=mesh.uv.astype(np.float32),
        uv_triangles=mesh.uv_triangles,
        part=np.repeat(np.arange(len(parts)), list(parts.values())),
        part_names=tuple(parts),
        landmarks68=landmarks,
    )


def _displacement(path: Path, neutral: np.ndarray) -> np.ndarray:
    vertices = read_obj(path, faces=False).vertices
    if vertices.shape != neutral.shape:
        raise ModelError(
            f"{path}: {len(vertices)} vertices, expected {len(neutral)} as in {NEUTRAL}"
        )
    return (vertices - neutral).astype(np.float32)


def model_of(head: IctHead) -> FaceModel:
    """The whole head as a face model, with its 68 anatomical points and eyes that turn."""
    eyes = {}
    for side, part in (("Left", "eyeball_left"), ("Right", "eyeball_right")):
        if part in head.part_names:
            eyes[side] = eye_of(head, head.rows(part), head.rows(part), len(head.identity))
    return FaceModel(
        name="ict",
        mean=head.mean,
        identity=head.identity,
        expression=head.expression,
        expression_names=head.expression_names,
        triangles=head.triangles.astype(np.int32),
        part=head.part.astype(np.uint8),
        part_names=head.part_names,
        uv=(head.uv / (np.ceil(head.uv[:, 0].max()), 1.0)).astype(np.float32),
        uv_triangles=head.uv_triangles.astype(np.int32),
        embeddings={"ibug68-3d": embed_vertices(head.triangles, head.landmarks68)},
        eyes=eyes,
        licence="MIT",
        notice=NOTICE,
    )


def eye_of(head: IctHead, rows: np.ndarray, kept: np.ndarray, modes: int) -> Eye:
    """The eye with original vertices `rows` (n,), which are rows `kept` of the model to be made.

    Its centre is that of the sphere that fits the white; a linear map of the vertices that gives it
    in the mean and in every one of `modes` identity modes, so that it moves with the person.
    """
    shapes = np.concatenate([head.mean[None], head.mean + head.identity[:modes]])
    white = _white(head, rows)
    centres = np.stack([sphere_centre(shape[white]) for shape in shapes])
    A = shapes[:, rows].transpose(0, 2, 1).reshape(-1, len(rows))
    A = np.concatenate([A, np.full((1, len(rows)), 100.0)])
    weight = np.linalg.lstsq(A, np.append(centres.ravel(), 100.0), rcond=1e-6)[0]
    return Eye(kept.astype(np.int32), weight.astype(np.float32))


def _white(head: IctHead, rows: np.ndarray) -> np.ndarray:
    return rows[head.mean[rows, 2] < np.quantile(head.mean[rows, 2], 0.6)]


def between_the_eyes(head: IctHead) -> np.ndarray:
    """(3,) midway between the centres of the eyes: the origin of the head that ships."""
    whites = (_white(head, head.rows(name)) for name in ("eyeball_left", "eyeball_right"))
    return np.mean([sphere_centre(head.mean[white]) for white in whites], 0)


def sphere_centre(points: np.ndarray) -> np.ndarray:
    """Centre (3,) of the sphere nearest to points (n, 3) by algebraic least squares:
    |p|^2 = 2 c p + r^2 - |c|^2."""
    A = np.concatenate([2 * points, np.ones((len(points), 1))], 1).astype(np.float64)
    return np.linalg.lstsq(A, (points.astype(np.float64) ** 2).sum(1), rcond=None)[0][:3]


def embed_vertices(triangles: np.ndarray, vertices: np.ndarray) -> Embedding:
    """Points that are vertices (K,) of the mesh."""
    rows, corners = [], []
    for vertex in vertices:
        where = np.argwhere(triangles == vertex)[0]
        rows.append(where[0])
        corners.append(where[1])
    return Embedding(np.array(rows, np.int32), np.eye(3, dtype=np.float32)[corners])


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
