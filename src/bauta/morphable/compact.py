"""The small head that ships, derived from the ICT head:

    python -m bauta.morphable.compact ict_face.npz --out head.npz

Vertices are a subset of the original ones (`simplify`), so identity and expression stay exact at
them; what is lost is the surface in between, which the program measures and prints.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from bauta.geometry.mesh import nearest_on_mesh
from bauta.morphable import ict
from bauta.morphable.file import write_model
from bauta.morphable.layout import atlas
from bauta.morphable.model import Embedding, FaceModel
from bauta.morphable.simplify import Simplifier

SKIN = ("face", "head_neck", "mouth_socket", "eye_socket_left", "eye_socket_right")
EYES = ("eyeball_left", "eyeball_right")
BUDGET = ((SKIN, 1750), (EYES, 260), (("teeth",), 300))
"""Parts that are kept, and vertices for each group. Lashes, tear ducts, gums and the transparent
shells of the eye are left out."""
IRIS_RADIUS, IRIS_DEPTH = 0.585, 1.48
"""Centimetres: half of the 11.7 mm that irises measure in nearly everyone, and how far in front of
the eye's centre its rim lies on the ICT eyeball (the white has a radius of 1.49)."""
MODES = 80
"""Identity modes kept; their order is that of the ICT head, largest first."""
POSES = (
    ("jawOpen",),
    ("eyeBlinkLeft", "eyeBlinkRight"),
    ("mouthSmileLeft", "mouthSmileRight"),
    ("mouthPucker",),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    ("browDownLeft", "browDownRight", "noseSneerLeft", "noseSneerRight"),
    ("mouthRollLower", "mouthRollUpper"),
    ("eyeLookDownLeft", "eyeLookDownRight", "mouthStretchLeft", "mouthStretchRight"),
)
"""Shapes besides the mean in which the surface should stay where it is."""


def key_shapes(head: ict.IctHead) -> np.ndarray:
    """(S, V, 3) the mean, the poses of `POSES`, and the first four identity modes at two sigma."""
    index = head.expression_names.index
    posed = [head.mean + sum(head.expression[index(name)] for name in pose) for pose in POSES]
    people = [head.mean + 2 * mode for mode in head.identity[:4]]
    return np.stack([head.mean, *posed, *people]).astype(np.float64)


def importance(head: ict.IctHead) -> np.ndarray:
    """(V,) weight of the surface: lids, lips, brows and nose count, the back of the head little."""
    marks = head.mean[head.landmarks68[17:]]
    away = np.linalg.norm(head.mean[:, None] - marks[None], axis=2).min(1)
    weight = np.where(away < 1.2, 4.0, np.where(away < 3.0, 1.5, 0.6))
    around = head.mean[head.landmarks68[36:48]]
    lids = np.linalg.norm(head.mean[:, None] - around[None], axis=2).min(1) < 0.5
    weight[lids] = 12.0
    weight[head.rows("head_neck", "mouth_socket", "eye_socket_left", "eye_socket_right")] = 0.05
    weight[head.mean[:, 1] < -9] = 0.05
    ears = (np.abs(head.mean[:, 0]) > 7.3) & (head.mean[:, 2] < 4) & (head.part == 0)
    weight[ears] *= 0.5
    return weight


def reduce(head: ict.IctHead, mirror: np.ndarray) -> np.ndarray:
    """Triangles (T, 3) of the small head in the numbering of the whole one."""
    shapes, weight = key_shapes(head), importance(head)
    kept = np.concatenate([head.landmarks68, mirror[head.landmarks68]])
    pieces = []
    for parts, count in BUDGET:
        rows = head.rows(*parts)
        own = head.triangles[np.isin(head.triangles, rows).all(1)]
        simplifier = Simplifier(shapes, own, mirror, weight, np.intersect1d(kept, rows))
        pieces.append(simplifier.reduce(count))
    return np.concatenate(pieces)


