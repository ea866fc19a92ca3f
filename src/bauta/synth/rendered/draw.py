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
    diffuse, shine = np.zeros((2, len(points), 3))
    eye = -points / np.linalg.norm(points, axis=1, keepdims=True)
    for way, lamp in zip(scene.light.ways, scene.light.lamps, strict=True):
        seen = lit(*casters, points, way, side=192)
        diffuse += (np.maximum(normals @ way, 0) * seen)[:, None] * lamp
        half = eye + way
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine += (np.maximum((normals * half).sum(1), 0) ** 24 * seen)[:, None] * lamp
    return diffuse, gloss * shine


def _table(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple]:
    """Vertices in camera axes, triangles, and the channels of each vertex; shadow casters."""
    head, look, view = scene.head, scene.look, scene.view
    placed, triangles = [view.seen(scene.vertices)], [head.triangles]
    colours, uv = [look.colours], [head.uv]
    start = len(head.mean)
    for solid in scene.solids:
        placed.append(solid.vertices)
        triangles.append(solid.triangles + start)
        colours.append(solid.albedo)
        uv.append(np.zeros((len(solid.vertices), 2), np.float32))
        start += len(solid.vertices)
    points, corners = np.concatenate(placed).astype(np.float32), np.concatenate(triangles)
    normals = normals_of(points, corners)
    own = len(head.mean)
    away = (normals[own:] * points[own:]).sum(1) > 0  # cloth is seen from both sides
    normals[own:][away] *= -1
    small = small_head()
    shape = view.seen(scene.vertices[head.label_rows][small.origin])
    extra = corners[len(head.triangles) :] - own
    casters = (
        np.concatenate([shape, points[own:]]),
        np.concatenate([small.triangles, extra + len(shape)]),
    )
    table = np.zeros((len(points), 13), np.float32)
    share = np.ones(len(points))
    share[:own] = _occlusion(scene)
    diffuse, shine = _lamps(scene, points, normals, casters, look.person.shine)
    dim = np.ones(len(points))
    inside = head.rows("mouth_socket", "gums_tongue", "teeth")
    dim[:own][inside] = share[:own][inside]
    light = irradiance(scene.light.even, normals) * share[:, None] + diffuse * dim[:, None]
    table[:, LIGHT] = light
    table[:, COLOUR] = np.concatenate(colours) * light
    table[:own, GLOSS] = shine[:own] * (dim[:own] * look.gloss)[:, None]
    table[:, UV] = np.concatenate(uv)
    table[:own, SKIN] = look.skin
    table[:own, STUBBLE] = look.stubble
    return points, corners, table, casters


def _skin(colour: np.ndarray, values: np.ndarray, look: Look, where: np.ndarray) -> None:
    """Pores, freckles, stubble and brows on samples (n, 3) of skin, in place."""
    fine = sample(look.texture, np.stack([values[where, 10] % 1, values[where, 11]], -1))
    pigment, brow = fine[:, 0], fine[:, 1]
    colour[where] *= np.exp(-pigment[:, None] * np.float32([0.8, 1.0, 1.1]))
    grow = values[where, STUBBLE]
    cover = np.maximum(brow, np.clip(grow * (0.75 + 3 * pigment), 0, 0.95))[:, None]
    colour[where] += cover * (look.person.brow_colour * values[where, LIGHT] - colour[where])


def paint(scene: Scene, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(side, side, 3) linear light over the background `behind`, the depth (h, w) of all samples,
    and the mean of the face's light."""
    side = len(behind)
    points, corners, table, casters = _table(scene)
    size = (side, side)
    cull_free = len(scene.head.triangles)
    raster = rasterise(points, corners, scene.view.camera, size, cull=False, samples=SAMPLES)
    canvas = behind.repeat(SAMPLES, 0).repeat(SAMPLES, 1).reshape(-1, 3)
    depth = raster.depth.copy()
    hit = np.flatnonzero(raster.triangle >= 0)
    values = raster.interpolate(corners, table).reshape(-1, table.shape[1])[hit]
    number = raster.triangle.reshape(-1)[hit]
    colour = np.ascontiguousarray(values[:, COLOUR])
    _skin(colour, values, scene.look, np.flatnonzero(values[:, SKIN] > 0.5))
    face = (number < cull_free) & (values[:, SKIN] > 0.5)
    colour += values[:, GLOSS]
    weight = raster.weight.reshape(-1, 3)[hit]
    eye_colours(colour, number, weight, values[:, LIGHT], scene)
    mean = float(colour[face].mean()) if face.any() else 0.2
    canvas[hit] = colour
    _lashes(canvas, depth, points, scene)
    for shell in scene.shells:
        _shell(canvas, depth, shell, scene, casters)
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
