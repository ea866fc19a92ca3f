"""One picture of one moment: everything opaque in one pass, then layers from below to above."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bauta.synth.rendered.canvas import Canvas, compiled, hits_of
from bauta.synth.rendered.complexion import marks_of
from bauta.synth.rendered.eyeball import eye_colours
from bauta.synth.rendered.head import Head, normals_of, small_head
from bauta.synth.rendered.layers import lamps_on, lashes, lenses, shell
from bauta.synth.rendered.light import irradiance
from bauta.synth.rendered.scene import Scene
from bauta.synth.rendered.shadows import ShadowMap, shadow_map

SKIN, LIGHT, COLOUR, GLOSS, UV = 0, slice(1, 4), slice(4, 7), slice(7, 10), slice(10, 12)
STUBBLE, CHANNELS = 12, 13
"""Channels of the table that `kernels.skin` reads."""
SHADOW = 192
"""Texels of a shadow map along each side."""


@cache
def _shelter(head: Head) -> np.ndarray:
    """(V,) share of the even light that reaches the head's vertices; the mouth's are not used."""
    share = np.maximum(head.occlusion, 0.3)
    share[head.rows("eyeball")] = 0.75
    share[head.rows("eye_socket")] = 0.5
    return np.maximum(share, 0.75 * marks_of(head).lids)


def _occlusion(scene: Scene, rows: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(n,) share of the even light that reaches the head's vertices `rows` (n,); those of the mask
    `inside` (n,) are in the mouth."""
    head = scene.head
    share = _shelter(head)[rows]
    front = scene.vertices[head.rows("teeth"), 2].max()
    depth = np.maximum(front - scene.vertices[rows[inside], 2], 0)
    share[inside] = (0.12 + 0.6 * scene.open_mouth) * np.exp(-depth / 1.8)
    return share


@dataclass(frozen=True, eq=False)
class Placed:
    """The head and all opaque solids in camera axes, n vertices; the head's come first."""

    points: np.ndarray
    """(n, 3) float32."""
    surface: np.ndarray
    """(m, 3) triangles: the head's, then those of the solids."""
    albedo: np.ndarray
    """(n, 3)."""
    shadows: tuple[ShadowMap, ...]
    """Of the lamps: the small head and the solids throw them."""


def _placed(scene: Scene) -> Placed:
    head, view, small = scene.head, scene.view, small_head()
    placed, surface = [view.seen(scene.vertices)], [head.triangles]
    start = own = len(head.mean)
    for solid in scene.solids:
        placed.append(solid.vertices)
        surface.append(solid.triangles + start)
        start += len(solid.vertices)
    points, solids = (
        np.concatenate(placed).astype(np.float32),
        np.concatenate(surface[1:], dtype=np.int32),
    )
    shape = view.seen(scene.vertices[head.label_rows][small.origin]).astype(np.float32)
    casters = np.concatenate([shape, points[own:]])
    triangles = np.concatenate([small.triangles, solids - own + len(shape)])
    return Placed(
        points,
        np.concatenate([head.triangles, solids]),
        np.concatenate([scene.look.colours, *(solid.albedo for solid in scene.solids)]),
        tuple(shadow_map(casters, triangles, way, SHADOW) for way in scene.light.ways),
    )


def _table(scene: Scene, placed: Placed, seen: np.ndarray) -> np.ndarray:
    """(n, CHANNELS) of the vertices `seen` (n,) bool; others are 0."""
    look, own = scene.look, len(scene.head.mean)
    rows = np.flatnonzero(seen)
    around = placed.surface[np.logical_or.reduce([seen[placed.surface[:, k]] for k in range(3)])]
    points, normals = placed.points[rows], normals_of(placed.points, around)[rows]
    mine = rows < own
    away = ~mine & ((normals * points).sum(1) > 0)  # cloth is seen from both sides
    normals[away] *= -1
    share, dim = np.ones((2, len(rows)), np.float32)
    skin = rows[mine]  # of the head: skin, eyes, mouth
    inside = scene.head.rows("mouth_socket", "gums_tongue", "teeth")[skin]
    share[mine] = _occlusion(scene, skin, inside)
    dim[mine] = np.where(inside, share[mine], 1)
    diffuse, shine = lamps_on(scene, points, normals, placed.shadows, look.person.shine)
    light = irradiance(scene.light.even, normals) * share[:, None] + diffuse * dim[:, None]
    table = np.zeros((len(placed.points), CHANNELS), np.float32)
    table[rows, LIGHT] = light
    table[rows, COLOUR] = placed.albedo[rows] * light
    table[skin, GLOSS] = shine[mine] * (dim[mine] * look.gloss[skin])[:, None]
    table[skin, UV] = scene.head.uv[skin]
    table[skin, SKIN] = look.skin[skin]
    table[skin, STUBBLE] = look.stubble[skin]
    return table


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
    colour, light = np.empty((2, len(hits.rows), 3), np.float32)
    table, brow = _table(scene, placed, seen), scene.look.person.brow_colour.astype(np.float32)
    fine = scene.look.texture
    mean = compiled().skin(hits.number, hits.weight, corners, table, fine, brow, own, colour, light)
    eye_colours(colour, hits.number, hits.weight, light, scene)
    canvas.put(hits, np.ones(len(colour), np.float32), colour)
    lashes(canvas, placed.points, scene)
    for layer in scene.shells:
        shell(canvas, layer, scene, placed.shadows)
    if scene.lenses is not None:
        lenses(canvas, *scene.lenses, scene)
    return canvas.resolved(), canvas.depth, mean if mean >= 0 else 0.2
