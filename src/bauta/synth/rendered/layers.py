"""What is drawn over the head: lashes, hair, lenses."""

from __future__ import annotations

import numpy as np

from bauta.synth.rendered.canvas import Canvas, compiled, hits_of
from bauta.synth.rendered.complexion import smooth
from bauta.synth.rendered.head import HIGH, LOW, normals_of
from bauta.synth.rendered.light import irradiance
from bauta.synth.rendered.scene import Scene
from bauta.synth.rendered.shadows import ShadowMap
from bauta.synth.rendered.shells import Shell
from bauta.synth.rendered.solids import Solid


def lamps_on(
    scene: Scene,
    points: np.ndarray,
    normals: np.ndarray,
    shadows: tuple[ShadowMap, ...],
    gloss: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Diffuse and glossy light (n, 3) of all lamps, each with its shadows; Blinn and Phong's
    highlight."""
    diffuse, shine = np.zeros((2, len(points), 3), np.float32)
    points, normals = points.astype(np.float32), normals.astype(np.float32)
    eye = -points / np.sqrt((points * points).sum(1, keepdims=True))
    for way, lamp, shadow in zip(scene.light.ways, scene.light.lamps, shadows, strict=True):
        seen = shadow.share(points)
        diffuse += (np.maximum(normals @ way, 0) * seen)[:, None] * lamp
        half = eye + way
        cosine = (normals * half).sum(1) / np.sqrt((half * half).sum(1))
        shine += (np.maximum(cosine, 0) ** 24 * seen)[:, None] * lamp
    return diffuse, np.float32(gloss) * shine


def lashes(canvas: Canvas, points: np.ndarray, scene: Scene) -> None:
    """Dark strands that fade towards their tips; `points` (V, 3) of the head in camera axes."""
    head = scene.head
    if not len(head.lashes):
        return
    hits = canvas.nearer(hits_of(points, head.lashes, scene.view.camera, canvas.side), 0.03)
    table = np.stack([head.lash, head.mean[:, 0]], 1)
    fade, across = hits.values(head.lashes, table).T
    alpha = scene.look.lash * fade**1.5 * (0.6 + 0.4 * np.sin(across * 45))
    canvas.colour[hits.rows] *= (1 - alpha)[:, None]


def shell(canvas: Canvas, layer: Shell, scene: Scene, shadows: tuple[ShadowMap, ...]) -> None:
    """Hair or cloth over the head; `shadows` of the lamps fall on it."""
    points = scene.view.seen(layer.vertices).astype(np.float32)
    hits = canvas.nearer(hits_of(points, layer.triangles, scene.view.camera, canvas.side))
    normals = normals_of(points, layer.triangles)
    away = (normals * points).sum(1) > 0
    normals[away] *= -1
    diffuse, shine = lamps_on(scene, points, normals, shadows, 0.12)
    light = irradiance(scene.light.even, normals) * 0.8 + diffuse
    gloss = 0.15 * shine * layer.colour.mean() ** 0.5
    height = LOW + layer.uv[:, 1] * (HIGH - LOW)
    table = [light * layer.colour + gloss, layer.uv, layer.cover, height]
    table = np.ascontiguousarray(np.column_stack(table), np.float32)
    alpha, colour = np.empty(len(hits.rows), np.float32), np.empty((len(hits.rows), 3), np.float32)
    look = layer.strands, layer.line, layer.fray
    compiled().hair(hits.number, hits.weight, layer.triangles, table, *look, alpha, colour)
    canvas.put(hits, alpha, colour)


def lenses(canvas: Canvas, solid: Solid, opacity: float, scene: Scene) -> None:
    """Glass with streaks of the sky mirrored in it."""
    hits = hits_of(solid.vertices, solid.triangles, scene.view.camera, canvas.side)
    hits = canvas.nearer(hits)
    y, x = np.divmod(hits.rows, canvas.wide)
    stripes = (x + 1.7 * y) / canvas.wide * 14 + scene.look.person.pupil * 40
    glare = smooth(np.sin(stripes), 0.7, 1)
    sky = irradiance(scene.light.even, np.array([[0.0, -0.7, -0.7]]))[0]
    colour = (0.03 + glare[:, None] * 0.25 * sky).astype(np.float32)
    canvas.put(hits, np.clip(opacity + 0.25 * glare, 0, 1).astype(np.float32), colour)
