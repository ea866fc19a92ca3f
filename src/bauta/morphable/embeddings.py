"""Point schemes on the head that ships, and the lines along which the outline slides:

    python -m bauta.morphable.embeddings face.npz --out face.npz

Schemes that are read off the mesh (`bauta.schemes.embedding`) are laid on the surface where the
mesh points are; `fs70` is the 68 anatomical points and the pupils.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.geometry.mesh import nearest_on_mesh
from bauta.morphable.contour import JAW
from bauta.morphable.file import read_model, write_model
from bauta.morphable.model import Contour, Embedding, FaceModel

COMPOSED = ("wflw98", "jd106", "insightface106")
PUPILS = (468, 473)
"""Middles of the irises of `mesh478`, right and left: the order of `fs70`'s last two points."""
APART = ("jawOpen", "mouthFunnel", "eyeBlinkLeft", "eyeBlinkRight")
"""Shapes in which surfaces that touch or lie close at rest, such as the lips, are apart."""
FORWARD = (7.6, 7.6, 6.2, 4.8, 3.4, 2.8, 1.0, 0.75, 0.75)
BACKWARD = (0.6, 0.6, 0.6, 0.8, 1.0, 1.25, 0.6, 0.4, 0.3)
"""Centimetres that the lines of jaw points 0 to 8 (and 16 to 8) run over the cheek from where the
outline lies seen from in front, and behind that: chosen on labelled faces (docs/face-model.md)."""
TURN = (60.0, 20.0)
"""Degrees of turning, away from the camera and towards it, at which the ends of a line are reached;
a point slides evenly up to there."""
STEPS, FRONT = 16, 10
"""Points of a line, and how many of them lie in front of its home."""
JUMP = 0.5
"""Centimetres between neighbours at which a line has left the surface it ran on."""
DEPTH = 5.0
"""Centimetres inside the head from which a line is drawn on the surface."""


def compose(model: FaceModel, scheme: str) -> Embedding:
    """A scheme's points between those of `mesh478`, on the surface.

    A point between two mesh points is put where the surface is nearest in several poses at once, so
    that it stays on its own lip.
    """
    between = schemes.embedding(scheme)
    mesh = model.embeddings["mesh478"]
    shapes = apart(model)
    points = between.apply(mesh.of(shapes, model.triangles))
    skin = np.flatnonzero(model.triangles_of("face"))
    found, weight = nearest_on_mesh(points, shapes, model.triangles[skin])
    triangle = skin[found].astype(np.int32)
    exact = between.weights.max(1) > 1 - 1e-9
    source = between.indices[np.arange(len(points)), between.weights.argmax(1)][exact]
    triangle[exact], weight[exact] = mesh.triangle[source], mesh.weight[source]
    return Embedding(triangle, weight.astype(np.float32))


def centred(model: FaceModel, where: Embedding, rows: np.ndarray) -> Embedding:
    """Points with some `rows` of them on the middle line of the head.

    In a groove, such as that of the upper lip, the surface nearest to the middle is on its sides.
    """
    assert model.mirror is not None
    middle = model.mirror == np.arange(len(model.mirror))
    sides = np.flatnonzero(middle[model.triangles].sum(1) == 2)
    corner = middle[model.triangles[sides]].argsort(1)[:, ::-1][:, :2]
    edges = np.take_along_axis(model.triangles[sides], corner, 1)
    shapes = apart(model)
    points = Embedding(where.triangle[rows], where.weight[rows]).of(shapes, model.triangles)
    points[:, ::3] = 0
    found, share = nearest_on_mesh(points, shapes, edges[:, [0, 1, 1]])
    triangle, weight = where.triangle.copy(), where.weight.copy()
    triangle[rows], weight[rows] = sides[found], 0
    weight[rows, corner[found, 0]], weight[rows, corner[found, 1]] = (
        share[:, 0],
        share[:, 1:].sum(1),
    )
    return Embedding(triangle, weight)


def even(model: FaceModel, where: Embedding, mirror: np.ndarray) -> Embedding:
    """Points (K,) alike on both sides: of two that mirror each other the later one takes the place
    of the first, or the nearest to it where the head has no such triangle; those of the middle lie
    on the middle line."""
    assert model.mirror is not None
    rows = {tuple(sorted(corners)): row for row, corners in enumerate(model.triangles.tolist())}
    triangle, weight = where.triangle.copy(), where.weight.copy()
    for k, other in enumerate(mirror.tolist()):
        if other >= k:
            continue
        here = model.triangles[triangle[other]]
        corners = model.mirror[here].tolist()
        row = rows.get(tuple(sorted(corners)))
        if row is not None:
            order = [corners.index(corner) for corner in model.triangles[row].tolist()]
            triangle[k], weight[k] = row, weight[other][order]
        else:
            place = (weight[other] @ model.mean[here]) * (-1, 1, 1)
            (triangle[k],), (weight[k],) = nearest_on_mesh(place[None], model.mean, model.triangles)
    middle = np.flatnonzero(mirror == np.arange(len(mirror)))
    return centred(model, Embedding(triangle, weight), middle)


