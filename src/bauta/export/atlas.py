"""Where each part of the head lies on a texture, made from its shape.

Skin is one chart: angles about the middle of the head, cut open at its back, wider in front. What
lies behind other skin (the back of the ears, the inside of the lips) shares the place of what
covers it. Eyeballs are discs about their axis; what is inside (teeth, sockets) has one place with
one colour for each part.

    (0,1) +------------------------+ (1,1)
          |   skin, as seen from   |
          |   before the face      |
          +-----+-----+------------+
          | eye | eye | inner parts|
    (0,0) +-----+-----+------------+ (1,0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.export.parts import inner_parts
from bauta.morphable.model import SIDES, FaceModel

STRIP = 0.25
"""Height of the lower row."""
EYE_RADIUS = 0.115
MARGIN = 0.01
FRONT = 0.5
"""The front of the head is `1 + FRONT` times as wide as angles say, its back `1 - FRONT` times."""
BEYOND = 1.1
"""Half turns up to which the chart runs on beyond the cut, so that no triangle is torn; the few at
the crown that would reach farther are squeezed."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """Corners: a vertex and its place on the texture; a vertex on the cut has two."""

    vertex: np.ndarray
    """(N,) the vertex of each corner."""
    triangles: np.ndarray
    """(T, 3) corners of the model's triangles, in its order."""
    uv: np.ndarray
    """(N, 2) 0..1, v upwards."""
    skin: np.ndarray
    """(T,) bool: triangles of the skin chart."""
    radius: np.ndarray
    """(N,) centimetres from the middle of the head."""
    eyes: dict[str, tuple[float, float]]
    """Middle (u, v) of the disc of each eye."""
    swatches: dict[str, tuple[float, float]]
    """Place (u, v) of each inner part."""


def atlas_of(model: FaceModel) -> Atlas:
    """The layout of a model; the same for every person."""
    eyeball = np.zeros(len(model.mean), bool)
    for eye in model.eyes.values():
        eyeball[eye.rows] = True
    is_eye = np.array(np.all(eyeball[model.triangles], axis=1))
    inner = inner_parts(model)
    is_inner = model.triangles_of(*inner)
    is_skin = ~(is_eye | is_inner)
    angles, radius = _angles(model, is_skin)
    # keys of corners: a vertex has one corner on the skin, one beyond the cut, one inside
    count, kind = len(model.mean), np.zeros(model.triangles.shape, int)
    around = angles[model.triangles, 0]
    cut = (around.max(1) - around.min(1) > np.pi) & is_skin
    kind[cut[:, None] & (around < 0)] = 1
    kind[is_inner] = 2
    keys, corner = np.unique(model.triangles + count * kind, return_inverse=True)
    vertex, kind = keys % count, keys // count
    uv = np.zeros((len(keys), 2))
    places = angles[vertex] + np.stack([2 * np.pi * (kind == 1), np.zeros(len(keys))], 1)
    places[:, 0] = np.minimum(places[:, 0], BEYOND * np.pi)
    uv[:] = _spread(places, (kind < 2) & ~eyeball[vertex])
    eyes = {side: (0.125 + 0.25 * k, 0.125) for k, side in enumerate(SIDES) if side in model.eyes}
    for side, middle in eyes.items():
        rows = np.isin(vertex, model.eyes[side].rows)
        uv[rows] = _disc(model, side)[vertex[rows]] + middle
    swatches = {}
    for k, part in enumerate(inner):
        swatches[part] = (0.55 + 0.05 * k, 0.125)
        uv[(kind == 2) & model.of_parts(part)[vertex]] = swatches[part]
    triangles = np.asarray(corner).reshape(-1, 3).astype(np.int32)
    return Atlas(vertex, triangles, uv, is_skin, radius[vertex], eyes, swatches)


def _angles(model: FaceModel, is_skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, 2) radians about the middle of the head: round to the subject's left, and up; and (V,)
    distances."""
    low, high = (
        pick(model.mean[np.unique(model.triangles[is_skin])], axis=0) for pick in (np.min, np.max)
    )
    middle = np.array([0.0, 0.0, (low[2] + high[2]) / 2])
    heights = [(eye.weight @ model.mean[eye.rows])[1] for eye in model.eyes.values()]
    middle[1] = np.mean(heights) if heights else (low[1] + high[1]) / 2
    away = model.mean - middle
    level = np.hypot(away[:, 0], away[:, 2])
    angles = np.stack([np.arctan2(away[:, 0], away[:, 2]), np.arctan2(away[:, 1], level)], 1)
    return angles, np.linalg.norm(away, axis=1)


def _spread(angles: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Places (N, 2) in the upper part of the texture, which the `used` ones fill."""
    turn = angles[:, 0] / np.pi
    flat = np.stack([turn + FRONT * np.sin(np.pi * turn) / np.pi, angles[:, 1]], 1)
    low, high = flat[used].min(0), flat[used].max(0)
    room = np.array([1 - 2 * MARGIN, 1 - STRIP - 2 * MARGIN])
    return (MARGIN, STRIP + MARGIN) + (flat - low) / np.maximum(high - low, 1e-9) * room


def _disc(model: FaceModel, side: str) -> np.ndarray:
    """(V, 2) from the middle of an eye's disc: as far as the angle from the eye's axis."""
    eye, places = model.eyes[side], np.zeros((len(model.mean), 2))
    spokes = model.mean[eye.rows] - eye.weight @ model.mean[eye.rows]
    angle = np.arctan2(np.hypot(spokes[:, 0], spokes[:, 1]), spokes[:, 2])
    around = np.arctan2(spokes[:, 1], spokes[:, 0])
    reach = EYE_RADIUS * angle / np.pi
    places[eye.rows] = np.stack([reach * np.cos(around), reach * np.sin(around)], 1)
    return places
