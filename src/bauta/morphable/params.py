"""Coefficients of a face model as named fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bauta.checks import InputError, check_array, check_choice
from bauta.morphable.model import LOOK_DEGREES, SIDES, FaceModel


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Who, with which face, looking where, in which colours. Missing numbers are 0."""

    identity: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """(up to I,) standard deviations."""
    expression: Mapping[str, float] = field(default_factory=dict)
    """Weights by name: 0..1 for ARKit's names, standard deviations for `expression000`, ..."""
    gaze: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By `Left`, `Right`: degrees to the subject's left and upwards. Stands for the eyeLook shapes
    of that eye: give one or the other."""
    albedo: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """(up to A,) standard deviations."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity", check_array(self.identity, (None,), "identity"))
        object.__setattr__(self, "albedo", check_array(self.albedo, (None,), "albedo"))
        for name, value in self.expression.items():
            if not np.isfinite(value):
                raise InputError(f"expression {name}: expected a finite number, got {value}")
        for side, degrees in self.gaze.items():
            check_choice(side, SIDES, "gaze")
            check_array(degrees, (2,), f"gaze {side}")
            doubled = [f"eyeLook{way}{side}" for way in LOOK_DEGREES]
            if any(self.expression.get(name) for name in doubled):
                raise InputError(f"gaze {side}: given in degrees and as eyeLook weights as well")

    def weights(self, model: FaceModel) -> np.ndarray:
        """(E,) weights of a model's expressions, gaze among them; InputError for unknown names."""
        named = dict(self.expression)
        for side, (left, up) in self.gaze.items():
            named |= look_weights(side, left, up)
        return model.weights(named)

    def vertices(self, model: FaceModel, rows: np.ndarray | None = None) -> np.ndarray:
        """(V, 3) float32 centimetres, or (n, 3) of `rows` (n,)."""
        return model.vertices(self.identity, self.weights(model), rows)

    def colours(self, model: FaceModel) -> np.ndarray:
        """(V, 3) float32 linear RGB 0..1; InputError when the model has no albedo."""
        return model.colours(self.albedo if len(self.albedo) else None)


def look_weights(side: str, left: float, up: float) -> dict[str, float]:
    """Weights of the four eyeLook shapes that turn an eye by degrees `left` (the subject's) and
    `up`, those that are not needed at 0."""
    outward = left if side == "Left" else -left
    degrees = {"Out": outward, "In": -outward, "Up": up, "Down": -up}
    return {
        f"eyeLook{way}{side}": max(degrees[way], 0.0) / LOOK_DEGREES[way] for way in LOOK_DEGREES
    }
