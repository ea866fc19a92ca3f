"""The head model over the picture: shaded, as wire, gaze rays, and the strongest expressions.

Looks stand in the constructor, data in the call; all draw in place on an RGB image (H, W, 3) uint8.
Vertices are in camera axes (x right, y down, z forward), centimetres. Only `Shaded` needs numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bauta.checks import InputError, check_choice
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import edges_of, vertex_normals
from bauta.morphable.model import FaceModel
from bauta.render import strokes
from bauta.render.strokes import INK, PAPER, Colour

NEAREST = 1.0
"""Centimetres before the camera from which on lines are drawn."""
SHARE = 0.4
"""Of the picture's width and height that bars take at most, unless it is very small."""
LETTERS, LEAST = 9.0, 6.0
"""Pixels of the capitals beside bars, at least; and where there is little room."""
OUTER = ("face", "head_neck")
"""Parts of the model that are skin."""


def in_camera(T_camera_head: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 3) of the head in camera axes, by a pose (4, 4)."""
    T = np.asarray(T_camera_head, np.float64)
    return points @ T[:3, :3].T + T[:3, 3]


def outer_triangles(model: FaceModel) -> np.ndarray:
    """(T, 3) the triangles of skin: without eyeballs, sockets, teeth, which a wire would show
    through it. All where the model does not name `OUTER` parts."""
    if not set(OUTER) & set(model.part_names):
        return model.triangles
    return model.triangles[model.triangles_of(*OUTER)]


@dataclass(frozen=True)
class Shaded:
    """The surface under a lamp above the camera and light from all sides. Needs numba."""

    colour: Colour = (214, 219, 226)
    opacity: float = 0.85
    samples: int = 2
    """2: smooth edges; 1: four times as fast."""

    def __call__(
        self, image: np.ndarray, vertices: np.ndarray, triangles: np.ndarray, camera: Camera
    ) -> None:
        from bauta.render.raster import rasterise
        from bauta.render.shading import blend, hemisphere, lambert

        height, width = image.shape[:2]
        raster = rasterise(vertices, triangles, camera, (width, height), samples=self.samples)
        normals = vertex_normals(vertices, triangles)
        sky, ground = np.array([0.62, 0.64, 0.68]), np.array([0.30, 0.27, 0.25])
        light = hemisphere(normals, np.array([0, -1, 0]), sky, ground)
        light = light + 0.45 * lambert(normals, np.array([-0.35, -0.55, -1]))[:, None]
        colour = np.minimum(np.array(self.colour) * light, 255)
        blend(image, *raster.shade(triangles, colour), opacity=self.opacity)


@dataclass(frozen=True)
class WireHead:
    """Edges of the triangles that face the camera."""

    colour: Colour = PAPER
    opacity: float = 0.35
    width: int = 1

    def __call__(
        self, image: np.ndarray, vertices: np.ndarray, triangles: np.ndarray, camera: Camera
    ) -> None:
        edges, seen = front_edges(vertices, triangles, camera)
        if len(edges):
            paths = seen[edges]
            with strokes.faded(image, paths.reshape(-1, 2), self.opacity, self.width + 2) as canvas:
                strokes.lines(canvas, paths, self.colour, self.width)


def front_edges(
    vertices: np.ndarray, triangles: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Edges (E, 2), each once, of the triangles that are seen from their front and lie before the
    camera; and the vertices' pixels (V, 2)."""
    seen = camera.project(vertices)
    a, b, c = (seen[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    front = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0  # y points down
    front &= (vertices[triangles, 2] > NEAREST).all(1)
    return edges_of(triangles[front]), seen


@dataclass(frozen=True)
class GazeRays:
    """A line from each eye to where it looks, `length` centimetres long, with a disc at its end."""

    colour: Colour = (94, 226, 255)
    length: float = 8.0
    width: int = 2

    def __call__(
        self, image: np.ndarray, origins: np.ndarray, directions: np.ndarray, camera: Camera
    ) -> None:
        """`origins` (N, 3) centimetres and unit `directions` (N, 3), both in camera axes."""
        ends = origins + self.length * directions
        for start, end in zip(origins, ends, strict=True):
            if min(start[2], end[2]) <= NEAREST:
                continue
            path = camera.project(np.stack([start, end]))
            with strokes.faded(image, path, 0.5, 3.0 * self.width + 3) as canvas:
                strokes.lines(canvas, [path], INK, self.width + 2)
                strokes.discs(canvas, path[1:], 1.5 * self.width + 1, INK)
            strokes.lines(image, [path], self.colour, self.width)
            strokes.discs(image, path[1:], 1.5 * self.width, self.colour)


def strongest(
    names: Sequence[str], weights: np.ndarray, count: int, least: float = 0.05
) -> list[tuple[str, float]]:
    """The `count` largest of the weights that are above `least`, with their names, largest first;
    of equal ones the first."""
    if len(names) != len(weights):
        raise InputError(f"weights: expected {len(names)}, one for each name, got {len(weights)}")
    order = np.argsort(-np.asarray(weights, np.float64), kind="stable")[:count]
    return [(names[k], float(weights[k])) for k in map(int, order) if weights[k] > least]


@lru_cache(maxsize=64)
def _widest(names: tuple[str, ...], tall: float) -> int:
    """Pixels of the widest name in letters of a height: the panel keeps its size."""
    return max((strokes.text_size(name, tall)[0] for name in names), default=0)


@dataclass(frozen=True)
class Bars:
    """The strongest expressions as named bars in a corner, 0 to 1.

    In small pictures the letters shrink, then the bars, then there are fewer, to keep within two
    fifths of the width and height; nothing where one name is wider than the picture.
    """

    corner: str = "bottom left"
    count: int = 6
    colour: Colour = (255, 196, 61)

    def __post_init__(self) -> None:
        corners = ("top left", "top right", "bottom left", "bottom right")
        check_choice(self.corner, corners, "corner")
        if self.count < 1:
            raise InputError(f"count: expected 1 or more, got {self.count}")

    def __call__(self, image: np.ndarray, names: Sequence[str], weights: np.ndarray) -> None:
        rows = strongest(names, weights, self.count)
        height, width = image.shape[:2]
        tall = max(LETTERS, 0.022 * min(height, width))
        while (label := _widest(tuple(names), tall)) + 10.3 * tall > SHARE * width and tall > LEAST:
            tall = max(tall - 1.0, LEAST)
        step, gap, margin = 1.8 * tall, 1.1 * tall, 0.6 * tall
        bar = min(max(SHARE * width - label - 3 * gap, 3.0 * tall), 7.0 * tall)
        count = min(self.count, max(int((SHARE * height - gap) / step), 1))
        wide, high, rows = label + bar + 3 * gap, step * count + gap, rows[:count]
        if not rows or wide > width - 2 * margin or high > height - 2 * margin:
            return
        x = width - margin - wide if self.corner.endswith("right") else margin
        y = height - margin - high if self.corner.startswith("bottom") else margin
        strokes.shade(image, (x, y, x + wide, y + high))
        for row, (name, value) in enumerate(rows):
            base = y + gap / 2 + step * row + (step + tall) / 2
            strokes.text(image, name, (x + gap, base), tall, PAPER)
            left, middle = x + 2 * gap + label, base - tall / 2
            full = np.array([[left, middle], [left + bar, middle]])
            strokes.lines(image, [full], (70, 74, 82), round(tall / 2))
            full[1, 0] = left + bar * min(value, 1.0)
            strokes.lines(image, [full], self.colour, round(tall / 2))
