"""The head that is rendered: the full ICT head when there is one, else the one that ships.

Labels always come from the shipped head's points: its vertices are a subset of the full head's, so
the same coefficients put them on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from bauta.assets.face import face_model
from bauta.morphable import ict
from bauta.morphable.model import FaceModel, look_rotation
from bauta.synth.fingerprint import hash_of
from bauta.synth.rendered.canvas import compiled
from bauta.synth.rendered.shadows import shadow_map

FULL = "ict_face.npz"
"""File of the full head, among the training data."""
HIDDEN = ("lacrimal", "eye_blend", "eye_occlusion")
"""Parts that stand for moisture and contact shadows: not drawn."""
AXIS = -8.0
"""Centimetres: z of the upright axis about which azimuths are counted."""
LOW, HIGH = -21.0, 15.0
"""Heights between which a head's texture runs."""
FOOT = -13.5
"""Centimetres: the neck is drawn down to here; clothes begin."""
SKY = 40
"""Directions from which occlusion is looked at."""


@dataclass(frozen=True, eq=False)
class Head:
    """One topology, ready to be posed and drawn. V vertices, T triangles."""

    mean: np.ndarray
    """(V, 3) float32 centimetres, head axes."""
    identity: np.ndarray
    """(I, V, 3) float32."""
    expression: np.ndarray
    """(E, V, 3) float32; names are those of the shipped head."""
    triangles: np.ndarray
    """(T, 3) int32: of what is opaque."""
    lashes: np.ndarray
    """(L, 3) int32: of the lashes; none on the shipped head."""
    part: np.ndarray
    """(V,) index into `part_names`."""
    part_names: tuple[str, ...]
    uv: np.ndarray
    """(V, 2): azimuth / 360 + 0.5 (0.5 in front) and height, both 0..1; v upwards."""
    label_rows: np.ndarray
    """(n,) where the shipped head's vertices are."""
    eyes: tuple[tuple[str, np.ndarray], ...]
    """(side, vertices of the eyeball)."""
    lash: np.ndarray
    """(V,) 1 at the roots of the lashes .. 0 at their tips."""
    origin: np.ndarray
    """(V,) the row a vertex had before those at the seam were doubled."""
    occlusion: np.ndarray
    """(V,) 0..1: share of the sky that the mean head leaves, by the cosine."""
    name: str
    """Which head this is."""

    @cached_property
    def fingerprint(self) -> str:
        """The name, and a hash of the shapes: what pictures depend on."""
        shapes = (self.mean, self.identity, self.expression, self.triangles, self.lashes)
        return f"{self.name} {hash_of(array.tobytes() for array in shapes)}"

    def rows(self, *parts: str) -> np.ndarray:
        """(V,) bool, read-only: vertices of the parts whose names begin so."""
        return _rows(self, parts)

    def still(self, identity: np.ndarray) -> np.ndarray:
        """(V, 3) of a person at rest."""
        return self.mean + np.tensordot(identity, self.identity[: len(identity)], 1)

    def centre(self, still: np.ndarray, side: str) -> np.ndarray:
        """(3,) about which an eye turns."""
        eye = face_model().eyes[side]
        return eye.weight @ still[self.label_rows[eye.rows]]

    def posed(
        self, still: np.ndarray, weights: np.ndarray, gaze: dict[str, tuple[float, float]]
    ) -> np.ndarray:
        """(V, 3) with expression weights (E,) and eyeballs turned by degrees (left, up)."""
        used = np.flatnonzero(weights)
        result = still + np.tensordot(weights[used], self.expression[used], 1)
        for side, rows in self.eyes:
            centre = self.centre(still, side)
            result[rows] = (still[rows] - centre) @ look_rotation(*gaze[side]).T + centre
        return result.astype(np.float32)


@cache
def _rows(head: Head, parts: tuple[str, ...]) -> np.ndarray:
    wanted = [k for k, name in enumerate(head.part_names) if name.startswith(parts)]
    result = np.isin(head.part, wanted)
    result.flags.writeable = False
    return result


def _map_rows(head: ict.IctHead, small: FaceModel, shift: np.ndarray) -> np.ndarray:
    """(n,) the full head's vertex of each vertex of the small one: by place and by motion, since
    lips and lids lie on each other at rest."""
    names = small.expression_names
    picks = [
        names.index(key)
        for key in ("jawOpen", "mouthFunnel", "eyeBlinkLeft", "eyeBlinkRight", "mouthRollLower")
    ]
    there = np.concatenate([head.mean - shift, *(5 * head.expression[k] for k in picks)], 1)
    here = np.concatenate([small.mean, *(5 * small.expression[k] for k in picks)], 1)
    found = np.zeros(len(here), int)
    for name in small.part_names:
        rows, others = np.flatnonzero(small.part == small.part_names.index(name)), head.rows(name)
        a, b = here[rows].astype(np.float64), there[others].astype(np.float64)
        d = (a * a).sum(1)[:, None] - 2 * a @ b.T + (b * b).sum(1)
        found[rows] = others[d.argmin(1)]
    return found


def azimuths(points: np.ndarray) -> np.ndarray:
    """Degrees (n,) about the upright axis of points (n, 3); 0 in front, > 0 to the left."""
    return np.degrees(np.arctan2(points[:, 0], points[:, 2] - AXIS))


def texture_places(points: np.ndarray) -> np.ndarray:
    """(n, 2) places on the cylinder around the mean head."""
    v = (points[:, 1] - LOW) / (HIGH - LOW)
    return np.stack([azimuths(points) / 360 + 0.5, v], 1).astype(np.float32)


