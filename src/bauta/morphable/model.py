"""One linear model of heads: mean + identity + expression -> vertices, and eyes that turn.

    v = mean + sum_i a_i identity_i + sum_j w_j expression_j        (Blanz and Vetter 1999)

Head axes and centimetres (docs/conventions.md): x to the subject's left, y up, z out of the face.
Identity coefficients are in standard deviations of the training heads, expression weights 0..1.
The shapes called `eyeLook...` move the lids; the eyeballs are turned about their centres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bauta.checks import InputError, check_choice

LOOK_DEGREES = {"In": 35.0, "Out": 35.0, "Up": 25.0, "Down": 30.0}
"""Turn of the eyeball at weight 1 of an `eyeLook` shape. 30 degrees down is where the lid of the
ICT head then stands (it follows the eyeball's surface); the others are usual limits of gaze."""
SIDES = ("Left", "Right")


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points on the surface: `triangle` (K,) rows of the model's triangles and `weight` (K, 3)
    barycentric weights of its corners, summing to 1."""

    triangle: np.ndarray
    weight: np.ndarray

    def of(self, values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """(K, n) what values (V, n) of the vertices are at the points."""
        return (values[triangles[self.triangle]] * self.weight[:, :, None]).sum(1)


@dataclass(frozen=True, eq=False)
class Eye:
    """One eyeball: its vertices `rows` (n,), and `weight` (n,), which makes of their positions at
    rest the centre about which they turn, whatever the identity."""

    rows: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Contour:
    """Where the visible outline runs: for each of the 17 jaw points of `ibug68` a line of C surface
    points, from the cheek (first) over the jaw bone to a little behind it (last)."""

    triangle: np.ndarray
    """(17, C) int32, rows of the model's triangles."""
    weight: np.ndarray
    """(17, C, 3) float32 barycentric weights."""
    angle: np.ndarray
    """(17, C) float32 degrees, rising: how far the head turns, in the plane of `across` and the
    forward axis, until the outline is there; negative: away from the camera."""
    across: np.ndarray
    """(17, 3) float32 unit vectors, across the outline and outwards, z = 0."""


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A linear head. V vertices, I identity modes, E expressions, T triangles."""

    name: str
    mean: np.ndarray
    """(V, 3) float32 centimetres."""
    identity: np.ndarray
    """(I, V, 3) float32, displacement for one standard deviation."""
    expression: np.ndarray
    """(E, V, 3) float32, displacement for weight 1."""
    expression_names: tuple[str, ...]
    triangles: np.ndarray
    """(T, 3) int32, counter-clockwise seen from outside."""
    part: np.ndarray
    """(V,) uint8 index into `part_names`."""
    part_names: tuple[str, ...]
    mirror: np.ndarray | None = None
    """(V,) int32: the vertex on the other side."""
    uv: np.ndarray | None = None
    """(U, 2) float32, 0..1, v upwards; corners of `uv_triangles` (T, 3)."""
    uv_triangles: np.ndarray | None = None
    embeddings: Mapping[str, Embedding] = field(default_factory=dict)
    """By name of a scheme."""
    eyes: Mapping[str, Eye] = field(default_factory=dict)
    """By `Left`, `Right` (the subject's); empty: the eyes do not turn."""
    contour: Contour | None = None
    """For `ibug68`, see `morphable/contour.py`."""
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Vertices (n,) by name of a region, such as `lips`; regions may overlap."""
    albedo_mean: np.ndarray | None = None
    """(V, 3) float32, linear RGB 0..1."""
    albedo: np.ndarray | None = None
    """(A, V, 3) float32, for one standard deviation."""
    licence: str = ""
    notice: str = ""

    @property
    def modes(self) -> int:
        """Number of identity modes, I."""
        return len(self.identity)

    def of_parts(self, *names: str) -> np.ndarray:
        """(V,) bool: the vertices of named parts; of a part that the model does not have, none."""
        return np.isin(self.part, [k for k, name in enumerate(self.part_names) if name in names])

    def triangles_of(self, *names: str) -> np.ndarray:
        """(T,) bool: the triangles that lie on named parts with all corners."""
        return np.asarray(self.of_parts(*names)[self.triangles].all(1))

    def weights(self, expression: Mapping[str, float]) -> np.ndarray:
        """(E,) float32 of named weights; InputError for a name that the model does not have."""
        result = np.zeros(len(self.expression_names), np.float32)
        for name, value in expression.items():
            check_choice(name, self.expression_names, "expression")
            result[self.expression_names.index(name)] = value
        return result

    def vertices(
        self,
        identity: np.ndarray | None = None,
        expression: np.ndarray | None = None,
        rows: np.ndarray | None = None,
    ) -> np.ndarray:
        """(V, 3) float32 centimetres, of coefficients (up to I,) and weights (E,); with `rows` (n,)
        only those vertices are computed, (n, 3)."""
        some = slice(None) if rows is None else np.asarray(rows)
        result = still = self._still(identity, some)
        if expression is None:
            return result
        w = np.asarray(expression, np.float32)
        if w.shape != (len(self.expression_names),):
            raise InputError(
                f"expression: expected {len(self.expression_names)} weights, got {w.shape}"
            )
        result = still + np.tensordot(w, self.expression[:, some], 1)
        for side, eye in self.eyes.items():
            own = eye.rows if rows is None else np.flatnonzero(np.isin(rows, eye.rows))
            if len(own):
                centre = eye.weight @ self._still(identity, eye.rows)
                result[own] = (still[own] - centre) @ self.eye_rotation(side, w).T + centre
        return result.astype(np.float32)

    def _still(self, identity: np.ndarray | None, rows: np.ndarray | slice) -> np.ndarray:
        if identity is None:
            return self.mean[rows].astype(np.float32)
        a = np.asarray(identity, np.float32)
        if a.ndim != 1 or len(a) > self.modes:
            raise InputError(f"identity: expected up to {self.modes} numbers, got {a.shape}")
        shift = np.tensordot(a, self.identity[: len(a), rows], 1)
        return (self.mean[rows] + shift).astype(np.float32)

    def colours(self, albedo: np.ndarray | None = None) -> np.ndarray:
        """(V, 3) float32 linear RGB 0..1 under even light, of coefficients (up to A,)."""
        if self.albedo_mean is None:
            raise InputError(f"face model {self.name!r} has no albedo")
        if albedo is None:
            return np.clip(self.albedo_mean, 0, 1)
        a, modes = np.asarray(albedo, np.float32), self.albedo
        count = 0 if modes is None else len(modes)
        if modes is None or a.ndim != 1 or len(a) > count:
            raise InputError(f"albedo: expected up to {count} numbers, got {a.shape}")
        return np.clip(self.albedo_mean + np.tensordot(a, modes[: len(a)], 1), 0, 1)

    def eye_rotation(self, side: str, weights: np.ndarray) -> np.ndarray:
        """R_head_eye (3, 3) of one eye for expression weights (E,): first up, then sideways."""
        value = {
            way: float(weights[self.expression_names.index(f"eyeLook{way}{side}")])
            for way in LOOK_DEGREES
            if f"eyeLook{way}{side}" in self.expression_names
        }
        turn = {way: value.get(way, 0.0) * degrees for way, degrees in LOOK_DEGREES.items()}
        outward = 1.0 if side == "Left" else -1.0
        return look_rotation(outward * (turn["Out"] - turn["In"]), turn["Up"] - turn["Down"])

    def at(self, scheme: str) -> FaceModel:
        """The model of a scheme's points alone: K "vertices", no triangles, no eyes that turn."""
        check_choice(scheme, self.embeddings, "scheme")
        embedding = self.embeddings[scheme]
        corners, weight = self.triangles[embedding.triangle], embedding.weight[:, :, None]
        pick = lambda values: (values[..., corners, :] * weight).sum(-2).astype(np.float32)  # noqa: E731
        return replace(
            self,
            mean=pick(self.mean),
            identity=pick(self.identity),
            expression=pick(self.expression),
            triangles=np.zeros((0, 3), np.int32),
            part=self.part[corners[:, 0]],
            mirror=None,
            uv=None,
            uv_triangles=None,
            embeddings={},
            eyes={},
            contour=None,
            regions={},
            albedo_mean=None,
            albedo=None,
        )

    def points(self, scheme: str, vertices: np.ndarray) -> np.ndarray:
        """(K, 3) points of a scheme on given vertices (V, 3)."""
        check_choice(scheme, self.embeddings, "scheme")
        return self.embeddings[scheme].of(vertices, self.triangles)


def look_rotation(left: float, up: float) -> np.ndarray:
    """R (3, 3) that turns the gaze (0, 0, 1) by degrees `left` (the subject's) and `up`."""
    y, x = np.radians(left), np.radians(up)
    sideways = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    upward = np.array([[1, 0, 0], [0, np.cos(x), np.sin(x)], [0, -np.sin(x), np.cos(x)]])
    return sideways @ upward