def apart(model: FaceModel) -> np.ndarray:
    """(V, 15) vertices of the mean, and the displacements of the shapes of `APART`."""
    poses = [model.expression[model.expression_names.index(name)] for name in APART]
    return np.concatenate([model.mean, *poses], 1).astype(np.float64)


def fs70(model: FaceModel) -> Embedding:
    """The 68 anatomical points and the two pupils."""
    jaw, mesh = model.embeddings["ibug68-3d"], model.embeddings["mesh478"]
    pupils = list(PUPILS)
    return Embedding(
        np.concatenate([jaw.triangle, mesh.triangle[pupils]]),
        np.concatenate([jaw.weight, mesh.weight[pupils]]),
    )


class Surface:
    """The skin of the mean head, for rays from inside."""

    def __init__(self, model: FaceModel) -> None:
        self.rows = np.flatnonzero(model.triangles_of("face", "head_neck"))
        self.corners = model.mean[model.triangles[self.rows]].astype(np.float64)

    def hit(self, start: np.ndarray, ray: np.ndarray) -> tuple[int, np.ndarray] | None:
        """Triangle, of `rows`, and weights (3,) where a ray leaves the skin for the last time
        (Moller and Trumbore 1997); None where it never does."""
        a, e1, e2 = (
            self.corners[:, 0],
            self.corners[:, 1] - self.corners[:, 0],
            self.corners[:, 2] - self.corners[:, 0],
        )
        p = np.cross(ray, e2)
        det = (e1 * p).sum(1)
        scale = 1 / np.where(np.abs(det) > 1e-9, det, np.inf)
        s = start - a
        q = np.cross(s, e1)
        u, v = (s * p).sum(1) * scale, (q * ray).sum(1) * scale
        distance = (e2 * q).sum(1) * scale
        inside = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (distance > 1e-6)
        if not inside.any():
            return None
        k = int(np.flatnonzero(inside)[distance[inside].argmax()])
        return k, np.array([1 - u[k] - v[k], u[k], v[k]])

    def at(self, place: tuple[int, np.ndarray]) -> np.ndarray:
        """(3,) the point of a place."""
        return place[1] @ self.corners[place[0]]


