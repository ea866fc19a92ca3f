"""The mesh of one frame as OBJ or PLY. Head axes (x to the subject's left, y up, z out of the face)
and centimetres; triangles counter-clockwise seen from outside, v of the texture upwards; its
layout is `atlas.py`'s."""

from __future__ import annotations

import numpy as np

from bauta.export.atlas import atlas_of
from bauta.geometry.mesh import vertex_normals
from bauta.morphable.model import FaceModel


def to_obj(vertices: np.ndarray, model: FaceModel) -> bytes:
    """Wavefront OBJ of vertices (V, 3): v, vt, vn; indices from 1."""
    atlas, normals = atlas_of(model), vertex_normals(vertices, model.triangles)
    lines = [f"# bauta: {model.name}, head axes, centimetres", *_comments(model)]
    lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in vertices.tolist()]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in atlas.uv.tolist()]
    lines += [f"vn {x:.5f} {y:.5f} {z:.5f}" for x, y, z in normals.tolist()]
    pairs = np.stack([model.triangles + 1, atlas.triangles + 1], 2).reshape(-1, 6).tolist()
    lines += [f"f {a}/{s}/{a} {b}/{t}/{b} {c}/{u}/{c}" for a, s, b, t, c, u in pairs]
    return ("\n".join(lines) + "\n").encode()


def to_ply(vertices: np.ndarray, model: FaceModel) -> bytes:
    """Binary little-endian PLY of vertices (V, 3): x y z, nx ny nz and s t, one vertex for each
    place on the texture."""
    atlas, normals = atlas_of(model), vertex_normals(vertices, model.triangles)
    names = ("x", "y", "z", "nx", "ny", "nz", "s", "t")
    head = ["ply", "format binary_little_endian 1.0"]
    head += [f"comment bauta: {model.name}, head axes, centimetres"]
    head += [f"comment {line[2:]}" for line in _comments(model)]
    head += [f"element vertex {len(atlas.vertex)}", *(f"property float {name}" for name in names)]
    head += [f"element face {len(atlas.triangles)}", "property list uchar int vertex_indices"]
    faces = np.zeros(len(atlas.triangles), [("count", "u1"), ("rows", "<i4", 3)])
    faces["count"], faces["rows"] = 3, atlas.triangles
    table = np.column_stack([vertices[atlas.vertex], normals[atlas.vertex], atlas.uv])
    body = table.astype("<f4").tobytes() + faces.tobytes()
    return "\n".join([*head, "end_header\n"]).encode() + body


def _comments(model: FaceModel) -> list[str]:
    return [f"# {line}" for line in model.notice.splitlines() if line.strip()]
