"""What was tracked, drawn on the picture: mesh, points, irises, box, axes and a small panel.

Each layer holds its looks and draws one face in place; `Overlay` puts layers together on a copy.
Sizes follow the face, or the picture for text, so that a thumbnail and a 4K frame look alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bauta import schemes
from bauta.checks import InputError, check_choice, check_image
from bauta.render import strokes
from bauta.render.strokes import INK, PAPER, Colour
from bauta.tables import mesh478
from bauta.types import POINT_SETS, FaceState

Layer = Callable[[np.ndarray, FaceState], None]
"""Draws one face on an RGB image (H, W, 3) uint8, in place."""

FOREHEAD, CHIN, NOSE_BRIDGE = 10, 152, 168
SMALLEST_WITH_TEXT = 64
"""Pixels of a picture's shorter side below which nothing is written on it."""
CORNERS = ("top left", "top right", "bottom left", "bottom right")


def face_height(face: FaceState) -> float:
    """Pixels from chin to forehead in 3D, the same whichever way the head is turned; without a mesh
    the longer side of the box."""
    if not len(face.mesh):
        return float((face.box[2:] - face.box[:2]).max())
    mesh = face.mesh.astype(np.float64)
    return float(np.linalg.norm(mesh[FOREHEAD] - mesh[CHIN]))


def nose_bridge(face: FaceState) -> np.ndarray:
    """(3,) float64 the bridge of the nose, from whichever points the face has."""
    sets = ((face.mesh, NOSE_BRIDGE), (face.points68_3d, 27), (face.points68, 27))
    points, index = next((points, index) for points, index in sets if len(points))
    return points[index].astype(np.float64)


def line_width(face: FaceState) -> int:
    """Whole pixels, 1 to 6: one for each 300 pixels of the face's height."""
    return int(np.clip(round(face_height(face) / 300), 1, 6))


def text_height(image: np.ndarray) -> float:
    """Pixels of a capital: 2.2 % of the shorter side, but at least 9."""
    return max(9.0, 0.022 * min(image.shape[:2]))


@dataclass(frozen=True)
class Wire:
    """Edges of the mesh: a set of the table (`contours`, `tesselation`, `lips` ...). Without a mesh
    `contours` are the lines of the 68 points, and other sets are left out."""

    edges: str = "contours"
    colour: Colour = PAPER
    opacity: float = 0.85
    halo: float = 0.45
    """Opacity of the dark line beneath, which shows on white; 0 for none."""

    def __post_init__(self) -> None:
        prefix = "edges_"
        known = [key.removeprefix(prefix) for key in mesh478() if key.startswith(prefix)]
        check_choice(self.edges, known, "edges")

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        points, edges = face.mesh, _edges(self.edges)
        if not len(points):
            points = face.points68 if len(face.points68) else face.points68_3d
            edges = schemes.get("ibug68").edges
            if self.edges != "contours":
                return
        paths, width = points[edges], line_width(face)
        pad = 2.0 * width + 2
        if self.halo > 0:
            with strokes.faded(image, points, self.halo, pad) as canvas:
                strokes.lines(canvas, paths, INK, width + 2)
        with strokes.faded(image, points, self.opacity, pad) as canvas:
            strokes.lines(canvas, paths, self.colour, width)


@cache
def _edges(name: str) -> np.ndarray:
    """Edges (K, 2) of the table, each once: a triangle's sides come twice in it."""
    return np.unique(np.sort(mesh478()[f"edges_{name}"], axis=1), axis=0)


@dataclass(frozen=True)
class Points:
    """The points of a scheme, where the model predicts it, as discs with a dark rim, `radius` in
    face heights."""

    scheme: str = "ibug68"
    colour: Colour = (255, 196, 61)
    radius: float = 0.007

    def __post_init__(self) -> None:
        check_choice(self.scheme, POINT_SETS, "scheme")

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        points = face.points(self.scheme)
        if not len(points):
            return
        radius = max(1.0, self.radius * face_height(face))
        with strokes.faded(image, points, 0.6, 2 * radius + 2) as canvas:
            strokes.discs(canvas, points, 1.5 * radius, INK)
        strokes.discs(image, points, radius, self.colour)


