"""Hair, clothes and things worn, put onto a person in a view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bauta.assets.face import face_model
from bauta.geometry.rotation import from_angles
from bauta.synth.rendered import shells, solids
from bauta.synth.rendered.head import small_head
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.shells import Shell
from bauta.synth.rendered.solids import Solid
from bauta.synth.rendered.truth import View

FOOT = np.array([0.0, -13.0, -7.5])
"""Where the neck stands on the shoulders, head axes."""
TOUCHED = (4, 6, 8, 10, 12, 36, 45, 48, 54, 57, 33)
"""Points of `ibug68-3d` to which hands go."""


@dataclass(frozen=True, eq=False)
class Dress:
    """Solids and lenses in camera axes, shells in head axes."""

    solids: tuple[Solid, ...]
    shells: tuple[Shell, ...]
    lenses: tuple[Solid, float] | None
    """With their opacity."""


def dressed(
    look: Look,
    view: View,
    small: np.ndarray,
    yaw: float,
    body: tuple[float, float],
    seed: int,
) -> Dress:
    """All that a person wears; `small` (n, 3) the small head's vertices now, `yaw` the head's in
    degrees, `body` how far the shoulders follow it and degrees beside, `seed` of the clothes."""
    person, rng = look.person, np.random.default_rng(seed)
    own = np.random.default_rng(person.seed + 6)
    rest = look.still[look.head.label_rows][small_head().origin]
    worn, lenses = _glasses(look, own) if _has(look, "glasses") else ([], None)
    if "mask" in person.worn:
        worn.append(solids.face_mask(small[small_head().rows("face")], own))
    layers: list[Shell | None] = []
    if _has(look, "cap") or _has(look, "beanie"):
        flat = replace(person, hair_thickness=min(person.hair_thickness, 0.7))
        crown, peak = _hat(look, rest, own)
        layers += [shells.hair(flat, rest), shells.beard(person, small), crown]
        worn += peak
    else:
        layers += [shells.hair(person, rest), shells.beard(person, small)]
    placed = [_torso(view, yaw, body, rng), *(_moved(solid, view) for solid in worn)]
    if "hand" in person.worn:
        placed.append(_hand(look, view, small, rng))
    glass = None if lenses is None else (_moved(lenses[0], view), lenses[1])
    return Dress(tuple(placed), tuple(layer for layer in layers if layer is not None), glass)


def _has(look: Look, thing: str) -> bool:
    return any(name.endswith(thing) for name in look.person.worn)


def _moved(solid: Solid, view: View) -> Solid:
    return Solid(view.seen(solid.vertices).astype(np.float32), solid.triangles, solid.albedo)


def _torso(view: View, yaw: float, body: tuple[float, float], rng: np.random.Generator) -> Solid:
    """Shoulders stay upright and follow the head's turn a part of the way."""
    cloth = solids.torso(rng.uniform(0.01, 0.6, 3) * rng.uniform(0.1, 1), rng)
    turn = from_angles(yaw * body[0] + body[1], 0, 0)
    lowered = max(0.0, -view.R_camera_head[2, 1]) * 6.0  # a bent head does not swallow the collar
    foot = view.seen(FOOT) + np.array([0, lowered, lowered])
    return Solid(cloth.vertices @ turn.T + foot, cloth.triangles, cloth.albedo)


def _glasses(look: Look, rng: np.random.Generator) -> tuple[list[Solid], tuple[Solid, float]]:
    head = look.head
    centres = np.stack([head.centre(look.still, side) for side in ("Right", "Left")])
    points = face_model().points("ibug68-3d", look.still[head.label_rows])
    temples = points[[0, 16]] + np.array([[-0.55, 2.2, -2.1], [0.55, 2.2, -2.1]])
    made = solids.spectacles(centres, temples, float(points[27, 2]), rng)
    dark = "dark glasses" in look.person.worn
    opacity = rng.uniform(0.8, 0.98) if dark else rng.uniform(0.0, 0.12)
    return [made.frame], (made.lenses, float(opacity))


def _hat(look: Look, rest: np.ndarray, rng: np.random.Generator) -> tuple[Shell, list[Solid]]:
    """A beanie, or a cap's crown and peak."""
    cap = "cap" in look.person.worn
    over = min(look.person.hair_thickness, 0.7)
    crown, level = shells.knitted(rest, rng, over, cap)
    if not cap:
        return crown, []
    forehead = rest[(np.abs(rest[:, 0]) < 2) & (np.abs(rest[:, 1] - level) < 1.5)]
    radius = float(forehead[:, 2].max()) - solids.AXIS + 0.5
    return crown, [solids.brim(level + 0.3, radius, crown.colour, rng)]


def _hand(look: Look, view: View, small: np.ndarray, rng: np.random.Generator) -> Solid:
    places = view.seen(face_model().points("ibug68-3d", small[: len(face_model().mean)]))
    at = places[int(rng.choice(TOUCHED))]
    near = np.array([*(at[:2] + rng.normal(0, 1.5, 2)), places[:, 2].min() - 1.5])
    return solids.hand(near, look.person.skin, rng)
