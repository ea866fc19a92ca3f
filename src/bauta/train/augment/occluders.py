"""Things in front of a face: cut-outs of several shapes, filled with photographs, colour or skin.

Shapes that sit on a face are drawn in its own axes: a to the right of the image and b downwards in
the turned face, both -1..1 over the face's outline, forehead to chin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from bauta.train.augment.settings import Occlusion
from bauta.train.augment.view import Image, Rng, View

MASK = np.array(
    [
        *([-1.0, 0.05], [-0.5, 0.0], [0.0, -0.12], [0.5, 0.0], [1.0, 0.05]),
        *([0.9, 0.55], [0.4, 1.1], [-0.4, 1.1], [-0.9, 0.55]),
    ]
)
"""A face mask: over the nose, along the cheeks, under the chin."""


def _axes(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middle of the outline (2,) and its half axes a and b (2,), pixels; the crop's without one."""
    if len(view.outline) < 3 or not np.isfinite(view.outline).all():
        half = view.image.shape[0] / 2
        return np.array([half, half]), np.array([half, 0.0]), np.array([0.0, half])
    angle = view.frame[3]
    right = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-np.sin(angle), np.cos(angle)])
    a, b = view.outline @ right, view.outline @ down
    middle = (a.min() + a.max()) / 2 * right + (b.min() + b.max()) / 2 * down
    return middle, (a.max() - a.min()) / 2 * right, (b.max() - b.min()) / 2 * down


def _fill(view: View, corners: np.ndarray) -> np.ndarray:
    """(H, W) uint8, 255 inside a polygon (N, 2) in pixels of the crop."""
    mask = np.zeros(view.image.shape[:2], np.uint8)
    points = np.round((np.clip(corners, -4000, 4000) - 0.5) * 16).astype(np.int32)
    return cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)


def _on_face(view: View, corners: np.ndarray) -> np.ndarray:
    """Corners (N, 2) from the face's axes to pixels of the crop."""
    middle, a, b = _axes(view)
    return middle + corners[:, :1] * a + corners[:, 1:] * b


def _turned_box(rng: Rng, view: View) -> tuple[np.ndarray, np.ndarray, float]:
    """Centre, half axes and angle of something 6 to 28 percent of the crop in half width."""
    size = view.image.shape[0]
    return (
        rng.uniform(0.05, 0.95, 2) * size,
        rng.uniform(0.06, 0.28, 2) * size,
        rng.uniform(0, np.pi),
    )