@dataclass(frozen=True)
class Irises:
    """Both irises as the ellipses through their ring, and their centres.

    An eye that is open less than `shut` (`FaceState.eye_openness`) has none, nor a face without a
    mesh.
    """

    colour: Colour = (94, 226, 255)
    shut: float = 0.1

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        if not len(face.mesh):
            return
        width = line_width(face)
        rings = (schemes.RIGHT_IRIS478, schemes.LEFT_IRIS478)
        for indices, openness in zip(rings, face.eye_openness, strict=True):
            if openness < self.shut:
                continue
            iris = face.mesh[indices, :2].astype(np.float64)
            ring = ellipse(iris[1:])
            with strokes.faded(image, ring, 0.5, 2.0 * width + 2) as canvas:
                strokes.lines(canvas, [ring], INK, width + 2, closed=True)
            strokes.lines(image, [ring], self.colour, width, closed=True)
            strokes.discs(image, iris[:1], max(0.8, 0.005 * face_height(face)), self.colour)


def ellipse(ring: np.ndarray, count: int = 32) -> np.ndarray:
    """`c + u cos t + v sin t` (count, 2) through four points (4, 2): side, top, side, bottom.

    u and v are half of the two diagonals, so any affine view of a circle comes out exactly.
    """
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    u, v = (ring[0] - ring[2]) / 2, (ring[1] - ring[3]) / 2
    return ring.mean(0) + u * np.cos(t) + v * np.sin(t)


@dataclass(frozen=True)
class Box:
    """The corners of the box in the colour of the id, and a tag with id and score."""

    tag: bool = True
    opacity: float = 0.9

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        colour, width = strokes.colour_of(face.id), line_width(face)
        box = face.box.astype(np.float64)
        arm = 0.16 * float(min(box[2] - box[0], box[3] - box[1]))
        corners = []
        for x, to_x in ((box[0], arm), (box[2], -arm)):
            for y, to_y in ((box[1], arm), (box[3], -arm)):
                corners.append(np.array([[x + to_x, y], [x, y], [x, y + to_y]]))
        ends = box.reshape(2, 2)
        with strokes.faded(image, ends, 0.5, 2.0 * width + 3) as canvas:
            strokes.lines(canvas, corners, INK, width + 3)
        with strokes.faded(image, ends, self.opacity, 2.0 * width + 3) as canvas:
            strokes.lines(canvas, corners, colour, width + 1)
        if self.tag and min(image.shape[:2]) >= SMALLEST_WITH_TEXT:
            self._tag(image, face, colour)

    def _tag(self, image: np.ndarray, face: FaceState, colour: Colour) -> None:
        height = 0.85 * text_height(image)
        line = f"{face.id}  {face.score:.2f}"
        width, tall = strokes.text_size(line, height)
        gap = 0.5 * height
        wide, high = width + 2 * gap, tall + 2 * gap
        limit_x, limit_y = max(0.0, image.shape[1] - wide), max(0.0, image.shape[0] - high)
        above = float(face.box[1]) - high - gap
        if above + high < 0 or above > image.shape[0] or abs(float(face.box[0])) > strokes.REACH:
            return  # the face is outside of the picture
        x = float(np.clip(face.box[0], 0, limit_x))
        y = float(np.clip(above, 0, limit_y))
        strokes.shade(image, (x, y, x + wide, y + high), 0.7)
        strokes.text(image, line, (x + gap, y + gap + tall), height, colour)


@dataclass(frozen=True)
class Axes:
    """The head's axes at the bridge of the nose, from the pose: x red to the subject's left, y
    green up, z blue out of the face. `length` in face heights; the farthest is drawn first.
    """

    length: float = 0.38
    colours: tuple[Colour, Colour, Colour] = ((255, 82, 70), (72, 222, 118), (82, 150, 255))

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        R = face.pose.R_camera_head.astype(np.float64)
        length, width = self.length * face_height(face), line_width(face) + 1
        origin = nose_bridge(face)[:2]
        tips = origin + length * R[:2].T
        for axis in np.argsort(-R[2]):
            path = np.stack([origin, tips[axis]])
            with strokes.faded(image, path, 0.5, 3.0 * width + 3) as canvas:
                strokes.lines(canvas, [path], INK, width + 2)
                strokes.discs(canvas, path[1:], 1.1 * width + 1, INK)
            strokes.lines(image, [path], self.colours[axis], width)
            strokes.discs(image, path[1:], 1.1 * width, self.colours[axis])


