"""Hair, beards and caps: the scalp of the small head, raised; `kernels.hair` paints the strands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bauta.synth.rendered.complexion import marks_of, noises, smooth
from bauta.synth.rendered.head import AXIS, Head, azimuths, normals_of, small_head
from bauta.synth.rendered.person import Person

ANGLES = np.array([0, 25, 45, 58, 68, 80, 92, 105, 130, 180])
SHORT = np.array([7.6, 7.3, 6.2, 4.0, 0.3, -0.6, 2.0, 1.0, -5.0, -7.0])
"""Height of the hairline at `ANGLES` from the front, centimetres."""
LONG = np.array([7.6, 7.3, 6.2, 3.6, 1.0, -8.0, -24.0, -24.0, -24.0, -24.0])
BOB = np.array([7.6, 7.3, 6.2, 3.6, 1.0, -7.0, -9.5, -9.5, -10.0, -10.0])


@dataclass(frozen=True, eq=False)
class Shell:
    """A surface over the head; which of its places are covered is asked per sample."""

    vertices: np.ndarray
    """(n, 3) head axes: all vertices of the small head."""
    triangles: np.ndarray
    uv: np.ndarray
    """(n, 2) as of `Head`."""
    cover: np.ndarray
    """(n,) 0..1, smooth over a triangle; times the hairline."""
    colour: np.ndarray
    """(3,) linear RGB."""
    line: np.ndarray
    """(2, k) float32 degrees from the front and heights above which there is hair; k = 0: `cover`
    alone."""
    strands: np.ndarray
    """(TALL, WIDE) noise of mean 0 that darkens, brightens and frays."""
    fray: float
    """How far the strands reach over the edge."""


NO_LINE = np.zeros((2, 0), np.float32)


def _knots(heights: np.ndarray) -> np.ndarray:
    return np.stack([ANGLES, heights]).astype(np.float32)


def _line(person: Person) -> np.ndarray:
    lines = {"long": LONG, "bob": BOB}
    line = lines.get(person.style, SHORT).copy()
    line[:4] -= person.hairline
    return line


@lru_cache(maxsize=8)
def _strands(curl: float) -> np.ndarray:
    fields = noises()
    return curl * fields["curls"] + (1 - curl) * fields["strands"]


@lru_cache(maxsize=2)
def _knit(name: str, depth: float) -> np.ndarray:
    return depth * noises()[name]


def hair(person: Person, vertices: np.ndarray) -> Shell | None:
    """Over the small head's `vertices` (n, 3); None for the bald."""
    if person.style == "bald":
        return None
    head, line = small_head(), _line(person)
    mean, angle = head.mean, np.abs(azimuths(head.mean))
    above = mean[:, 1] - np.interp(angle, ANGLES, line)
    long = person.style in ("long", "bob")
    ear = smooth(np.abs(mean[:, 0]), 7.3, 7.8) * (mean[:, 2] < -4) * (mean[:, 1] < 3)
    normals = normals_of(vertices, head.triangles)
    rng = np.random.default_rng(person.seed + 3)
    lump = 1 + 0.12 * np.sin(mean @ rng.normal(0, 0.6, 3) + rng.uniform(0, 6))
    rise = (0.12 + person.hair_thickness * smooth(above, -0.8, 3.0)) * lump
    if not long:
        beside = smooth(np.abs(mean[:, 0]), 5.8, 7.6) * smooth(mean[:, 1], 6.0, 2.0)
        rise = rise * (1 - 0.9 * np.maximum(ear, beside))
    raised = vertices + normals * rise[:, None]
    if long:
        raised = _hanging(raised, mean, angle, person)
    rows = head.rows("face", "head_neck") & (above > -1.5)
    rows &= (mean[:, 2] < 1.5) | (mean[:, 1] > 2.5)
    triangles = head.triangles[rows[head.triangles].all(1)]
    cover, strands = np.ones(len(mean)) if long else 1 - ear, _strands(person.curl)
    return Shell(raised, triangles, head.uv, cover, person.hair, _knots(line), strands, 0.16)


def _hanging(raised: np.ndarray, mean: np.ndarray, angle: np.ndarray, person: Person) -> np.ndarray:
    """Long hair does not follow jaw and neck but hangs down from the widest place."""
    across = raised[:, [0, 2]] - (0, AXIS)
    radius = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
    hang = 8.6 + 0.8 * person.hair_thickness
    share = smooth(angle, 66, 88) * smooth(mean[:, 1], 6, 1)
    wanted = radius + share * np.maximum(hang - radius, 0)
    result = raised.copy()
    result[:, [0, 2]] = across * (wanted / radius)[:, None] + (0, AXIS)
    return result


def beard(person: Person, vertices: np.ndarray) -> Shell | None:
    """The kind of beard that the person has, or None."""
    if not person.beard:
        return None
    head = small_head()
    marks, rng = marks_of(head), np.random.default_rng(person.seed + 4)
    area = beard_area(head, person)
    normals = normals_of(vertices, head.triangles)
    rise = 0.08 + area * rng.uniform(0.15, 1.1) * (1 - 0.7 * marks.moustache)
    face = head.rows("face")
    rows = (area > 0.05) & face
    triangles = head.triangles[rows[head.triangles].any(1) & face[head.triangles].all(1)]
    raised = vertices + normals * (rise * (area > 0))[:, None]
    colour = person.hair * rng.uniform(0.6, 1.2)
    return Shell(raised, triangles, head.uv, area, colour, NO_LINE, _strands(person.curl), 0.2)


def beard_area(head: Head, person: Person) -> np.ndarray:
    """(V,) 0..1 where the person's beard grows."""
    marks = marks_of(head)
    areas = {
        "full": np.maximum(marks.beard, marks.moustache),
        "goatee": np.maximum(marks.goatee, marks.moustache),
        "moustache": marks.moustache,
    }
    return areas.get(person.beard, np.zeros(len(head.mean)))


def knitted(
    vertices: np.ndarray, rng: np.random.Generator, over: float, cap: bool
) -> tuple[Shell, float]:
    """A beanie or the crown of a cap over hair `over` centimetres thick, and the height of its rim
    in front."""
    head = small_head()
    mean, angle = head.mean, np.abs(azimuths(head.mean))
    front = rng.uniform(4.8, 7.0) if cap else rng.uniform(3.9, 7.5)
    back = rng.uniform(-1, 2) if cap else rng.uniform(-3, 1)
    line = front + (back - front) * (ANGLES / 180.0)
    normals = normals_of(vertices, head.triangles)
    above = mean[:, 1] - np.interp(angle, ANGLES, line)
    loose = rng.uniform(0, 1.8) * smooth(mean[:, 1], 6, 11)
    rise = 0.45 + over * (0.4 + 0.9 * smooth(above, -1.5, 2.5)) + loose
    rows = head.rows("face", "head_neck") & (above > -2.5)
    triangles = head.triangles[rows[head.triangles].all(1)]
    colour = rng.uniform(0.01, 0.6, 3) * rng.uniform(0.1, 1)
    raised = vertices + normals * rise[:, None]
    cover = np.ones(len(mean), np.float32)
    knit = _knit("pores", 0.25) if cap else _knit("hairs", 0.5)
    return Shell(raised, triangles, head.uv, cover, colour, _knots(line), knit, 0.0), front
