"""Skin: colours per vertex (tone, blood, lips, make-up) and a fine texture (pores, freckles, brows,
stubble) on the cylinder around the head. Procedural, without any photograph, unless a model that
was learned from photographs is given: then blood, lips and shadows of the face are its.

Places are those of the mean head, so every pattern moves with the person's shape.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.synth.rendered import skin_map
from bauta.synth.rendered.head import HIGH, LOW, Head, azimuths
from bauta.synth.rendered.person import Person, tone
from bauta.synth.rendered.skin_model import SkinModel

WIDE, TALL = 1024, 512
"""Pixels of the cylinder's texture; its left edge is the back of the head."""
DEGREE = 0.19
"""Centimetres of a degree of azimuth on the face."""


def smooth(values: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a cubic between; the other way round when low > high."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def unrolled(points: np.ndarray) -> np.ndarray:
    """(n, 2) centimetres on the unrolled cylinder of points (n, 3) of the mean head."""
    return np.stack([azimuths(points) * DEGREE, points[:, 1]], 1)


def distance_to_line(points: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) distance of points (n, D) to a polyline (k, D), and (n,) how far along, 0..k-1."""
    best, along = np.full(len(points), np.inf), np.zeros(len(points))
    for k, (a, b) in enumerate(itertools.pairwise(line)):
        step = b - a
        t = np.clip((points - a) @ step / max(float(step @ step), 1e-9), 0, 1)
        d = np.linalg.norm(points - a - t[:, None] * step, axis=1)
        along = np.where(d < best, k + t, along)
        best = np.minimum(best, d)
    return best, along


@dataclass(frozen=True, eq=False)
class Marks:
    """Where things are on a head, (V,) each, 0..1."""

    lips: np.ndarray
    lids: np.ndarray
    """Upper lids."""
    rim: np.ndarray
    """Lash line."""
    red: np.ndarray
    """Cheeks, nose, ears: more blood."""
    beard: np.ndarray
    moustache: np.ndarray
    goatee: np.ndarray


def _closed(line: np.ndarray) -> np.ndarray:
    return np.concatenate([line, line[:1]])


def _lips(mean: np.ndarray, p: np.ndarray) -> np.ndarray:
    ring = cv2.pointPolygonTest
    outer = p[48:60, :2].astype(np.float32).reshape(-1, 1, 2)
    near = (np.abs(mean[:, 0]) < 4) & (mean[:, 1] < -5) & (mean[:, 1] > -9.5) & (mean[:, 2] > 0)
    result = np.zeros(len(mean))
    for row in np.flatnonzero(near):
        x, y = float(mean[row, 0]), float(mean[row, 1])
        result[row] = smooth(np.array(ring(outer, (x, y), True)), -0.12, 0.08)
    return result


@cache
def marks_of(head: Head) -> Marks:
    """Masks of a head, made once."""
    mean, model = head.mean.astype(np.float64), face_model()
    p = model.points("ibug68-3d", model.mean)
    skin = head.rows("face")
    upper, rim = np.zeros(len(mean)), np.zeros(len(mean))
    for k in (36, 42):
        line = p[k : k + 4]
        away, _ = distance_to_line(mean, line)
        above = mean[:, 1] - np.interp(
            mean[:, 0], np.sort(line[:, 0]), line[line[:, 0].argsort(), 1]
        )
        upper = np.maximum(upper, smooth(away, 1.3, 0.3) * smooth(above, -0.1, 0.15))
        rim = np.maximum(rim, smooth(distance_to_line(mean, _closed(p[k : k + 6]))[0], 0.32, 0.1))
    lips = _lips(mean, p) * skin
    cheeks = [
        smooth(np.linalg.norm(mean - (s * 4.8, -3.2, 1.5), axis=1), 3.6, 0.8) for s in (-1, 1)
    ]
    nose = smooth(np.linalg.norm(mean - p[30], axis=1), 2.6, 0.4)
    ears = smooth(np.abs(mean[:, 0]), 7.6, 8.3)
    a, y = np.abs(azimuths(mean)), mean[:, 1]
    edge = np.interp(a, [0, 8, 16, 28, 45, 62, 80], [-9.3, -9.0, -7.6, -6.2, -4.2, -0.5, 0.5])
    low = np.interp(a, [0, 40, 90], [-13.2, -12.2, -8])
    beard = smooth(y, edge + 0.5, edge - 0.5) * smooth(y, low - 0.7, low + 0.7) * (a < 84)
    moustache = smooth(np.hypot(mean[:, 0] / 2.9, (y + 5.75) / 0.85), 1.15, 0.8) * (mean[:, 2] > 1)
    goatee = smooth(np.hypot(mean[:, 0] / 2.4, (y + 10.2) / 2.1), 1.1, 0.8) * (mean[:, 2] > -1)
    red = np.clip(cheeks[0] + cheeks[1] + 0.9 * nose + 0.8 * ears, 0, 1)
    bare = (1 - lips) * skin
    return Marks(lips, upper * skin, rim * skin, red, beard * bare, moustache * bare, goatee * bare)


def _mix(base: np.ndarray, colour: np.ndarray, share: np.ndarray) -> np.ndarray:
    return base + share[:, None] * (colour - base)


BRIGHT = 0.95
"""Albedo is never more."""


@lru_cache(maxsize=4)
def _model_on(head: Head, model: SkinModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) vertices that have learned skin, (1 + K, n, 3) mean and modes there, (n,) its share."""
    at = skin_map.places_of_uv(head.uv)
    share = skin_map.shares_at(at) * head.rows("face") * (1 - marks_of(head).rim)
    rows = np.flatnonzero(share > 0)
    return rows, model.at(at[rows]), share[rows]


def _learned(base: np.ndarray, head: Head, person: Person, model: SkinModel) -> None:
    """Put a random skin of the model, of the person's tone, over colours (V, 3)."""
    rows, parts, share = _model_on(head, model)
    drawn = model.drawn(np.random.default_rng(person.seed + 6))
    skin = person.skin * np.exp(np.tensordot(drawn, parts, 1))
    base[rows] = _mix(base[rows], np.minimum(skin, BRIGHT), share)


def colours(head: Head, person: Person, model: SkinModel | None = None) -> np.ndarray:
    """(V, 3) linear RGB albedo: skin, lips, mouth, teeth, and the white of the eyes."""
    marks, rng = marks_of(head), np.random.default_rng(person.seed + 1)
    wave = np.sin(head.mean @ rng.normal(0, 0.12, 3) + rng.uniform(0, 6)) * 0.02
    blood = person.blood + 0.28 * marks.red * rng.uniform(0.4, 1.2) + wave
    blood = blood + marks.lids * rng.uniform(0, 0.35) + marks.rim * 0.5
    melanin = person.melanin + 0.06 * marks.lids * rng.uniform(0, 1.5) + wave
    melanin = melanin + marks.lips * 0.05
    blood = blood + marks.lips * rng.uniform(0.6, 1.3)
    base = tone(melanin, blood)
    if model is not None:
        _learned(base, head, person, model)
    if person.lipstick is not None:
        base = _mix(base, person.lipstick[:3], marks.lips * person.lipstick[3])
    if person.eyeshadow is not None:
        base = _mix(base, person.eyeshadow[:3], marks.lids * person.eyeshadow[3] * 0.7)
    base = _mix(base, np.array([0.012, 0.01, 0.01]), marks.rim * person.liner * 0.85)
    inside = head.rows("mouth_socket", "gums_tongue")
    base[inside] = np.array([0.30, 0.075, 0.065]) * rng.uniform(0.6, 1.1)
    base[head.rows("eye_socket")] = tone(person.melanin * 0.4, 0.8) * 0.7
    ivory = np.array([0.74, 0.69, 0.58]) * rng.uniform(0.75, 1.05)
    base[head.rows("teeth")] = ivory ** rng.uniform(0.9, 1.2)
    return base.astype(np.float32)


@cache
def noises() -> dict[str, np.ndarray]:
    """Fields (TALL, WIDE) float32 of mean 0 and deviation 1 that wrap around."""
    rng = np.random.default_rng(7)

    def field(sx: float, sy: float, sparse: float = 0.0) -> np.ndarray:
        white = rng.standard_normal((TALL, WIDE)).astype(np.float32)
        if sparse:
            white = (rng.random((TALL, WIDE)) < sparse).astype(np.float32)
        pad = 64
        wide = cv2.GaussianBlur(np.pad(white, pad, mode="wrap"), (0, 0), sx, sigmaY=sy)
        wide = wide[pad:-pad, pad:-pad]
        return (wide - wide.mean()) / wide.std()

    return {
        "pores": field(0.6, 0.6) * 0.6 + field(1.2, 1.2) * 0.4,
        "mottle": field(10, 10),
        "freckles": field(0.9, 0.9, 0.006),
        "strands": field(0.9, 9.0),
        "curls": field(2.5, 2.5),
        "hairs": field(0.7, 3.0),
    }


def texture(person: Person) -> np.ndarray:
    """(TALL, WIDE, 2) float32: what is taken from the logarithm of the skin's colour, and the share
    that hair of the brows covers."""
    rng, fields = np.random.default_rng(person.seed + 2), noises()
    turn = lambda name: np.roll(fields[name], tuple(rng.integers(0, 500, 2)), (0, 1))  # noqa: E731
    pigment = 0.05 * turn("pores") + 0.045 * turn("mottle")
    if person.freckles:
        pigment += person.freckles * 0.14 * np.clip(turn("freckles") - 0.5, 0, 2)
    result = np.zeros((TALL, WIDE, 2), np.float32)
    result[..., 0] = pigment
    _add_brows(result[..., 1], person, turn("hairs"))
    return result


BROW = -0.45
"""Centimetres from the points of `ibug68-3d`, which lie on a brow's upper edge, to its middle: half
way down to the lower ones of `mesh478`, less what `lift` adds on average."""


def _add_brows(cover: np.ndarray, person: Person, hairs: np.ndarray) -> None:
    """Paint the brows' hairs into `cover` (TALL, WIDE)."""
    half, strength, lift = person.brow
    model = face_model()
    p = unrolled(model.points("ibug68-3d", model.mean))
    for rows in (slice(17, 22), slice(22, 27)):
        line = p[rows][:: 1 if rows.start == 22 else -1] + np.array([0, lift + BROW])
        x = np.array([line[:, 0].min() - 0.8, line[:, 0].max() + 0.8]) / DEGREE / 360 + 0.5
        y = (HIGH - np.array([line[:, 1].max() + 0.9, line[:, 1].min() - 0.9])) / (HIGH - LOW)
        x0, x1 = (x * WIDE).astype(int)
        y0, y1 = (y * TALL).astype(int)
        ys, xs = np.mgrid[y0:y1, x0:x1] + 0.5
        places = np.stack([(xs / WIDE - 0.5) * 360 * DEGREE, HIGH - ys / TALL * (HIGH - LOW)], -1)
        away, along = distance_to_line(places.reshape(-1, 2), line)
        thick = half * np.interp(along, [0, 0.4, 2, 3.2, 4], [0.65, 1, 0.95, 0.7, 0.25])
        solid = smooth(away / thick, 1.25, 0.55).reshape(ys.shape)
        grain = hairs[y0:y1, x0:x1]
        cover[y0:y1, x0:x1] = np.clip(solid * strength * (0.95 + 0.25 * grain), 0, 1)