@dataclass(frozen=True)
class Panel:
    """Yaw, pitch and roll in degrees, a column a face, and the milliseconds, in a corner.

    Left out where it would take more than a third of the picture's width or height.
    """

    corner: str = "top left"
    faces: int = 3
    """Columns at most; the first faces are shown."""

    def __post_init__(self) -> None:
        check_choice(self.corner, CORNERS, "corner")
        if self.faces < 1:
            raise InputError(f"faces: expected 1 or more, got {self.faces}")

    def __call__(
        self, image: np.ndarray, faces: Sequence[FaceState], milliseconds: float | None
    ) -> None:
        if min(image.shape[:2]) < SMALLEST_WITH_TEXT:
            return
        columns = self._columns(faces[: self.faces], milliseconds)
        height = text_height(image)
        step, gap = 1.8 * height, 1.1 * height
        widths = [max(strokes.text_size(line, height)[0] for line, _ in c) for c in columns]
        wide = sum(widths) + gap * (len(columns) + 1)
        high = step * max(map(len, columns)) + gap
        if wide > image.shape[1] / 3 or high > image.shape[0] / 3:
            return
        x, y = self._place(image, wide, high, margin=0.6 * height)
        strokes.shade(image, (x, y, x + wide, y + high))
        for number, (column, width) in enumerate(zip(columns, widths, strict=True)):
            x += gap
            for row, (line, colour) in enumerate(column):
                free = width - strokes.text_size(line, height)[0] if number else 0
                base = y + gap / 2 + step * row + (step + height) / 2
                strokes.text(image, line, (x + free, base), height, colour)
            x += width

    def _columns(
        self, faces: Sequence[FaceState], milliseconds: float | None
    ) -> list[list[tuple[str, Colour]]]:
        names = ["yaw", "pitch", "roll"] if faces else ["no face"]
        columns = [[(_signed(angle), PAPER) for angle in face.pose.angles] for face in faces]
        if len(faces) > 1:
            names.insert(0, "face")
            for column, face in zip(columns, faces, strict=True):
                column.insert(0, (str(face.id), strokes.colour_of(face.id)))
        if milliseconds is not None:
            if not faces:
                return [[("no face", PAPER), (f"{milliseconds:.1f} ms", PAPER)]]
            names.append("ms")
            columns[0].append((f"{milliseconds:.1f}", PAPER))
        return [[(name, (184, 191, 201)) for name in names], *columns]

    def _place(
        self, image: np.ndarray, wide: float, high: float, margin: float
    ) -> tuple[float, float]:
        right, bottom = image.shape[1] - margin - wide, image.shape[0] - margin - high
        x = right if self.corner.endswith("right") else margin
        y = bottom if self.corner.startswith("bottom") else margin
        return x, y


def _signed(degrees: float) -> str:
    return f"{round(degrees, 1) + 0.0:+.1f}"  # never -0.0


def standard_layers() -> tuple[Layer, ...]:
    """Faint mesh, contours, 68 points, irises, axes and box."""
    return (
        Wire("tesselation", opacity=0.16, halo=0.0),
        Wire(opacity=0.6),
        Points(),
        Irises(),
        Axes(),
        Box(),
    )


class Overlay:
    """Draws faces on a copy of the picture.

        overlay = Overlay()  # or Overlay((Wire(), Points()), panel=None)
        drawn = overlay(frame.image, faces, milliseconds=7.9)

    `layers` are drawn in order, each for all faces; then `panel`, unless it is None.
    """

    def __init__(
        self, layers: Sequence[Layer] | None = None, panel: Panel | None = Panel()
    ) -> None:
        self.layers = standard_layers() if layers is None else tuple(layers)
        self.panel = panel

    def __call__(
        self, image: np.ndarray, faces: Sequence[FaceState], milliseconds: float | None = None
    ) -> np.ndarray:
        """Return a new image (H, W, 3) uint8 RGB; `milliseconds` goes to the panel."""
        canvas = np.array(check_image(image), order="C")
        for layer in self.layers:
            for face in faces:
                layer(canvas, face)
        if self.panel is not None:
            self.panel(canvas, faces, milliseconds)
        return canvas
