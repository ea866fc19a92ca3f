"""All that one picture shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.synth.rendered.head import Head
from bauta.synth.rendered.light import Light
from bauta.synth.rendered.look import Look
from bauta.synth.rendered.shells import Shell
from bauta.synth.rendered.solids import Solid
from bauta.synth.rendered.truth import View


@dataclass(frozen=True, eq=False)
class Scene:
    """A head in its place, in head axes but for the view."""

    head: Head
    look: Look
    vertices: np.ndarray
    """(V, 3) of the head."""
    solids: list[Solid]
    """Opaque things beside the head, in camera axes."""
    shells: list[Shell]
    """In head axes, from below to above."""
    lenses: tuple[Solid, float] | None
    """In camera axes, and their opacity."""
    view: View
    light: Light
    gaze: dict[str, tuple[float, float]]
    shut: dict[str, float]
    """By side: weight of the blink."""
    open_mouth: float
    """0 closed .. 1 open: light inside."""
