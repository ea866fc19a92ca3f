"""Layers of the overlay by name, those of the fitted head among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.fit import HeadFit
from bauta.render import head
from bauta.render.overlay import Axes, Box, Irises, Layer, Points, standard_layers
from bauta.types import FaceState

EYES = ("Right", "Left")
BAR_CORNERS = ("bottom left", "bottom right")
"""Where the bars of the faces with the ids 0, 1 go; others have none."""


@cache
def _skin() -> np.ndarray:
    return head.outer_triangles(face_model())


def _vertices(fit: HeadFit) -> np.ndarray:
    """(V, 3) the head's vertices in camera axes, centimetres."""
    return head.in_camera(fit.matrix, fit.vertices(face_model()))


@dataclass(frozen=True)
class FittedWire:
    """Edges of the fitted head."""

    look: head.WireHead = field(default_factory=head.WireHead)

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        if face.fit is not None:
            self.look(image, _vertices(face.fit), _skin(), face.fit.camera)


@dataclass(frozen=True)
class FittedShade:
    """The fitted head as a lit surface; needs numba (the extra `render`)."""

    look: head.Shaded = field(default_factory=head.Shaded)

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        if face.fit is not None:
            self.look(image, _vertices(face.fit), face_model().triangles, face.fit.camera)


@dataclass(frozen=True)
class Gaze:
    """A ray from each eye."""

    look: head.GazeRays = field(default_factory=head.GazeRays)

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        if face.fit is not None:
            fit, model = face.fit, face_model()
            vertices = fit.vertices(model)
            centres = [eye.weight @ vertices[eye.rows] for eye in map(model.eyes.get, EYES) if eye]
            origins = head.in_camera(fit.matrix, np.stack(centres))
            self.look(image, origins, fit.gaze_directions()[:2], fit.camera)


@dataclass(frozen=True)
class Expressions:
    """The strongest of the 52 weights as bars."""

    def __call__(self, image: np.ndarray, face: FaceState) -> None:
        if face.fit is not None and face.id < len(BAR_CORNERS):
            names, weights = zip(*face.blendshapes.items(), strict=True)
            head.Bars(BAR_CORNERS[face.id])(image, names, np.array(weights))


LAYERS: dict[str, Callable[[], tuple[Layer, ...]]] = {
    "mesh": lambda: standard_layers()[:2],
    "points": lambda: (Points(),),
    "irises": lambda: (Irises(),),
    "axes": lambda: (Axes(),),
    "box": lambda: (Box(),),
    "wire": lambda: (FittedWire(),),
    "shaded": lambda: (FittedShade(),),
    "gaze": lambda: (Gaze(),),
    "bars": lambda: (Expressions(),),
}
STANDARD = ("mesh", "points", "irises", "axes", "box")
"""What is drawn unless somebody asks for something else."""


def layers(names: Sequence[str]) -> tuple[Layer, ...]:
    """The layers of these names, drawn in the order of `LAYERS`, surfaces first."""
    unknown = [name for name in names if name not in LAYERS]
    if unknown:
        raise InputError(f"draw: unknown {unknown[0]!r}; some of {', '.join(LAYERS)}")
    order = ("shaded", "wire", *(name for name in LAYERS if name not in ("shaded", "wire")))
    return tuple(layer for name in order if name in names for layer in LAYERS[name]())
