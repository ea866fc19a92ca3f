"""Small meshes of what people wear and hold, in head axes, centimetres: triangles seen from
outside run counter-clockwise where it matters; most are drawn from both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.synth.rendered.head import AXIS, azimuths


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh with a colour."""

    vertices: np.ndarray
    """(n, 3)."""
    triangles: np.ndarray
    """(m, 3)."""
    albedo: np.ndarray
    """(n, 3) linear RGB."""


def grid_triangles(rows: int, columns: int, closed: bool = False) -> np.ndarray:
    """(m, 3) of a grid of vertices in rows; `closed` joins the last column to the first."""
    i, j = np.mgrid[: rows - 1, : columns - (not closed)]
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.stack([a, b, c, b, d, c], -1).reshape(-1, 3).astype(np.int32)


def painted(vertices: np.ndarray, triangles: np.ndarray, colour: np.ndarray) -> Solid:
    """In one colour (3,)."""
    flat = np.ascontiguousarray(vertices.reshape(-1, 3), np.float32)
    return Solid(flat, triangles, np.broadcast_to(np.asarray(colour, np.float32), flat.shape))


def joined(solids: list[Solid]) -> Solid:
    """Several as one."""
    starts = np.cumsum([0, *(len(s.vertices) for s in solids)])
    return Solid(
        np.concatenate([s.vertices for s in solids]),
        np.concatenate([s.triangles + n for s, n in zip(solids, starts, strict=False)]),
        np.concatenate([s.albedo for s in solids]),
    )


def torso(colour: np.ndarray, rng: np.random.Generator) -> Solid:
    """Collar, shoulders and chest below the neck's foot, which is the origin; y up."""
    broad = rng.uniform(0.85, 1.2)
    up = np.array([1.5, 0.5, -1.5, -4, -9, -20, -45.0]) + rng.uniform(-2, 0.5)
    wide = np.array([6.6, 7.2, 10.5, 16, 19.5, 21, 21]) * broad
    deep = np.array([6.4, 6.9, 8.0, 9.5, 11, 12, 12]) * broad
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ring = np.stack([np.cos(turn), np.zeros(28), np.sin(turn)], -1)
    scale = np.stack([wide, np.zeros(7), deep], -1)
    vertices = ring[None] * scale[:, None] + np.stack([0 * up, up, 0 * up], -1)[:, None]
    return painted(vertices, grid_triangles(7, 28, closed=True), colour)


def capsule(a: np.ndarray, b: np.ndarray, radius: float, colour: np.ndarray) -> Solid:
    """A rod with round ends from `a` to `b` (3,)."""
    axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    side = np.cross(axis, (0, 0, 1) if abs(axis[2]) < 0.9 else (1, 0, 0))
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other
    rise = np.radians([-90, -60, -30, 0])
    ends = [(a, s) for s in rise] + [(b, -s) for s in rise[::-1]]
    rows = [at + radius * (np.cos(s) * ring + np.sin(s) * axis) for at, s in ends]
    return painted(np.stack(rows), grid_triangles(8, 12, closed=True), colour)


def hand(middle: np.ndarray, skin: np.ndarray, rng: np.random.Generator) -> Solid:
    """Palm and four fingers over `middle` (3,), in a plane before the face."""
    turn = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(turn), np.sin(turn), 0])
    across = np.array([-np.sin(turn), np.cos(turn), 0])
    spread, bend = rng.uniform(0.85, 1.2), np.array([0, 0, rng.uniform(-0.6, 0.4)])
    parts = []
    for k, length in enumerate((6.5, 7.4, 7.0, 5.4)):
        root = middle + across * (k - 1.5) * 1.9 * spread - along * 1.0
        tip = root + along * length + across * (k - 1.5) * 0.5 * rng.uniform(0, 1) + bend * length
        parts.append(capsule(root, tip, 0.85, skin))
        parts.append(capsule(root, root - along * 7.0 - across * (k - 1.5) * 0.3, 1.15, skin))
    thumb = middle + across * 4.2 - along * 4.0
    parts.append(capsule(thumb - along * 2 - across * 2, thumb + along * 3.0, 1.0, skin))
    return joined(parts)


@dataclass(frozen=True, eq=False)
class Spectacles:
    """Frame and the two lenses."""

    frame: Solid
    lenses: Solid


