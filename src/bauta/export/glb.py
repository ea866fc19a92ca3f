"""An animated head as glTF 2.0: mesh, 52 morph targets, head motion, eyes that turn, a texture.

The scene is the camera's: its node stands at the origin and looks along -z, y up, metres, so the
animation plays as it was filmed. The head's node moves by `geometry.frames.to_gltf`; the eyes are
nodes below it. Targets carry ARKit's names in `extras.targetNames`; what the model cannot do is a
target of zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import bauta
from bauta.export.animation import SIDES, Animation, quaternions
from bauta.export.atlas import Atlas, atlas_of
from bauta.export.gltf import VERTICES, GltfWriter
from bauta.export.parts import part_colours
from bauta.geometry.frames import to_gltf
from bauta.geometry.mesh import vertex_normals
from bauta.morphable.arkit import ARKIT52
from bauta.morphable.model import look_rotation

METRES = 0.01
STILL = 1e-7
"""Metres below which a vertex counts as unmoved by an expression."""


def to_glb(animation: Animation, texture: bytes | None = None) -> bytes:
    """A .glb file; `texture`: a JPEG laid out by `atlas.py`, else plain colours."""
    out = GltfWriter()
    eyes = [side for side in SIDES if side in animation.model.eyes]
    meshes = [_skin(out, animation, texture is not None)]
    meshes += [_eye(out, animation, side, texture is not None) for side in eyes]
    centres = animation.eye_centres() * METRES
    nodes: list[dict[str, Any]] = [
        {"name": "Head", "mesh": 0, "children": [2 + k for k in range(len(eyes))]},
        {"name": "Camera", "camera": 0},
    ]
    if not eyes:
        del nodes[0]["children"]
    nodes += [
        {"name": f"{side}Eye", "mesh": 1 + k, "translation": centres[SIDES.index(side)].tolist()}
        for k, side in enumerate(eyes)
    ]
    scene: dict[str, Any] = {
        "asset": _asset(animation),
        "scene": 0,
        "scenes": [{"name": "bauta", "nodes": [0, 1]}],
        "nodes": nodes,
        "meshes": meshes,
        "cameras": [_camera(animation)],
        "materials": [_material(texture is not None)],
        "animations": [_motion(out, animation, eyes)],
    }
    if texture is not None:
        scene |= {
            "images": [{"bufferView": out.view(texture), "mimeType": "image/jpeg"}],
            "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
            "textures": [{"source": 0, "sampler": 0}],
        }
    return out.finish(scene)


def _asset(animation: Animation) -> dict[str, Any]:
    asset = {"version": "2.0", "generator": f"bauta {bauta.__version__}"}
    return asset | ({"copyright": animation.model.notice} if animation.model.notice else {})


def _camera(animation: Animation) -> dict[str, Any]:
    """glTF knows no principal point: the camera looks through the middle of the picture."""
    (width, height), K = animation.picture, animation.camera.K
    lens = {
        "yfov": 2 * float(np.arctan(height / 2 / K[1, 1])),
        "aspectRatio": float((width / K[0, 0]) / (height / K[1, 1])),
        "znear": 0.01,
    }
    return {"name": "Camera", "type": "perspective", "perspective": lens}


def _material(textured: bool) -> dict[str, Any]:
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 0.7}
    if textured:
        surface["baseColorTexture"] = {"index": 0}
    return {"name": "Face", "pbrMetallicRoughness": surface}


def _of_part(atlas: Atlas, count: int, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Corners' vertices, indices and uv of the triangles whose vertices are all in `rows`."""
    inside = np.zeros(count, bool)
    inside[rows] = True
    kept = atlas.triangles[inside[atlas.vertex[atlas.triangles]].all(1)]
    used, indices = np.unique(kept, return_inverse=True)
    uv = atlas.uv[used] * (1, -1) + (0, 1)  # glTF: v downwards
    return atlas.vertex[used], np.asarray(indices).ravel(), uv


