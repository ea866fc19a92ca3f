"""One picture of one moment: everything opaque in one pass, then layers from below to above."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bauta.render.raster import Raster, rasterise
from bauta.render.shading import sample
from bauta.synth.rendered.complexion import smooth
from bauta.synth.rendered.eyeball import eye_colours
from bauta.synth.rendered.head import Head, lit, normals_of, small_head
from bauta.synth.rendered.light import Light, irradiance
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.shells import Shell
from bauta.synth.rendered.solids import Solid
from bauta.synth.rendered.truth import View

SAMPLES = 2
SKIN, LIGHT, COLOUR, GLOSS, UV = 0, slice(1, 4), slice(4, 7), slice(7, 10), slice(10, 12)
STUBBLE = 12


@dataclass(frozen=True, eq=False)
class Scene:
    """A head in its place, in head axes but for the view."""

    head: Head
    look: Look
    vertices: np.ndarray
    """(V, 3) of the head."""
    solids: list[Solid]
    """Opaque things beside the head, in camera axes."""
    shells: list[Shell]
    """In head axes, from below to above."""
    lenses: tuple[Solid, float] | None
    """In camera axes, and their opacity."""
    view: View
    light: Light
    gaze: dict[str, tuple[float, float]]
    shut: dict[str, float]
    """By side: weight of the blink."""
    open_mouth: float
    """0 closed .. 1 open: light inside."""


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


def _lamps(
    scene: Scene,
    points: np.ndarray,
    normals: np.ndarray,
    casters: tuple[np.ndarray, np.ndarray],
    gloss: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Diffuse and glossy light (n, 3) of all lamps; Blinn and Phong's highlight."""
    diffuse, shine = np.zeros((2, len(points), 3), np.float32)
    points, normals = points.astype(np.float32), normals.astype(np.float32)
    eye = -points / np.sqrt((points * points).sum(1, keepdims=True))
    for way, lamp in zip(scene.light.ways, scene.light.lamps, strict=True):
        seen = lit(*casters, points, way, side=192)
        diffuse += (np.maximum(normals @ way, 0) * seen)[:, None] * lamp
        half = eye + way
        cosine = (normals * half).sum(1) / np.sqrt((half * half).sum(1))
        shine += (np.maximum(cosine, 0) ** 24 * seen)[:, None] * lamp
    return diffuse, np.float32(gloss) * shine


@dataclass(frozen=True, eq=False)
class Placed:
    """The head and all opaque solids in camera axes, n vertices; the head's come first."""

    points: np.ndarray
    """(n, 3) float32."""
    surface: np.ndarray
    """(m, 3) triangles, each once."""
    drawn: np.ndarray
    """(k, 3) the head's triangles, then those of the solids from both sides."""
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
        np.concatenate([head.triangles, solids, solids[:, ::-1]]),
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
    diffuse, shine = _lamps(scene, points, normals, placed.casters, look.person.shine)
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
    size, own, placed = (side, side), len(scene.head.triangles), _placed(scene)
    corners = placed.drawn
    raster = rasterise(placed.points, corners, scene.view.camera, size, samples=SAMPLES)
    canvas = behind.repeat(SAMPLES, 0).repeat(SAMPLES, 1).reshape(-1, 3)
    depth = raster.depth.copy()
    hit = np.flatnonzero(raster.triangle >= 0)
    number = raster.triangle.reshape(-1)[hit]
    seen = np.zeros(len(placed.points), bool)
    seen[corners[np.bincount(number, minlength=len(corners)) > 0]] = True
    table = _table(scene, placed, seen)
    values = raster.interpolate(corners, table).reshape(-1, table.shape[1])[hit]
    colour = np.ascontiguousarray(values[:, COLOUR])
    _skin(colour, values, scene.look, np.flatnonzero(values[:, SKIN] > 0.5))
    face = (number < own) & (values[:, SKIN] > 0.5)
    colour += values[:, GLOSS]
    weight = raster.weight.reshape(-1, 3)[hit]
    eye_colours(colour, number, weight, values[:, LIGHT], scene)
    mean = float(colour[face].mean()) if face.any() else 0.2
    canvas[hit] = colour
    _lashes(canvas, depth, placed.points, scene)
    for shell in scene.shells:
        _shell(canvas, depth, shell, scene, placed.casters)
    if scene.lenses is not None:
        _lenses(canvas, depth, scene)
    image = canvas.reshape(side * SAMPLES, side * SAMPLES, 3)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), depth, mean


