"""A person who does not exist: shape, complexion, eyes, hair and what is worn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bauta.assets.face import face_model

MODES = 50
"""Identity modes drawn; the later ones change less than a tenth of a millimetre."""
MELANIN = np.array([2.7, 3.35, 3.9])
"""What the darkest skin takes from linear RGB more than the lightest: `exp(-MELANIN m)`."""
BLOOD = np.array([0.06, 0.75, 0.62])
"""The same for blood."""
PALE = np.array([0.82, 0.64, 0.52])
"""Skin without either."""
IRISES = np.array(
    [
        *([0.045, 0.022, 0.012], [0.11, 0.05, 0.02], [0.20, 0.11, 0.04], [0.16, 0.15, 0.06]),
        *([0.15, 0.21, 0.12], [0.16, 0.25, 0.36], [0.30, 0.38, 0.44], [0.22, 0.24, 0.26]),
    ]
)
"""Linear RGB: two browns, amber, hazel, green, blue, light blue, grey."""
HAIRS = np.array(
    [
        *([0.006, 0.005, 0.005], [0.018, 0.010, 0.006], [0.06, 0.03, 0.014], [0.15, 0.085, 0.04]),
        *([0.42, 0.27, 0.13], [0.22, 0.06, 0.02], [0.30, 0.29, 0.28], [0.62, 0.60, 0.57]),
    ]
)
"""Linear RGB: black, dark and light brown, dark blond, blond, red, grey, white."""


@dataclass(frozen=True, eq=False)
class Person:
    """Everything about a face that lasts."""

    seed: int
    identity: np.ndarray
    """(I,) standard deviations."""
    melanin: float
    """0 the lightest skin .. 1 the darkest."""
    blood: float
    """0 pale .. 1 flushed."""
    freckles: float
    stubble: float
    """0 shaved .. 1 a day's dark growth."""
    lipstick: np.ndarray | None
    """(4,) linear RGB and strength; None: bare lips."""
    eyeshadow: np.ndarray | None
    """(4,) the same, for the upper lids."""
    liner: float
    """0 .. 1 dark line along the lashes."""
    iris: np.ndarray
    """(3,) linear RGB."""
    pupil: float
    """Radius over the iris's."""
    hair: np.ndarray
    """(3,) linear RGB."""
    brow: tuple[float, float, float]
    """Half height in centimetres, strength 0..1, lift in centimetres."""
    shine: float
    """Strength of the skin's gloss."""
    style: str
    """`bald`, `buzz`, `short`, `afro`, `bob`, `long`."""
    hair_thickness: float
    """Centimetres."""
    hairline: float
    """Centimetres by which it lies lower than usual."""
    curl: float
    """0 straight .. 1 curled."""
    beard: str
    """``, `full`, `goatee`, `moustache`."""
    worn: frozenset[str] = field(default_factory=frozenset)
    """Of `glasses`, `dark glasses`, `mask`, `beanie`, `cap`, `hand`."""

    @property
    def brow_colour(self) -> np.ndarray:
        """(3,) linear RGB: brows are darker than fair hair and never brighter than skin."""
        return np.minimum(self.hair * 0.6, 0.35 * self.skin + 0.004)

    @property
    def skin(self) -> np.ndarray:
        """(3,) linear RGB of the cheek."""
        return tone(self.melanin, self.blood)


def tone(melanin: np.ndarray | float, blood: np.ndarray | float) -> np.ndarray:
    """(..., 3) linear RGB: Beer and Lambert's law for two pigments."""
    m, h = np.asarray(melanin)[..., None], np.asarray(blood)[..., None]
    return PALE * np.exp(-MELANIN * m - BLOOD * h)


def _paint(rng: np.random.Generator, chance: float, colours: np.ndarray) -> np.ndarray | None:
    if rng.random() >= chance:
        return None
    colour = colours[rng.integers(len(colours))] * np.exp(rng.normal(0, 0.12, 3))
    return np.append(np.clip(colour, 0, 1), rng.uniform(0.3, 0.9))