def _primitive(
    out: GltfWriter,
    animation: Animation,
    rows: np.ndarray,
    points: np.ndarray,
    textured: bool,
) -> tuple[dict[str, Any], np.ndarray]:
    """The surface of the vertices `rows` at `points` (V, 3) metres, and its corners' vertices."""
    vertex, indices, uv = _of_part(atlas_of(animation.model), len(points), rows)
    normals = vertex_normals(points, animation.model.triangles)
    attributes = {
        "POSITION": out.floats(points[vertex], VERTICES, bounds=True),
        "NORMAL": out.floats(_unit(normals[vertex]), VERTICES),
        "TEXCOORD_0": out.floats(uv, VERTICES),
    }
    if not textured:
        colours = part_colours(animation.model, animation.neutral())[vertex]
        attributes["COLOR_0"] = out.floats(colours, VERTICES)
    primitive = {"attributes": attributes, "indices": out.indices(indices), "material": 0}
    return primitive, vertex


def _unit(normals: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0.5, normals / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))


def _skin(out: GltfWriter, animation: Animation, textured: bool) -> dict[str, Any]:
    """All but the eyeballs, with the 52 targets: displacements of places and of normals."""
    model, points = animation.model, animation.neutral() * METRES
    eyes = [eye.rows for eye in model.eyes.values()]
    rows = np.setdiff1d(np.arange(len(points)), np.concatenate(eyes) if eyes else [])
    primitive, vertex = _primitive(out, animation, rows, points, textured)
    normals = _unit(vertex_normals(points, model.triangles))
    targets = []
    for name in ARKIT52:
        moves = np.zeros_like(points)
        if name in model.expression_names:
            moves = model.expression[model.expression_names.index(name)] * animation.size * METRES
            moves = np.where(np.abs(moves).max(1, keepdims=True) > STILL, moves, 0)
        turns = _unit(vertex_normals(points + moves, model.triangles)) - normals
        turns = np.where(np.abs(turns).max(1, keepdims=True) > 1e-3, turns, 0)
        targets.append(
            {
                "POSITION": out.sparse(moves[vertex], bounds=True),
                "NORMAL": out.sparse(turns[vertex]),
            }
        )
    primitive["targets"] = targets
    return {
        "name": "Head",
        "primitives": [primitive],
        "weights": [0.0] * len(ARKIT52),
        "extras": {"targetNames": list(ARKIT52)},
    }


def _eye(out: GltfWriter, animation: Animation, side: str, textured: bool) -> dict[str, Any]:
    """An eyeball about its own centre."""
    centre = animation.eye_centres()[SIDES.index(side)]
    points = (animation.neutral() - centre) * METRES
    rows = animation.model.eyes[side].rows
    primitive, _ = _primitive(out, animation, rows, points, textured)
    return {"name": f"{side}Eye", "primitives": [primitive]}


def _motion(out: GltfWriter, animation: Animation, eyes: list[str]) -> dict[str, Any]:
    """Head, eyes and weights over time, linear between frames; the first frame is at 0 s."""
    times = out.floats(animation.times - animation.times[0], bounds=True)
    poses = np.stack([to_gltf(T) for T in animation.matrices])
    curves = [
        (0, "translation", out.floats(poses[:, :3, 3])),
        (0, "rotation", out.floats(_xyzw(poses))),
        (0, "weights", out.floats(np.clip(animation.weights, 0, 1).ravel())),
    ]
    for number, side in enumerate(eyes):
        looks = animation.gaze[:, SIDES.index(side)]
        turned = np.stack([look_rotation(*look) for look in looks])
        curves.append((2 + number, "rotation", out.floats(_xyzw(turned))))
    return {
        "name": "Track",
        "samplers": [
            {"input": times, "output": output, "interpolation": "LINEAR"} for _, _, output in curves
        ],
        "channels": [
            {"sampler": k, "target": {"node": node, "path": path}}
            for k, (node, path, _) in enumerate(curves)
        ],
    }


def _xyzw(matrices: np.ndarray) -> np.ndarray:
    q = quaternions(matrices)[:, [1, 2, 3, 0]].astype(np.float32)
    return q / np.linalg.norm(q, axis=1, keepdims=True)
