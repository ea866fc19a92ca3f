"""The map on which skin is learned: the front of the cylinder around the mean head, where
photographs are laid and from which skin is read. Texels lie on the mean head: a brow is always in
the same place, whoever's it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.geometry.mesh import vertex_normals
from bauta.synth.profile.lift import Lifted
from bauta.synth.rendered.head import HIGH, LOW, azimuths

WIDE, TALL = 160, 128
"""Texels of the map."""
ASIDE = 70.0
"""Degrees of azimuth to its left and right edges."""
FOOT, TOP = -12.5, 6.5
"""Heights of its lower and upper edges, centimetres."""
LID = 3
"""Texels around the opening of the eyes that are lashes and lids' edges rather than skin."""
MOUTH = TALL // 2
"""Row of the map below which an opening is the mouth's, not an eye's."""
FADE = 14.0
"""Texels from the edge of the face over which learned skin gives way to the plain tone."""
SHOWN = 0.6
"""How well a photograph must show a texel (`Lifted.shown`)."""


@dataclass(frozen=True, eq=False)
class Texels:
    """The P texels of the map that lie on the face, row by row."""

    mask: np.ndarray
    """(TALL, WIDE) bool: which they are; alike on both sides."""
    corners: np.ndarray
    """(P, 3) vertices of the face model around each."""
    weight: np.ndarray
    """(P, 3) of those vertices."""
    bare: np.ndarray
    """(P,) bool: skin that a photograph can show, away from the openings of the eyes."""
    mirror: np.ndarray
    """(P,) the texel on the other side."""

    def of(self, values: np.ndarray) -> np.ndarray:
        """(P, C) of values (V, C) at the face model's vertices."""
        return (values[self.corners] * self.weight[:, :, None]).sum(1)

    def image(self, values: np.ndarray) -> np.ndarray:
        """(TALL, WIDE, C) float32 of values (P, C); 0 beside the face."""
        result = np.zeros((TALL, WIDE, values.shape[1]), np.float32)
        result[self.mask] = values
        return result


def places(points: np.ndarray) -> np.ndarray:
    """(n, 2) x and y on the map, pixels, of points (n, 3) of the mean head."""
    x = (azimuths(points) / ASIDE + 1) / 2 * WIDE
    return np.stack([x, (TOP - points[:, 1]) / (TOP - FOOT) * TALL], 1)


def places_of_uv(uv: np.ndarray) -> np.ndarray:
    """(n, 2) the same, of places (n, 2) on a head's cylinder (`Head.uv`)."""
    x = ((uv[:, 0] - 0.5) * 360 / ASIDE + 1) / 2 * WIDE
    return np.stack([x, (TOP - LOW - uv[:, 1] * (HIGH - LOW)) / (TOP - FOOT) * TALL], 1)


def read_at(picture: np.ndarray, at: np.ndarray, beside: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    """(n, C) of a picture (H, W, C) at places (n, 2), pixels; `beside` it OpenCV's border."""
    x, y = (np.ascontiguousarray(at.T, np.float32) - np.float32(0.5))[:, None]
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=beside)[0]


@cache
def shares() -> np.ndarray:
    """(TALL, WIDE) float32 0..1: where a face has learned skin; 1 over the eyes and mouth."""
    face = np.pad(texels().mask.astype(np.uint8), 1)
    outline = cv2.findContours(face, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    solid = cv2.drawContours(np.zeros_like(face), outline, -1, 1, -1)
    inward = cv2.distanceTransform(solid, cv2.DIST_L2, 5)[1:-1, 1:-1]
    t = np.clip((inward - 1) / FADE, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def shares_at(at: np.ndarray) -> np.ndarray:
    """(n,) the same at places (n, 2), pixels; 0 beside the map."""
    return read_at(shares(), at, cv2.BORDER_CONSTANT)


@cache
def texels() -> Texels:
    """Those of the outermost skin within the mesh of 478 points."""
    model = face_model()
    mesh = places(model.points("mesh478", model.mean))
    inside = np.zeros((TALL, WIDE), np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(mesh.astype(np.float32)).astype(np.int32), 1)
    number, weight = _outermost()
    skin = number >= 0
    hole = cv2.morphologyEx(skin.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8))
    opening = (hole > 0) & ~skin & (np.arange(TALL)[:, None] < MOUTH)
    around = cv2.dilate(opening.astype(np.uint8), np.ones((2 * LID + 1,) * 2, np.uint8)) > 0
    mask = (inside > 0) & skin
    mask &= mask[:, ::-1]
    bare = mask & ~around & ~around[:, ::-1]
    rows = np.full((TALL, WIDE), -1)
    rows[mask] = np.arange(mask.sum())
    return Texels(
        mask, model.triangles[number[mask]], weight[mask], bare[mask], rows[:, ::-1][mask]
    )


def _outermost() -> tuple[np.ndarray, np.ndarray]:
    """(TALL, WIDE) the triangle of skin furthest from the axis at each texel's middle, -1 for none,
    and (TALL, WIDE, 3) its corners' weights."""
    model = face_model()
    at, far = places(model.mean), np.hypot(model.mean[:, 0], model.mean[:, 2] + 8)
    number, depth = np.full((TALL, WIDE), -1), np.zeros((TALL, WIDE))
    weight = np.zeros((TALL, WIDE, 3), np.float32)
    for row in np.flatnonzero(model.triangles_of("face")):
        abc = model.triangles[row]
        corners = at[abc]
        low = np.maximum(np.ceil(corners.min(0) - 0.5).astype(int), 0)
        high = np.minimum(np.floor(corners.max(0) - 0.5).astype(int) + 1, (WIDE, TALL))
        if (high <= low).any() or np.ptp(corners[:, 0]) > WIDE / 2:
            continue
        y, x = np.mgrid[low[1] : high[1], low[0] : high[0]] + 0.5
        shares = _barycentric(np.stack([x, y], -1), corners)
        r = shares @ far[abc]
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        better = (shares >= -1e-6).all(-1) & (r > depth[part])
        number[part][better], depth[part][better] = row, r[better]
        weight[part][better] = shares[better]
    return number, weight


def _barycentric(at: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(..., 3) weights of corners (3, 2) at points (..., 2); of no area: far outside."""
    a, b, c = corners
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(area) < 1e-9:
        return np.full((*at.shape[:-1], 3), -1.0)
    d = at - a
    v = (d[..., 0] * (c[1] - a[1]) - d[..., 1] * (c[0] - a[0])) / area
    w = (d[..., 1] * (b[0] - a[0]) - d[..., 0] * (b[1] - a[1])) / area
    return np.stack([1 - v - w, v, w], -1)


@dataclass(frozen=True, eq=False)
class Unwrapped:
    """What a photograph shows of the P texels."""

    colour: np.ndarray
    """(P, 3) float32 linear RGB."""
    normals: np.ndarray
    """(P, 3) float32, camera axes, unit length."""
    known: np.ndarray
    """(P,) bool: skin that is seen well, inside of the photograph."""


def unwrapped(lifted: Lifted) -> Unwrapped:
    """A photograph's skin, laid on the map."""
    t, model = texels(), face_model()
    seen = read_at(lifted.texture, t.of(lifted.places))
    normals = t.of(vertex_normals(lifted.vertices, model.triangles))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-9)
    clipped = (seen.max(1) > 250) | (seen.max(1) < 6)
    known = (lifted.shown[t.corners].min(1) > SHOWN) & t.bare & ~clipped
    colour = (seen.astype(np.float32) / 255) ** 2.2
    return Unwrapped(colour, normals.astype(np.float32), known)
