"""A place with light, camera and background, and a head put into it with all that it wears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.assets.face import face_model
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.synth.rendered import scenery, shells, solids
from bauta.synth.rendered.draw import Scene
from bauta.synth.rendered.head import small_head
from bauta.synth.rendered.lens import Lens, draw_lens
from bauta.synth.rendered.light import Light, draw_light
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.moment import Moment
from bauta.synth.rendered.truth import View

SIDE = 256
"""Pixels of a picture."""
FACE = 12.5
"""Centimetres from brows to chin of a usual head, about."""


@dataclass(frozen=True, eq=False)
class Stage:
    """What stays during a clip: light, camera, background, clothes."""

    light: Light
    lens: Lens
    behind: np.ndarray
    """(SIDE, SIDE, 3) linear RGB."""
    distance: float
    """Centimetres from camera to head."""
    size: float
    """Pixels of `FACE` centimetres at that distance."""
    body: tuple[float, float]
    """How much of the head's yaw the shoulders follow, and degrees beside."""
    seed: int
    """Of clothes and things worn."""


def draw_stage(rng: np.random.Generator, photographs: scenery.Photographs | None = None) -> Stage:
    """A place and a camera; without `photographs` the background is procedural."""
    light, lens = draw_light(rng), draw_lens(rng)
    draw = scenery.procedural if photographs is None else photographs.cut
    behind = draw(rng, SIDE)
    behind = behind * np.float32(np.exp(rng.normal(0, 0.45)) * 0.18 / max(behind.mean(), 0.02))
    return Stage(
        light,
        lens,
        behind,
        distance=float(np.exp(rng.uniform(np.log(28), np.log(220)))),
        size=float(rng.uniform(75, 125)),
        body=(float(rng.uniform(0.1, 0.8)), float(rng.normal(0, 14))),
        seed=int(rng.integers(1 << 31)),
    )


def view_of(stage: Stage, moment: Moment) -> View:
    """The camera looks straight ahead; the head's middle lies where the moment says."""
    f = stage.size * stage.distance / FACE
    camera = Camera(np.array([[f, 0, SIDE / 2], [0, f, SIDE / 2], [0, 0, 1.0]]))
    R = from_angles(*moment.angles)
    middle = R @ np.array([0.0, -3.0, -3.0])
    centre = np.array([*(np.array(moment.offset) * SIDE * stage.distance / f), stage.distance])
    return View(R, centre - middle, camera)


def _solids(
    look: Look, stage: Stage, view: View, moment: Moment, small: np.ndarray
) -> tuple[list[solids.Solid], tuple[solids.Solid, float] | None, list[shells.Shell]]:
    person, rng = look.person, np.random.default_rng(stage.seed)
    opaque, lenses, layers = [], None, []
    cloth = rng.uniform(0.01, 0.6, 3) * rng.uniform(0.1, 1)
    body = solids.torso(cloth, rng)
    turn = from_angles(moment.angles[0] * stage.body[0] + stage.body[1] * 0.5, 0, 0)
    foot = view.seen(np.array([0.0, -13.0, -7.5]))
    opaque.append(solids.Solid(body.vertices @ turn.T + foot, body.triangles, body.albedo))
    # what sits on the head is made for the face at rest
    worn: list[solids.Solid] = []
    head, plain = small_head(), np.random.default_rng(person.seed + 6)
    rest = look.still[look.head.label_rows][head.origin]
    if {"glasses", "dark glasses"} & person.worn:
        centres = np.stack([look.head.centre(look.still, side) for side in ("Right", "Left")])
        p = face_model().points("ibug68-3d", look.still[look.head.label_rows])
        temples = p[[0, 16]] + np.array([[-0.8, 1.2, -4.0], [0.8, 1.2, -4.0]])
        made = solids.spectacles(centres, temples, float(p[27, 2]), plain)
        worn.append(made.frame)
        dark = "dark glasses" in person.worn
        opacity = plain.uniform(0.8, 0.98) if dark else plain.uniform(0.0, 0.12)
        lens = made.lenses
        lenses = (solids.Solid(view.seen(lens.vertices), lens.triangles, lens.albedo), opacity)
    if "mask" in person.worn:
        own = head.rows("face")
        worn.append(solids.face_mask(small[own], plain))
    grown = [shells.hair(person, rest), shells.beard(person, small)]
    layers = [shell for shell in grown if shell is not None]
    if {"cap", "beanie"} & person.worn:
        cap = "cap" in person.worn
        shell, level = shells.knitted(rest, plain, person.hair_thickness, cap)
        layers = [s for s in layers if s is not layers[0] or person.style not in ("afro",)]
        layers.append(shell)
        if cap:
            forehead = rest[(np.abs(rest[:, 0]) < 2) & (np.abs(rest[:, 1] - level) < 1.5)]
            radius = float(np.max(forehead[:, 2])) + 8.0 + 0.5
            worn.append(solids.brim(level + 0.3, radius, shell.colour, plain))
    for solid in worn:
        opaque.append(solids.Solid(view.seen(solid.vertices), solid.triangles, solid.albedo))
    if "hand" in person.worn:
        opaque.append(_hand(look, view, small, rng))
    return opaque, lenses, layers


def _hand(look: Look, view: View, small: np.ndarray, rng: np.random.Generator) -> solids.Solid:
    places = view.seen(face_model().points("ibug68-3d", small[: len(face_model().mean)]))
    at = places[int(rng.choice([4, 6, 8, 10, 12, 36, 45, 48, 54, 57, 33]))]
    near = np.array([*at[:2], places[:, 2].min() - 1.5])
    return solids.hand(near + np.array([*rng.normal(0, 1.5, 2), 0]), look.person.skin, rng)


def _sink_eyes(vertices: np.ndarray, look: Look, moment: Moment) -> None:
    """A shut lid lies on the eyeball; the model's cuts into it by a fraction of a millimetre."""
    for side, rows in look.head.eyes:
        shut = moment.expression.get(f"eyeBlink{side}", 0.0)
        centre = look.head.centre(look.still, side)
        vertices[rows] = centre + (vertices[rows] - centre) * (1 - 0.05 * shut)


def scene_of(look: Look, stage: Stage, moment: Moment) -> Scene:
    """Everything in its place."""
    head = look.head
    vertices = head.posed(look.still, moment.weights(), moment.gaze)
    _sink_eyes(vertices, look, moment)
    small = vertices[head.label_rows][small_head().origin]
    view = view_of(stage, moment)
    opaque, lenses, layers = _solids(look, stage, view, moment, small)
    jaw = moment.expression.get("jawOpen", 0.0)
    lips = max(moment.expression.get(f"mouthSmile{s}", 0.0) for s in ("Left", "Right"))
    opened = float(np.clip(jaw * 1.4 + 0.25 * lips, 0, 1))
    shut = {side: moment.expression.get(f"eyeBlink{side}", 0.0) for side in ("Left", "Right")}
    return Scene(
        head,
        look,
        vertices,
        opaque,
        layers,
        lenses,
        view,
        stage.light,
        moment.gaze,
        shut,
        opened,
    )
