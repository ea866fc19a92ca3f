"""A place with light, camera and background, and a head put into it with all that it wears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.synth.rendered import scenery
from bauta.synth.rendered.head import small_head
from bauta.synth.rendered.lens import Lens, draw_lens
from bauta.synth.rendered.light import Light, draw_light
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.moment import Moment
from bauta.synth.rendered.scene import Scene
from bauta.synth.rendered.truth import View
from bauta.synth.rendered.wardrobe import dressed

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
        size=float(rng.uniform(85, 140)),
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
    dress = dressed(look, view, small, moment.angles[0], stage.body, stage.seed)
    jaw = moment.expression.get("jawOpen", 0.0)
    lips = max(moment.expression.get(f"mouthSmile{s}", 0.0) for s in ("Left", "Right"))
    opened = float(np.clip(jaw * 1.4 + 0.25 * lips, 0, 1))
    shut = {side: moment.expression.get(f"eyeBlink{side}", 0.0) for side in ("Left", "Right")}
    return Scene(
        head,
        look,
        vertices,
        list(dress.solids),
        list(dress.shells),
        dress.lenses,
        view,
        stage.light,
        moment.gaze,
        shut,
        opened,
    )
