"""White, iris, pupil and highlights, per sample, on the eyeball's own axes."""

from __future__ import annotations

from functools import cache

import numpy as np

from bauta.morphable.compact import IRIS_RADIUS
from bauta.morphable.model import look_rotation
from bauta.synth.rendered.complexion import smooth
from bauta.synth.rendered.head import Head
from bauta.synth.rendered.scene import Scene

WHITE = np.array([0.45, 0.41, 0.385])


@cache
def _eye_of(head: Head) -> np.ndarray:
    """(T + 1,) int8: which of the eyes a triangle is of, -1 none; the last stands for solids."""
    result = np.full(len(head.triangles) + 1, -1, np.int8)
    for k, (_, rows) in enumerate(head.eyes):
        result[:-1][np.isin(head.triangles[:, 0], rows)] = k
    return result


def eye_colours(
    colour: np.ndarray, number: np.ndarray, weight: np.ndarray, light: np.ndarray, scene: Scene
) -> None:
    """Colour the samples (n, 3) that see an eyeball, in place. `number` (n,) their triangles,
    `weight` (n, 3) of the corners, `light` (n, 3) that falls on them."""
    head = scene.head
    corners = head.triangles
    which = _eye_of(head)[np.minimum(number, len(corners))]
    for k, (side, _) in enumerate(head.eyes):
        where = np.flatnonzero(which == k)
        if not len(where):
            continue
        centre = head.centre(head.mean, side)  # places on the mean eyeball, as labels have them
        local = (head.mean - centre)[corners[number[where]]]
        local = (local * weight[where][:, :, None]).sum(1)
        R = look_rotation(*scene.gaze[side])
        slit = 1 - 0.85 * smooth(np.array(scene.shut[side]), 0.7, 1.0)  # no light between lids
        colour[where] = _eye(local, R, light[where] * slit, scene) * slit


def _eye(local: np.ndarray, R: np.ndarray, light: np.ndarray, scene: Scene) -> np.ndarray:
    """(n, 3) at places `local` (n, 3), centimetres on the eyeball at rest."""
    person = scene.look.person
    radius = np.hypot(local[:, 0], local[:, 1])
    r = np.where(local[:, 2] > 0, radius / IRIS_RADIUS, 9.0)
    angle = np.arctan2(local[:, 1], local[:, 0])
    rays = np.sin(angle * 31 + person.seed % 7) * 0.12 + np.sin(angle * 13 + 2 * r) * 0.1
    red = smooth(np.abs(local[:, 0]), 0.6, 1.4) * 0.25
    white = WHITE * (1 - red[:, None] * (0.1, 0.6, 0.6))
    ring = 1 - 0.65 * smooth(r, 0.72, 1.0)
    inner = 1 + 0.5 * smooth(r, 0.75, person.pupil)
    iris = person.iris * ((1 + rays) * ring * inner)[:, None]
    iris = iris * smooth(r, person.pupil - 0.05, person.pupil + 0.06)[:, None] + 0.003
    share = smooth(r, 1.06, 0.94)[:, None]
    head_place = local @ R.T
    shade = 1 - 0.45 * smooth(head_place[:, 1], 0.1, 0.75)
    normal = local / np.maximum(np.linalg.norm(local, axis=1, keepdims=True), 1e-6)
    normal = normal @ (scene.view.R_camera_head @ R).T
    result = (white + share * (iris - white)) * light * shade[:, None]
    return result + _highlights(normal, scene)


def _highlights(normal: np.ndarray, scene: Scene) -> np.ndarray:
    """Lamps mirrored in the cornea, and a window: (n, 3) for normals (n, 3) in camera axes."""
    result = np.zeros((len(normal), 3))
    towards = np.array([0.0, 0.0, -1.0])
    for way, lamp in zip(scene.light.ways, scene.light.lamps, strict=True):
        half = way + towards
        half /= np.linalg.norm(half)
        result += (np.maximum(normal @ half, 0) ** 500)[:, None] * lamp * 0.9
    mirrored = 2 * normal * (normal @ towards)[:, None] - towards
    place = scene.look.window
    inside = smooth(np.abs(mirrored[:, 0] - place[0]), 0.14, 0.09)
    inside = inside * smooth(np.abs(mirrored[:, 1] - place[1]), 0.2, 0.15) * (mirrored[:, 2] < 0)
    return result + 0.5 * place[2] * inside[:, None] * scene.light.even[0] * 0.282095
