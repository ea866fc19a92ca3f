"""One moment of a face: expression weights, gaze and pose, drawn so that rare ones are common.

Lids, brows and mouth are drawn apart, each from a list of habits: real footage shows shut, winking
or wide eyes, raised brows and pressed lips in a few frames of a hundred, training needs them often.
Every second face does something that no habit has: a few shapes, any, so that each is seen strong,
alone and on one side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bauta.assets.face import face_model
from bauta.morphable.arkit import LOOKS, mirrored
from bauta.morphable.params import look_weights

SIDES = ("Left", "Right")
Weights = dict[str, float]
Draw = Callable[[np.random.Generator], Weights]


@dataclass(frozen=True, eq=False)
class Moment:
    """What moves."""

    expression: Weights
    """By ARKit's names, 0..1, the eyeLook shapes among them."""
    gaze: dict[str, tuple[float, float]]
    """By side: degrees to the subject's left and up, from rest in head axes."""
    angles: tuple[float, float, float]
    """(yaw, pitch, roll) degrees."""
    offset: tuple[float, float] = (0.0, 0.0)
    """Where the head's middle is, from the picture's, in shares of its side."""

    def weights(self) -> np.ndarray:
        """(E,) in the order of the shipped head."""
        return face_model().weights({k: v for k, v in self.expression.items() if v})


def both(name: str, value: float, other: float | None = None) -> Weights:
    """A weight for left and right."""
    return {f"{name}Left": value, f"{name}Right": value if other is None else other}


def _wink(rng: np.random.Generator) -> Weights:
    shut, open_ = rng.uniform(0.85, 1), rng.uniform(0, 0.3)
    squint, side = rng.uniform(0.2, 0.8), SIDES[rng.integers(2)]
    pair = (shut, open_) if side == "Left" else (open_, shut)
    return both("eyeBlink", *pair) | {f"eyeSquint{side}": squint, f"cheekSquint{side}": squint}


def _half(rng: np.random.Generator) -> Weights:
    a = rng.uniform(0.2, 0.85)
    return both("eyeBlink", a, float(np.clip(a + rng.normal(0, 0.07), 0, 1)))


LIDS: tuple[tuple[float, Draw], ...] = (
    (0.36, lambda rng: both("eyeBlink", *rng.uniform(0, 0.12, 2))),
    (0.18, _half),
    (0.18, lambda rng: both("eyeBlink", *rng.uniform(0.92, 1, 2))),
    (0.08, _wink),
    (0.12, lambda rng: both("eyeWide", rng.uniform(0.3, 1))),
    (0.08, lambda rng: both("eyeSquint", rng.uniform(0.3, 1)) | both("eyeBlink", 0.15)),
)
BROWS: tuple[tuple[float, Draw], ...] = (
    (0.35, lambda rng: {}),
    (0.22, lambda rng: {"browInnerUp": rng.uniform(0.3, 1)} | both("browOuterUp", rng.random())),
    (0.10, lambda rng: {"browInnerUp": rng.uniform(0.3, 1)}),
    (0.20, lambda rng: both("browDown", rng.uniform(0.2, 1))),
    (0.08, lambda rng: {f"browOuterUp{SIDES[rng.integers(2)]}": rng.uniform(0.4, 1)}),
    (0.05, lambda rng: {f"browDown{SIDES[rng.integers(2)]}": rng.uniform(0.4, 1)}),
)


def _pressed(rng: np.random.Generator) -> Weights:
    a, b = rng.uniform(0.2, 1), rng.uniform(0, 0.8)
    return both("mouthPress", a) | {"mouthRollLower": b, "mouthRollUpper": b * rng.random()}


def _smile(rng: np.random.Generator) -> Weights:
    a = rng.uniform(0.2, 1)
    wide = {"jawOpen": rng.uniform(0, 0.35)} if rng.random() < 0.5 else {}
    cheeks = both("cheekSquint", a * rng.random()) | both("mouthUpperUp", a * rng.uniform(0, 0.5))
    return both("mouthSmile", a) | cheeks | wide


def speech(rng: np.random.Generator) -> Weights:
    """A mouth in the middle of a word: vowels open or round, consonants close."""
    jaw = rng.uniform(0.03, 0.4)
    return {
        "jawOpen": jaw,
        "mouthClose": jaw * rng.uniform(0, 0.6),
        "mouthFunnel": rng.uniform(0, 0.6) * (rng.random() < 0.5),
        "mouthPucker": rng.uniform(0, 0.7) * (rng.random() < 0.3),
        **both("mouthStretch", rng.uniform(0, 0.5) * (rng.random() < 0.4)),
        **both("mouthLowerDown", rng.uniform(0, 0.6)),
        **both("mouthUpperUp", rng.uniform(0, 0.35)),
    }


def _odd(rng: np.random.Generator) -> Weights:
    """Faces people make: lips aside, cheeks blown, noses wrinkled."""
    name = rng.choice(["mouthLeft", "mouthRight", "cheekPuff", "jawLeft", "jawRight", "jawForward"])
    return {str(name): rng.uniform(0.3, 1)} | both("noseSneer", rng.random() * (rng.random() < 0.4))