def _worn(rng: np.random.Generator, plain: bool) -> frozenset[str]:
    worn = set()
    if plain:
        return frozenset(worn)
    if rng.random() < 0.22:
        worn.add("dark glasses" if rng.random() < 0.22 else "glasses")
    if rng.random() < 0.06:
        worn.add("mask")
    if rng.random() < 0.12:
        worn.add("cap" if rng.random() < 0.5 else "beanie")
    if rng.random() < 0.07:
        worn.add("hand")
    return frozenset(worn)


LIPSTICKS = np.array([[0.45, 0.03, 0.05], [0.30, 0.02, 0.06], [0.55, 0.15, 0.17], [0.2, 0.04, 0.1]])
SHADOWS = np.array([[0.05, 0.04, 0.04], [0.25, 0.12, 0.08], [0.10, 0.12, 0.25], [0.4, 0.25, 0.2]])


def draw_person(seed: int, plain: bool = False) -> Person:
    """The person of a seed; `plain` wears nothing that hides the face."""
    rng = np.random.default_rng(seed)
    modes = min(MODES, face_model().modes)
    identity = np.clip(rng.normal(0, 0.95, modes), -2.6, 2.6).astype(np.float32)
    made_up, melanin = rng.random() < 0.3, float(rng.beta(0.9, 1.25))
    dark = melanin > 0.45
    shares = np.array([8, 4, 1, 0.3, 0.2, 0.1, 1, 0.5] if dark else [3, 4, 3, 3, 2.5, 1.2, 1.5, 1])
    hair = HAIRS[rng.choice(len(HAIRS), p=shares / shares.sum())] * np.exp(rng.normal(0, 0.2))
    if rng.random() < 0.03:
        hair = rng.uniform(0.02, 0.5, 3)
    lot = np.array([6, 3, 0.6, 0.4, 0.2, 0.2, 0.1, 0.2] if dark else [2, 3, 1.5, 2, 1.5, 3, 2, 1])
    iris = IRISES[rng.choice(len(IRISES), p=lot / lot.sum())] * np.exp(rng.normal(0, 0.25))
    styles, often = ("bald", "buzz", "short", "afro", "bob", "long"), [1, 1.6, 4, 0.8, 2, 3]
    style = str(rng.choice(styles, p=np.array(often) / np.sum(often)))
    thick = {"bald": 0.0, "buzz": 0.35, "short": 1.3, "afro": 4.0, "bob": 1.8, "long": 1.6}[style]
    bearded = not made_up and rng.random() < 0.35
    kinds = ("full", "goatee", "moustache")
    return Person(
        seed=seed,
        identity=identity,
        melanin=melanin,
        blood=float(rng.uniform(0.05, 0.6)),
        freckles=float(rng.uniform(0.3, 1)) if rng.random() < 0.2 and not dark else 0.0,
        stubble=float(rng.uniform(0.1, 1)) if not made_up and rng.random() < 0.4 else 0.0,
        lipstick=_paint(rng, 0.75 if made_up else 0.03, LIPSTICKS),
        eyeshadow=_paint(rng, 0.5 if made_up else 0.02, SHADOWS),
        liner=float(rng.uniform(0.3, 1)) if made_up else float(rng.uniform(0, 0.25)),
        iris=np.clip(iris, 0.01, 0.6),
        pupil=float(rng.uniform(0.25, 0.62)),
        hair=np.clip(hair, 0.003, 0.8),
        brow=(
            float(rng.uniform(0.22, 0.5)),
            float(rng.uniform(0.6, 1)),
            float(rng.uniform(0.0, 0.2)),  # little: labels do not follow it
        ),
        shine=float(rng.uniform(0.01, 0.18)),
        style=style,
        hair_thickness=float(thick * rng.uniform(0.6, 1.6)),
        hairline=float(rng.normal(0, 0.6)) + (2.6 if rng.random() < 0.2 else 0.0),
        curl=float(rng.random()),
        beard=str(rng.choice(kinds)) if bearded else "",
        worn=_worn(rng, plain),
    )