def _occlusion(vertices: np.ndarray, triangles: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(V,) share of the light of an even sky that reaches each vertex, weighted by the cosine."""
    k = np.arange(SKY) + 0.5
    height, turn = 1 - 2 * k / SKY, k * np.pi * (3 - 5**0.5)
    across = np.sqrt(1 - height**2)
    ways = np.stack([across * np.cos(turn), height, across * np.sin(turn)], 1)
    got, whole = np.zeros(len(vertices)), np.full(len(vertices), 1e-6)
    for way in ways:
        cosine = np.maximum(normals @ way, 0)
        got += cosine * shadow_map(vertices, triangles, way, side=160).share(vertices)
        whole += cosine
    return np.clip(got / whole, 0, 1).astype(np.float32)


def normals_of(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit normals, mean of the triangles around by area; compiled, many times as
    fast as `geometry.mesh.vertex_normals`."""
    sums = np.zeros((len(vertices), 3))
    points = np.ascontiguousarray(vertices, np.float32)
    compiled().normal_sums(points, np.ascontiguousarray(triangles, np.int32), sums)
    sums = sums.astype(np.float32)
    return sums / np.maximum(np.sqrt((sums * sums).sum(1, keepdims=True)), 1e-12)


def _unwrapped(triangles: np.ndarray, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles that cross the back of the cylinder get corners of their own: (triangles, rows of
    the vertices that are doubled, uv of all)."""
    u = uv[triangles, 0]
    low = (np.ptp(u, axis=1) > 0.5)[:, None] & (u < 0.5)
    doubled = np.unique(triangles[low])
    new = np.full(len(uv), -1)
    new[doubled] = len(uv) + np.arange(len(doubled))
    result = np.where(low, new[triangles], triangles).astype(np.int32)
    return result, doubled, np.concatenate([uv, uv[doubled] + np.array([1, 0], np.float32)])


def _full(path: Path) -> Head:
    small, head = face_model(), ict.read_npz(path)
    rows = _map_rows(head, small, ict.between_the_eyes(head).astype(np.float32))
    shift = np.median(head.mean[rows] - small.mean, 0)  # to the bit: its vertices are original ones
    rows = _map_rows(head, small, shift)
    shown = [k for k, name in enumerate(head.part_names) if not name.startswith(HIDDEN)]
    kept = np.flatnonzero(np.isin(head.part, shown))
    new = np.full(len(head.mean), -1)
    new[kept] = np.arange(len(kept))
    triangles = new[head.triangles]
    triangles = triangles[(triangles >= 0).all(1)]
    return _prepared(
        head.mean[kept] - shift,
        head.identity[: small.modes, kept],
        head.expression[:, kept],
        triangles,
        head.part[kept],
        head.part_names,
        new[rows],
        path.name,
    )


def _prepared(
    mean: np.ndarray,
    identity: np.ndarray,
    expression: np.ndarray,
    triangles: np.ndarray,
    part: np.ndarray,
    names: tuple[str, ...],
    label_rows: np.ndarray,
    name: str,
) -> Head:
    lash = [k for k, name in enumerate(names) if name.startswith("eyelashes")]
    neck = names.index("head_neck")
    triangles = triangles[~((mean[:, 1] < FOOT) & (part == neck))[triangles].all(1)]
    is_lash = np.isin(part[triangles[:, 0]], lash)
    triangles, doubled, uv = _unwrapped(triangles, texture_places(mean))
    grow = np.concatenate([np.arange(len(mean)), doubled])
    part, mean = part[grow], mean[grow]
    opaque, lashes = triangles[~is_lash], triangles[is_lash]
    eyes = tuple(
        (side, np.flatnonzero(part == names.index(f"eyeball_{side.lower()}")))
        for side in ("Right", "Left")
    )
    light = _occlusion(mean, opaque, normals_of(mean, opaque))
    return Head(
        mean,
        np.ascontiguousarray(identity[:, grow], np.float32),
        np.ascontiguousarray(expression[:, grow], np.float32),
        opaque,
        lashes,
        part,
        names,
        uv,
        label_rows,
        eyes,
        _lash_fade(mean, lashes, part == names.index("face")),
        grow,
        light,
        name,
    )


def _lash_fade(mean: np.ndarray, lashes: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(V,) of the vertices of `lashes` by their distance to the skin that they grow from."""
    fade = np.zeros(len(mean), np.float32)
    rows = np.unique(lashes)
    near = mean[skin & (np.abs(mean[:, 1]) < 2.5) & (mean[:, 2] > -1)]
    for row in rows:
        away = np.sqrt(((near - mean[row]) ** 2).sum(1).min())
        fade[row] = np.clip(1 - away / 0.55, 0, 1)
    return fade


@cache
def small_head() -> Head:
    """The head that ships: labels and shells are made on it."""
    m = face_model()
    rows = np.arange(len(m.mean))
    name = f"shipped (no {FULL})"
    return _prepared(
        m.mean, m.identity, m.expression, m.triangles, m.part, m.part_names, rows, name
    )


@cache
def full_head(path: Path) -> Head:
    """The head of an `ict_face.npz`; ModelError when it cannot be read."""
    return _full(path)


def head_in(folder: Path | None) -> Head:
    """The full head when `FULL` lies in the folder, else the one that ships."""
    path = None if folder is None else folder / FULL
    return full_head(path) if path is not None and path.exists() else small_head()