def _before(raster: Raster, depth: np.ndarray, slack: float = 0.0) -> np.ndarray:
    """Flat rows of the samples at which a layer lies before what is drawn."""
    return np.flatnonzero((raster.triangle >= 0) & (raster.depth < depth + slack))


def _blend(
    canvas: np.ndarray,
    depth: np.ndarray,
    raster: Raster,
    rows: np.ndarray,
    alpha: np.ndarray,
    colour: np.ndarray,
) -> None:
    canvas[rows] += alpha[:, None] * (colour - canvas[rows])
    solid = rows[alpha > 0.5]
    depth.reshape(-1)[solid] = np.minimum(depth.reshape(-1)[solid], raster.depth.reshape(-1)[solid])


def _lashes(canvas: np.ndarray, depth: np.ndarray, points: np.ndarray, scene: Scene) -> None:
    lashes = scene.head.lashes
    if not len(lashes):
        return
    side = depth.shape[0] // SAMPLES
    camera = scene.view.camera
    raster = rasterise(points, lashes, camera, (side, side), cull=False, samples=SAMPLES)
    rows = _before(raster, depth, 0.03)
    head = scene.head
    table = np.stack([head.lash, head.mean[:, 0]], 1)
    seen = raster.interpolate(lashes, table).reshape(-1, 2)[rows]
    strands = 0.6 + 0.4 * np.sin(seen[:, 1] * 45)
    alpha = scene.look.lash * seen[:, 0] ** 1.5 * strands
    canvas[rows] *= (1 - alpha)[:, None]


def _shell(
    canvas: np.ndarray, depth: np.ndarray, shell: Shell, scene: Scene, casters: tuple
) -> None:
    side = depth.shape[0] // SAMPLES
    points = scene.view.seen(shell.vertices).astype(np.float32)
    camera = scene.view.camera
    raster = rasterise(points, shell.triangles, camera, (side, side), cull=False, samples=SAMPLES)
    rows = _before(raster, depth)
    if not len(rows):
        return
    normals = normals_of(points, shell.triangles)
    away = (normals * points).sum(1) > 0
    normals[away] *= -1
    diffuse, shine = _lamps(scene, points, normals, casters, 0.12)
    light = irradiance(scene.light.even, normals) * 0.8 + diffuse
    table = np.column_stack(
        [light * shell.colour + 0.15 * shine * shell.colour.mean() ** 0.5, shell.uv, shell.cover]
    )
    values = raster.interpolate(shell.triangles, table).reshape(-1, 6)[rows]
    alpha, factor = shell.look(values[:, 3:5], values[:, 5])
    _blend(canvas, depth, raster, rows, alpha, values[:, :3] * factor[:, None])


def _lenses(canvas: np.ndarray, depth: np.ndarray, scene: Scene) -> None:
    assert scene.lenses is not None
    solid, opacity = scene.lenses
    side = depth.shape[0] // SAMPLES
    camera = scene.view.camera
    raster = rasterise(
        solid.vertices, solid.triangles, camera, (side, side), cull=False, samples=SAMPLES
    )
    rows = _before(raster, depth)
    y, x = np.divmod(rows, depth.shape[1])
    stripes = (x + 1.7 * y) / depth.shape[1] * 14 + scene.look.person.pupil * 40
    glare = smooth(np.sin(stripes), 0.7, 1)
    sky = irradiance(scene.light.even, np.array([[0.0, -0.7, -0.7]]))[0]
    colour = 0.03 + glare[:, None] * 0.25 * sky
    alpha = np.clip(opacity + 0.25 * glare, 0, 1).astype(np.float32)
    _blend(canvas, depth, raster, rows, alpha, colour.astype(np.float32))
