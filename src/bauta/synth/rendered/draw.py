"""One picture of one moment: everything opaque in one pass, then layers from below to above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.render.shading import sample
from bauta.synth.rendered.canvas import Canvas, hits_of
from bauta.synth.rendered.eyeball import eye_colours
from bauta.synth.rendered.head import normals_of, small_head
from bauta.synth.rendered.layers import lamps_on, lashes, lenses, shell
from bauta.synth.rendered.light import irradiance
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.scene import Scene

SKIN, LIGHT, COLOUR, GLOSS, UV = 0, slice(1, 4), slice(4, 7), slice(7, 10), slice(10, 12)
STUBBLE = 12


def _occlusion(scene: Scene) -> np.ndarray:
    """(V,) share of the even light that reaches the head's vertices."""
    head = scene.head
    share = np.maximum(head.occlusion, 0.3)
    share[head.rows("eyeball")] = 0.75
    still = head.rows("eye_socket")
    share[still] = 0.5
    inside = head.rows("mouth_socket", "gums_tongue", "teeth")
    front = scene.vertices[head.rows("teeth"), 2].max()
    depth = np.maximum(front - scene.vertices[inside, 2], 0)
    share[inside] = (0.12 + 0.6 * scene.open_mouth) * np.exp(-depth / 1.8)
    lids = scene.look.marks.lids
    return np.maximum(share, 0.75 * lids)


@dataclass(frozen=True, eq=False)
class Placed:
    """The head and all opaque solids in camera axes, n vertices; the head's come first."""

    points: np.ndarray
    """(n, 3) float32."""
    surface: np.ndarray
    """(m, 3) triangles: the head's, then those of the solids."""
    albedo: np.ndarray
    uv: np.ndarray
    casters: tuple[np.ndarray, np.ndarray]
    """Vertices and triangles that throw shadows: the small head's and the solids'."""


def _placed(scene: Scene) -> Placed:
    head, view, small = scene.head, scene.view, small_head()
    placed, surface = [view.seen(scene.vertices)], [head.triangles]
    start = own = len(head.mean)
    for solid in scene.solids:
        placed.append(solid.vertices)
        surface.append(solid.triangles + start)
        start += len(solid.vertices)
    points, solids = np.concatenate(placed).astype(np.float32), np.concatenate(surface[1:])
    shape = view.seen(scene.vertices[head.label_rows][small.origin]).astype(np.float32)
    return Placed(
        points,
        np.concatenate([head.triangles, solids]),
        np.concatenate([scene.look.colours, *(solid.albedo for solid in scene.solids)]),
        np.concatenate([head.uv, np.zeros((len(points) - own, 2), np.float32)]),
        (
            np.concatenate([shape, points[own:]]),
            np.concatenate([small.triangles, solids - own + len(shape)]),
        ),
    )


def _table(scene: Scene, placed: Placed, seen: np.ndarray) -> np.ndarray:
    """(n, 13) channels of the vertices `seen` (n,) bool; others are 0."""
    look, own = scene.look, len(scene.head.mean)
    rows = np.flatnonzero(seen)
    around = placed.surface[seen[placed.surface].any(1)]
    points, normals = placed.points[rows], normals_of(placed.points, around)[rows]
    mine = rows < own
    away = ~mine & ((normals * points).sum(1) > 0)  # cloth is seen from both sides
    normals[away] *= -1
    share, dim = np.ones((2, len(rows)), np.float32)
    share[mine] = _occlusion(scene)[rows[mine]]
    inside = scene.head.rows("mouth_socket", "gums_tongue", "teeth")[rows[mine]]
    dim[mine] = np.where(inside, share[mine], 1)
    diffuse, shine = lamps_on(scene, points, normals, placed.casters, look.person.shine)
    light = irradiance(scene.light.even, normals) * share[:, None] + diffuse * dim[:, None]
    table = np.zeros((len(placed.points), 13), np.float32)
    table[rows, LIGHT] = light
    table[rows, COLOUR] = placed.albedo[rows] * light
    table[rows[mine], GLOSS] = shine[mine] * (dim[mine] * look.gloss[rows[mine]])[:, None]
    table[:, UV] = placed.uv
    table[:own, SKIN] = look.skin
    table[:own, STUBBLE] = look.stubble
    return table


def _skin(colour: np.ndarray, values: np.ndarray, look: Look, where: np.ndarray) -> None:
    """Pores, freckles, stubble and brows on samples (n, 3) of skin, in place."""
    fine = sample(look.texture, np.stack([values[where, 10] % 1, values[where, 11]], -1))
    pigment, brow = fine[:, 0], fine[:, 1]
    taken = 1 - pigment + 0.5 * pigment * pigment  # the exponential, nearly
    grow = values[where, STUBBLE]
    cover = np.maximum(brow, np.clip(grow * (0.75 + 3 * pigment), 0, 0.95))[:, None]
    bare = colour[where] * taken[:, None]
    hairs = look.person.brow_colour.astype(np.float32) * values[where, LIGHT]
    colour[where] = bare + cover * (hairs - bare)


def paint(scene: Scene, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(side, side, 3) linear light over the background `behind`, the depth (h, w) of all samples,
    and the mean of the face's light."""
    side = len(behind)
    own, placed = len(scene.head.triangles), _placed(scene)
    corners = placed.surface  # from both sides: there is a neck behind the open throat
    hits = hits_of(placed.points, corners, scene.view.camera, side)
    canvas = Canvas(behind)
    seen = np.zeros(len(placed.points), bool)
    seen[corners[np.bincount(hits.number, minlength=len(corners)) > 0]] = True
    values = hits.values(corners, _table(scene, placed, seen))
    colour = np.ascontiguousarray(values[:, COLOUR])
    _skin(colour, values, scene.look, np.flatnonzero(values[:, SKIN] > 0.5))
    face = (hits.number < own) & (values[:, SKIN] > 0.5)
    colour += values[:, GLOSS]
    eye_colours(colour, hits.number, hits.weight, values[:, LIGHT], scene)
    mean = float(colour[face].mean()) if face.any() else 0.2
    canvas.put(hits, np.ones(len(colour), np.float32), colour)
    lashes(canvas, placed.points, scene)
    for layer in scene.shells:
        shell(canvas, layer, scene, placed.casters)
    if scene.lenses is not None:
        lenses(canvas, *scene.lenses, scene)
    return canvas.resolved(), canvas.depth, mean