MOUTHS: tuple[tuple[float, Draw], ...] = (
    (0.20, lambda rng: {}),
    (0.22, speech),
    (0.20, _smile),
    (0.08, lambda rng: {"jawOpen": rng.uniform(0.4, 1)}),
    (0.10, _pressed),
    (0.06, lambda rng: both("mouthFrown", rng.uniform(0.3, 1)) | {"mouthShrugLower": rng.random()}),
    (0.06, lambda rng: {"mouthPucker": rng.uniform(0.4, 1)}),
    (0.08, _odd),
)


ANYTHING = 0.5
"""Share of the faces whose shapes are drawn one by one."""
OPPOSED = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"))
"""Of each pair a face does one."""


def anything(rng: np.random.Generator) -> Weights:
    """One to five shapes of 0.2 to 1, whichever; in every second face both halves do the same."""
    names = [name for name in face_model().expression_names if name not in LOOKS]
    chosen: list[str] = rng.choice(names, rng.integers(1, 6), replace=False).tolist()
    weights = {name: float(rng.uniform(0.2, 1)) for name in chosen}
    for first, second in OPPOSED:
        if first in weights:
            weights.pop(second, None)
    if rng.random() < 0.5:
        for left in [name for name in names if name.endswith("Left")]:
            right = mirrored(left)
            if (left, right) not in OPPOSED and (left in weights or right in weights):
                weights |= dict.fromkeys(
                    (left, right), max(weights.get(left, 0), weights.get(right, 0))
                )
    if "mouthClose" in weights:  # closes lips over a jaw that is open
        weights["jawOpen"] = max(weights["mouthClose"], weights.get("jawOpen", 0.0))
    return weights


def choose(habits: tuple[tuple[float, Draw], ...], rng: np.random.Generator) -> Weights:
    """One of the habits, by its share."""
    shares = np.array([share for share, _ in habits])
    return habits[int(rng.choice(len(habits), p=shares / shares.sum()))][1](rng)


def uneven(weights: Weights, rng: np.random.Generator, chance: float = 0.3) -> Weights:
    """Now and then one half of the face does less than the other."""
    result = dict(weights)
    for name in weights:
        if name.endswith("Left") and not name.startswith("eye") and rng.random() < chance:
            weaker = name if rng.random() < 0.5 else mirrored(name)
            result[weaker] = result.get(weaker, 0.0) * rng.uniform(0, 1)
    return result


def looking(
    expression: Weights, left: float, up: float, vergence: float = 0.0
) -> tuple[Weights, dict[str, tuple[float, float]]]:
    """Expression with lids that follow, and the turn of each eye. A shut lid keeps still: the
    eyeball behind it turns back towards rest, so that the lid's shape is the blink's alone.

    `left`, `up` degrees; `vergence` degrees by which each eye turns towards the nose.
    """
    gaze, result = {}, dict(expression)
    for side, inward in (("Left", -1.0), ("Right", 1.0)):
        shut = expression.get(f"eyeBlink{side}", 0.0)
        keep = 1 - 0.9 * float(np.clip((shut - 0.3) / 0.6, 0, 1))
        gaze[side] = (left + inward * vergence, up * keep)
        result |= look_weights(side, *gaze[side])
    return result, gaze


def draw_gaze(rng: np.random.Generator) -> tuple[float, float]:
    """Degrees (left, up): half near rest, half anywhere the eyes go."""
    if rng.random() < 0.5:
        left, up = rng.normal(0, 8), rng.normal(-2, 6)
    else:
        left, up = rng.uniform(-34, 34), rng.uniform(-26, 22)
    return float(np.clip(left, -34, 34)), float(np.clip(up, -28, 23))


def draw_angles(rng: np.random.Generator) -> tuple[float, float, float]:
    """(yaw, pitch, roll) degrees: two in five to the front, the rest evenly to 90."""
    yaw = rng.normal(0, 18) if rng.random() < 0.4 else rng.uniform(-90, 90)
    pitch, roll = np.clip(rng.normal(0, 13), -30, 30), np.clip(rng.normal(0, 11), -30, 30)
    return float(np.clip(yaw, -90, 90)), float(pitch), float(roll)


def draw_expression(rng: np.random.Generator) -> Weights:
    """Lids, brows and mouth, without gaze."""
    if rng.random() < ANYTHING:
        return anything(rng)
    weights = choose(LIDS, rng)
    mouth_and_brows = choose(BROWS, rng) | choose(MOUTHS, rng)
    weights = uneven(mouth_and_brows, rng) | weights
    for name in ("noseSneerLeft", "noseSneerRight", "mouthShrugUpper", "mouthDimpleLeft"):
        weights.setdefault(name, float(rng.uniform(0, 0.15)))
    return weights


def draw_moment(rng: np.random.Generator) -> Moment:
    """Anything a face does, at any angle."""
    expression, gaze = looking(draw_expression(rng), *draw_gaze(rng), float(rng.uniform(0, 3)))
    offset = rng.normal(0, 0.035, 2)
    return Moment(expression, gaze, draw_angles(rng), (float(offset[0]), float(offset[1])))
