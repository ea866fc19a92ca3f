"""The mesh of one frame as OBJ or PLY. Head axes (x to the subject's left, y up, z out of the face)
and centimetres; triangles counter-clockwise seen from outside, v of the texture upwards."""

from __future__ import annotations

import numpy as np

from bauta.geometry.mesh import vertex_normals
from bauta.morphable.model import FaceModel


def corners(model: FaceModel) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """One corner for each place of the surface on the texture, as graphics cards want it.

    Returns the vertex of each corner (N,), triangles of corners (T, 3), and uv (N, 2) or None for
    a model without texture places; then corners are vertices.
    """
    if model.uv is None or model.uv_triangles is None:
        return np.arange(len(model.mean)), model.triangles, None
    pairs = np.stack([model.triangles.ravel(), model.uv_triangles.ravel()], 1)
    unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
    return unique[:, 0], np.asarray(inverse).reshape(-1, 3), model.uv[unique[:, 1]]


def to_obj(vertices: np.ndarray, model: FaceModel) -> bytes:
    """Wavefront OBJ of vertices (V, 3): v, vt where the model has them, vn; indices from 1."""
    normals = vertex_normals(vertices, model.triangles)
    lines = [f"# bauta: {model.name}, head axes, centimetres", *_comments(model)]
    lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in vertices.tolist()]
    textured = model.uv is not None and model.uv_triangles is not None
    places = model.uv_triangles if textured else None
    if model.uv is not None and textured:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in model.uv.tolist()]
    lines += [f"vn {x:.5f} {y:.5f} {z:.5f}" for x, y, z in normals.tolist()]
    for number, triangle in enumerate((model.triangles + 1).tolist()):
        uv = [""] * 3 if places is None else [str(k + 1) for k in places[number].tolist()]
        lines.append("f " + " ".join(f"{v}/{t}/{v}" for v, t in zip(triangle, uv, strict=True)))
    return ("\n".join(lines) + "\n").encode()


def to_ply(vertices: np.ndarray, model: FaceModel) -> bytes:
    """Binary little-endian PLY of vertices (V, 3): x y z, nx ny nz, and s t (one vertex for each
    place on the texture) where the model has them."""
    vertex, triangles, uv = corners(model)
    normals = vertex_normals(vertices, model.triangles)
    columns = [vertices[vertex], normals[vertex]] + ([] if uv is None else [uv])
    names = ["x", "y", "z", "nx", "ny", "nz"] + ([] if uv is None else ["s", "t"])
    head = ["ply", "format binary_little_endian 1.0"]
    head += [f"comment bauta: {model.name}, head axes, centimetres"]
    head += [f"comment {line[2:]}" for line in _comments(model)]
    head += [f"element vertex {len(vertex)}", *(f"property float {name}" for name in names)]
    head += [f"element face {len(triangles)}", "property list uchar int vertex_indices"]
    faces = np.zeros(len(triangles), [("count", "u1"), ("rows", "<i4", 3)])
    faces["count"], faces["rows"] = 3, triangles
    table = np.column_stack(columns).astype("<f4")
    return "\n".join([*head, "end_header\n"]).encode() + table.tobytes() + faces.tobytes()


def _comments(model: FaceModel) -> list[str]:
    return [f"# {line}" for line in model.notice.splitlines() if line.strip()]