def outward(jaw: np.ndarray) -> np.ndarray:
    """(17, 3) unit vectors across the jaw's outline (17, 3) as seen from the front, outwards, alike
    on both sides."""
    along = np.gradient(jaw[:, :2], axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], 1)
    across *= np.sign((across * (jaw[:, :2] - jaw[[0, 16], :2].mean(0))).sum(1))[:, None]
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    across = across + across[::-1] * (-1, 1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.concatenate([across, np.zeros((17, 1))], 1)


def home_of(model: FaceModel) -> Embedding:
    """Where the outline of `ibug68` lies as seen from in front (17 points): where the model's lines
    have it, else at the jaw of `ibug68-3d`."""
    if model.contour is not None:
        return Embedding(model.contour.triangle[:, FRONT], model.contour.weight[:, FRONT])
    bone = model.embeddings["ibug68-3d"]
    return Embedding(bone.triangle[:JAW], bone.weight[:JAW])


def contour_lines(model: FaceModel, home: Embedding) -> Contour:
    """The lines of the 17 jaw points. Each lies in the plane of the forward axis and the direction
    across the outline, through its point of `home`: level at the cheeks, upright at the chin."""
    surface = Surface(model)
    jaw = replace(model, embeddings={"home": home}).points("home", model.mean).astype(np.float64)
    across = outward(jaw)
    lines = [
        _line(surface, jaw[j], across[j], FORWARD[min(j, 16 - j)], BACKWARD[min(j, 16 - j)])
        for j in range(JAW)
    ]
    triangle, weight, angle = (np.stack(column) for column in zip(*lines, strict=True))
    triangle[:, FRONT], weight[:, FRONT] = home.triangle, home.weight
    return Contour(
        triangle.astype(np.int32),
        weight.astype(np.float32),
        angle.astype(np.float32),
        across.astype(np.float32),
    )


def _line(
    surface: Surface, jaw: np.ndarray, across: np.ndarray, forward: float, backward: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles (C,), weights (C, 3) and angles (C,) of one line, front to back."""
    start = jaw - DEPTH * across

    def place(phi: float) -> tuple[int, np.ndarray] | None:
        return surface.hit(start, np.cos(phi) * across + np.sin(phi) * np.array([0.0, 0, 1]))

    front = _walk(surface, place, 1, forward)
    back = _walk(surface, place, -1, backward)
    arc = np.concatenate([front[::-1, 0], -back[1:, 0]])
    phi = np.concatenate([front[::-1, 1], back[1:, 1]])
    wanted = np.concatenate(
        [np.linspace(arc[0], 0, FRONT + 1), np.linspace(0, arc[-1], STEPS - FRONT)[1:]]
    )
    places = [place(float(np.interp(-a, -arc, phi))) for a in wanted]
    found = [p for p in places if p is not None]
    angle = np.where(wanted > 0, -TURN[0] * wanted / arc[0], TURN[1] * wanted / arc[-1])
    return np.array([surface.rows[p[0]] for p in found]), np.stack([p[1] for p in found]), angle


def _walk(surface: Surface, place: Callable, step: int, limit: float) -> np.ndarray:
    """(n, 2) centimetres from the jaw point and angle of the ray, until the limit or a jump."""
    here = place(0.0)
    assert here is not None, "a jaw point lies on the skin"
    rows, point = [(0.0, 0.0)], surface.at(here)
    for k in range(1, 86):
        there = place(np.radians(step * k))
        if there is None:
            break
        way = float(np.linalg.norm(surface.at(there) - point))
        if way > JUMP or rows[-1][0] >= limit:
            break
        share = min((limit - rows[-1][0]) / max(way, 1e-9), 1.0)
        rows.append((rows[-1][0] + share * way, np.radians(step * (k - 1 + share))))
        point = surface.at(there)
    return np.array(rows)


def regions(model: FaceModel) -> dict[str, np.ndarray]:
    """Vertices by region: lids are what blinking moves, lips and brows what lies within their
    points of `mesh478` as seen from the front, ears what stands out at the sides."""
    mesh, points = model.points("mesh478", model.mean), schemes.get("mesh478").regions
    face = model.of_parts("face")
    x, y, z = model.mean.T
    found = {"lips": face & _within(model.mean, mesh[points["outer_lips"]])}
    for side, sign in (("left", 1), ("right", -1)):
        blink = model.expression[model.expression_names.index(f"eyeBlink{side.title()}")]
        moved = np.linalg.norm(blink, axis=1)
        found[f"lids_{side}"] = face & (moved > 0.1 * moved.max())
        found[f"brow_{side}"] = face & _within(model.mean, mesh[points[f"{side}_brow"]])
        found[f"ear_{side}"] = face & (sign * x > 7.2) & (z < -4.6) & (np.abs(y + 1.6) < 5)
    return {name: np.flatnonzero(rows).astype(np.int32) for name, rows in found.items()}


def _within(vertices: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(V,) bool: seen from the front within the outline of points, taken in the order of their
    angle about their middle, and in front of the deepest of them less a centimetre."""
    middle = points[:, :2].mean(0)
    around = points[:, :2] - middle
    ring = points[np.arctan2(around[:, 1], around[:, 0]).argsort()][:, :2]
    crossings = np.zeros(len(vertices), int)
    px, py = vertices[:, 0], vertices[:, 1]
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, 0), strict=True):
        if y0 != y1:
            level = (y0 > py) != (y1 > py)
            crossings += level & (px < (x1 - x0) * (py - y0) / (y1 - y0) + x0)
    return (crossings % 2 == 1) & (vertices[:, 2] > points[:, 2].min() - 1)


def complete(model: FaceModel, home: Embedding | None = None) -> FaceModel:
    """The model with all its point schemes, the outline and the regions. `home` is where the
    outline lies as seen from in front, by default where it is (`home_of`)."""
    home = home or home_of(model)
    mesh = model.embeddings["mesh478"]
    middle = np.flatnonzero(schemes.get("mesh478").mirror == np.arange(478))
    embeddings = {
        "ibug68-3d": model.embeddings["ibug68-3d"],
        "mesh478": centred(model, mesh, middle),
    }
    model = replace(model, embeddings=embeddings)
    embeddings |= {scheme: compose(model, scheme) for scheme in COMPOSED}
    embeddings["fs70"] = fs70(model)
    return replace(
        model, embeddings=embeddings, contour=contour_lines(model, home), regions=regions(model)
    )


def main() -> None:
    """Add schemes, outline and regions to a head whose mesh points are placed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("head", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write_model(options.out, complete(read_model(options.head)), half=True)


if __name__ == "__main__":
    main()