def _closed_curve(rng: Rng, view: View, radius: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    center, axes, turn = _turned_box(rng, view)
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x, y = radius(t) * np.cos(t) * axes[0], radius(t) * np.sin(t) * axes[1]
    cos, sin = np.cos(turn), np.sin(turn)
    return _fill(view, center + np.stack([x * cos - y * sin, x * sin + y * cos], 1))


def ellipse(rng: Rng, view: View) -> np.ndarray:
    """An ellipse anywhere."""
    return _closed_curve(rng, view, np.ones_like)


def rectangle(rng: Rng, view: View) -> np.ndarray:
    """A turned rectangle anywhere."""
    center, axes, turn = _turned_box(rng, view)
    corners = cv2.boxPoints((center.tolist(), (2 * axes).tolist(), float(np.degrees(turn))))
    return _fill(view, corners)


def blob(rng: Rng, view: View) -> np.ndarray:
    """A closed curve with three random waves: a microphone, hair, a toy."""
    height, phase = rng.uniform(0, 0.25, 3), rng.uniform(0, 2 * np.pi, 3)
    wave = np.arange(2, 5)[:, None]
    return _closed_curve(
        rng, view, lambda t: 1 + (height[:, None] * np.sin(wave * t + phase[:, None])).sum(0)
    )


def hand(rng: Rng, view: View) -> np.ndarray:
    """A palm and two to five fingers, reaching in from outside."""
    size = view.image.shape[0]
    mask = np.zeros(view.image.shape[:2], np.uint8)
    unit = rng.uniform(0.1, 0.16) * size
    tip, a = rng.uniform(0.2, 0.8, 2) * size, rng.uniform(0, 2 * np.pi)
    along, across = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    palm = tip + along * unit * 2.2
    box = (palm.tolist(), (2.6 * unit, 2.2 * unit), float(np.degrees(a)))
    cv2.ellipse(mask, box, 255, -1)
    ends = [(palm, palm + along * 3 * size, 1.5 * unit)]
    fingers = int(rng.integers(2, 6))
    for k in np.linspace(-0.8, 0.8, fingers):
        end = (
            palm - along * unit * rng.uniform(2.0, 3.2) + across * unit * k * rng.uniform(0.9, 1.6)
        )
        ends.append((palm + across * unit * k, end, unit * 0.45))
    for start, end, thick in ends:
        line = np.round(np.clip([start, end], -2000, 2000)).astype(int).tolist()
        cv2.line(mask, line[0], line[1], 255, max(1, round(thick)), cv2.LINE_AA)
    return mask


def mask(rng: Rng, view: View) -> np.ndarray:
    """A face mask, worn more or less well."""
    corners = MASK + rng.normal(size=MASK.shape) * 0.04
    corners[:, 1] += rng.uniform(-0.1, 0.25)
    return _fill(view, _on_face(view, corners))


def scarf(rng: Rng, view: View) -> np.ndarray:
    """Cloth from somewhere below the nose down and out of the crop."""
    a = np.linspace(-2.5, 2.5, 9)
    b = rng.uniform(0.2, 0.8) + rng.normal(size=9) * 0.06 + rng.uniform(-0.15, 0.15) * a
    corners = np.column_stack([[*a, 2.5, -2.5], [*b, 5.0, 5.0]])
    return _fill(view, _on_face(view, corners))


def glasses(rng: Rng, view: View) -> np.ndarray:
    """Dark glasses, or a frame alone."""
    middle, a, b = _axes(view)
    out = np.zeros(view.image.shape[:2], np.uint8)
    width, height = (float(np.linalg.norm(axis)) for axis in (a, b))
    angle = float(np.degrees(np.arctan2(a[1], a[0])))
    rim = -1 if rng.random() < 0.5 else max(1, round(0.05 * width))
    eyes = rng.uniform(-0.45, -0.3)
    size = (0.66 * width * rng.uniform(0.9, 1.25), 0.3 * height * rng.uniform(0.8, 1.4))
    for side in (-0.45, 0.45):
        center = middle + side * a + eyes * b
        cv2.ellipse(out, (np.clip(center, -2000, 2000).tolist(), size, angle), 255, rim)
    for start, end in ((-0.15, 0.15), (-1.05, -0.8), (0.8, 1.05)):
        ends = [middle + k * a + (eyes - 0.02) * b for k in (start, end)]
        line = np.round(np.clip(ends, -2000, 2000)).astype(int).tolist()
        cv2.line(out, line[0], line[1], 255, max(1, round(0.05 * width)))
    return out


def edge(rng: Rng, view: View) -> np.ndarray:
    """One side of the crop covered, up to 40 percent of it, along a slanted line."""
    size = view.image.shape[0]
    a, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.4) * size
    out = np.array([np.cos(a), np.sin(a)])
    along = np.array([-out[1], out[0]])
    start = np.array([size / 2, size / 2]) + out * (size / 2 - depth)
    corners = [start - 2 * size * along, start + 2 * size * along]
    corners += [corner + 2 * size * out for corner in reversed(corners)]
    return _fill(view, np.array(corners))


SHAPES: dict[str, Callable[[Rng, View], np.ndarray]] = {
    item.__name__: item for item in (ellipse, rectangle, blob, hand, mask, scarf, glasses, edge)
}


def _cover(rng: Rng, view: View, shape: str, texture: Image) -> Image:
    """What the shape is made of: skin for hands, else a photograph or a colour."""
    if shape == "hand" and rng.random() < 0.7:
        middle = _axes(view)[0]
        size = view.image.shape[0]
        x, y = np.clip(middle - size * 0.06, 0, size - 2).astype(int)
        patch = view.image[y : y + max(2, size // 8), x : x + max(2, size // 8)]
        skin = np.array(cv2.mean(patch)[:3]) * rng.uniform(0.6, 1.3)
        return cv2.addWeighted(
            np.full_like(view.image, np.clip(skin, 0, 255)), 0.85, texture, 0.15, 0
        )
    if rng.random() < 0.6:
        return texture
    return np.full_like(view.image, rng.integers(0, 256, 3))


def occlude(rng: Rng, view: View, settings: Occlusion, texture: Image) -> View:
    """Something in front of the face: one of the shapes, of `texture` (H, W, 3) or a colour.

    Points under it keep their place and become hidden where their set says what is visible.
    """
    shape = settings.shapes[int(rng.integers(len(settings.shapes)))]
    where = SHAPES[shape](rng, view)
    image = view.image.copy()
    cv2.copyTo(_cover(rng, view, shape, texture), where, image)
    visible = {key: _seen(where, view.points[key], old) for key, old in view.visible.items()}
    return dataclasses.replace(view, image=image, visible=visible)


def _seen(where: np.ndarray, points: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """`visible` (K,) with 0 for known points (K, D) under the mask (H, W)."""
    height, width = where.shape
    place = np.floor(np.nan_to_num(points[:, :2], nan=-1)).astype(int)
    inside = (place >= 0).all(1) & (place < (width, height)).all(1)
    hidden = np.zeros(len(points), bool)
    hidden[inside] = where[place[inside, 1], place[inside, 0]] > 127
    return np.where(hidden & np.isfinite(visible), 0, visible).astype(np.float32)