def embed_irises(model: FaceModel) -> Embedding:
    """The ten iris points of `mesh478` on the eyeballs: middle, then left, top, right, bottom as
    seen in the picture's mirror (+x, +y, -x, -y of the head), right eye first."""
    rows, weights = [], []
    for side in ("Right", "Left"):
        eye = model.eyes[side]
        centre = eye.weight @ model.mean[eye.rows]
        ring = IRIS_RADIUS * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]])
        targets = np.concatenate([ring, np.full((5, 1), IRIS_DEPTH)], 1) + centre
        own = np.flatnonzero(np.isin(model.triangles, eye.rows).all(1))
        found, weight = nearest_on_mesh(targets, model.mean, model.triangles[own])
        rows.append(own[found])
        weights.append(weight)
    return Embedding(np.concatenate(rows).astype(np.int32), np.concatenate(weights))


def compact(head: ict.IctHead) -> FaceModel:
    """The small head, with its 68 anatomical points and its irises."""
    mirror = ict.mirror_of(head)
    triangles = reduce(head, mirror)
    kept = np.unique(triangles)
    new = np.full(len(head.mean), -1)
    new[kept] = np.arange(len(kept))
    uv, uv_triangles = atlas(head, triangles)
    eyes = {}
    for side, part in (("Left", "eyeball_left"), ("Right", "eyeball_right")):
        rows = np.intersect1d(kept, head.rows(part))
        eyes[side] = ict.eye_of(head, rows, new[rows], MODES)
    names = sorted({head.part_names[p] for p in head.part[kept]})
    renumber = {head.part_names.index(name): k for k, name in enumerate(names)}
    model = FaceModel(
        name="bauta",
        mean=head.mean[kept],
        identity=head.identity[:MODES, kept],
        expression=head.expression[:, kept],
        expression_names=head.expression_names,
        triangles=new[triangles].astype(np.int32),
        part=np.array([renumber[int(p)] for p in head.part[kept]], np.uint8),
        part_names=tuple(names),
        mirror=new[mirror[kept]].astype(np.int32),
        uv=uv,
        uv_triangles=uv_triangles,
        eyes=eyes,
        licence="MIT",
        notice=ict.NOTICE,
    )
    landmarks = ict.embed_vertices(model.triangles, new[head.landmarks68])
    return replace(model, embeddings={"ibug68-3d": landmarks, "irises": embed_irises(model)})


def centred(model: FaceModel) -> FaceModel:
    """The model with its origin midway between the centres about which the eyes turn."""
    centres = [eye.weight @ model.mean[eye.rows] for eye in model.eyes.values()]
    return replace(model, mean=(model.mean - np.mean(centres, axis=0)).astype(np.float32))


def surface_error(head: ict.IctHead, model: FaceModel, parts: tuple[str, ...]) -> np.ndarray:
    """(S, n) millimetres from the original vertices of `parts` to the small head's surface at rest
    and in the poses of `POSES`."""
    index = head.expression_names.index
    rows = head.rows(*parts)[::7]
    errors = []
    for pose in ((), *POSES):
        w = np.zeros(len(head.expression_names), np.float32)
        w[[index(name) for name in pose]] = 1
        whole = head.mean[rows] + np.tensordot(w, head.expression[:, rows], 1)
        small = model.mean + np.tensordot(w, model.expression, 1)
        triangle, weight = nearest_on_mesh(whole, small, model.triangles)
        nearest = (small[model.triangles[triangle]] * weight[:, :, None]).sum(1)
        errors.append(np.linalg.norm(nearest - whole, axis=1) * 10)
    return np.stack(errors)


def main() -> None:
    """Derive the head that ships and print what was lost."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("ict", type=Path, help="ict_face.npz")
    parser.add_argument("--out", type=Path, default=Path("head.npz"))
    options = parser.parse_args()
    head = ict.read_npz(options.ict)
    model = compact(head)
    write_model(options.out, centred(model), half=True)
    for parts in (("face",), ("head_neck",)):
        error = surface_error(head, model, parts)
        sys.stdout.write(
            f"{parts[0]}: mean {error.mean():.2f} mm, 95 % {np.quantile(error, 0.95):.2f} mm, "
            f"worst {error.max():.2f} mm over {len(error)} poses\n"
        )
    sys.stdout.write(f"{len(model.mean)} vertices, {options.out.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