def spectacles(
    centres: np.ndarray, temples: np.ndarray, bridge_z: float, rng: np.random.Generator
) -> Spectacles:
    """For eyes that turn about `centres` (2, 3) and ears at `temples` (2, 3); `bridge_z` is how far
    the root of the nose sticks out."""
    wide, high = rng.uniform(2.3, 2.95), rng.uniform(1.6, 2.5)
    power, thick = rng.uniform(2, 4.5), rng.uniform(0.08, 0.4)
    dark, odd = np.full(3, rng.uniform(0.004, 0.03)), rng.uniform(0.01, 0.5, 3)
    colour = dark if rng.random() < 0.65 else odd
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    shape = np.stack(
        [np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)], -1
    )
    front = bridge_z + rng.uniform(0.3, 0.8)
    bent = lambda xy: np.concatenate([xy, front - 0.022 * xy[..., :1] ** 2], -1)  # noqa: E731
    frames, lenses = [], []
    for centre, ear in zip(centres, temples, strict=True):
        middle = centre[:2] + np.array([np.sign(centre[0]) * 0.15, -0.25])
        inner, outer = shape * (wide, high), shape * (wide + thick, high + thick)
        rings = [bent(middle + inner), bent(middle + outer)]
        back = np.array([0, 0, 0.3])
        rows = np.stack([rings[0] - back, rings[0], rings[1], rings[1] - back])
        frames.append(painted(rows, grid_triangles(4, 36, closed=True), colour))
        lens = np.stack([np.broadcast_to(bent(middle), (36, 3)), rings[0]])
        lenses.append(painted(lens, grid_triangles(2, 36, closed=True), np.full(3, 0.02)))
        corner = np.array([np.sign(centre[0]) * (wide + thick / 2), high * 0.45])
        out = bent(middle + corner)
        frames.append(_bar(out - (0, 0, 0.1), ear, 0.12 + thick / 2, colour))
    inward = [np.array([np.sign(c[0]) * (0.1 - wide), 0.3]) for c in centres]
    ends = [bent(c[:2] + step) for c, step in zip(centres, inward, strict=True)]
    frames.append(_bar(ends[0], ends[1], 0.1 + thick / 3, colour))
    return Spectacles(joined(frames), joined(lenses))


def _bar(a: np.ndarray, b: np.ndarray, half: float, colour: np.ndarray) -> Solid:
    return capsule(np.asarray(a, float), np.asarray(b, float), half, colour)


def face_mask(vertices: np.ndarray, rng: np.random.Generator) -> Solid:
    """Cloth from the nose to under the chin, drawn tight over the vertices (n, 3) of the face."""
    angle, high = np.linspace(-66, 66, 27), np.linspace(0, 1, 16)
    az, radius = azimuths(vertices), np.hypot(vertices[:, 0], vertices[:, 2] - AXIS)
    top = rng.uniform(-2.6, -0.9) - 1.9 * (np.abs(angle) / 66) ** 1.5
    y = top + (-12.2 - top) * high[:, None]
    near = np.exp(
        -(((az - angle[None, :, None]) / 5.0) ** 2) - ((vertices[:, 1] - y[..., None]) / 0.9) ** 2
    )
    r = (radius * (near > 0.3)).max(-1)
    bare = r == 0
    r[bare] = r[~bare].mean() if bare.any() else 0
    for _ in range(3):  # cloth spans hollows: never below the mean of its neighbours
        wide = np.pad(r, 1, mode="edge")
        mean = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4
        r = np.maximum(mean, 0.3 * r + 0.7 * mean)
    r = r + 0.35
    a = np.radians(angle)
    points = np.stack([r * np.sin(a), y, AXIS + r * np.cos(a)], -1)
    colours = np.array([[0.75, 0.78, 0.8], [0.25, 0.5, 0.65], [0.015, 0.015, 0.018]])
    colour = colours[rng.integers(3)] if rng.random() < 0.75 else rng.uniform(0.03, 0.7, 3)
    return painted(points, grid_triangles(16, 27), colour)


def brim(level: float, radius: float, colour: np.ndarray, rng: np.random.Generator) -> Solid:
    """The peak of a cap: from the brow's `level` forwards, `radius` from the upright axis."""
    angle, out = np.radians(np.linspace(-62, 62, 21)), np.linspace(0, 1, 5)
    reach = rng.uniform(5, 7.5) * np.cos(angle * 1.4) ** 0.7
    r = radius + out[:, None] * reach
    drop = out[:, None] * rng.uniform(0.2, 1.8) + 1.6 * np.abs(np.sin(angle)) * out[:, None]
    points = np.stack([r * np.sin(angle), level - drop, AXIS + r * np.cos(angle)], -1)
    return painted(points, grid_triangles(5, 21), colour)
