"""What is worked out once a person: shape at rest, colours, texture, masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bauta.synth.rendered import complexion
from bauta.synth.rendered.head import Head
from bauta.synth.rendered.person import Person, draw_person
from bauta.synth.rendered.shells import beard_area
from bauta.synth.rendered.skin_model import SkinModel

LEARNED = 0.6
"""Share of the people who have learned skin where there is a model of it."""


@dataclass(frozen=True, eq=False)
class Look:
    """A person on a head of V vertices."""

    head: Head
    person: Person
    still: np.ndarray
    """(V, 3) at rest."""
    colours: np.ndarray
    """(V, 3) linear RGB."""
    texture: np.ndarray
    """(h, w, 2), see `complexion.texture`."""
    marks: complexion.Marks
    skin: np.ndarray
    """(V,) 1 where the texture lies."""
    gloss: np.ndarray
    """(V,) how much of the person's shine a place has."""
    stubble: np.ndarray
    """(V,) 0..1."""
    lash: float
    """How dark the lashes are."""
    window: np.ndarray
    """(3,) where a window is mirrored in the eyes, x and y, and how bright."""


@lru_cache(maxsize=8)
def look_of(head: Head, seed: int, plain: bool = False, model: SkinModel | None = None) -> Look:
    """The person with this seed on a head; `plain` wears nothing that hides the face. Some people
    (`LEARNED`), of all tones alike, have skin of the `model`; without it it is procedural."""
    person = draw_person(seed, plain)
    model = model if np.random.default_rng(seed + 7).random() < LEARNED else None
    rng = np.random.default_rng(person.seed + 5)
    marks = complexion.marks_of(head)
    skin = head.rows("face", "head_neck").astype(np.float32)
    gloss = skin * (0.6 + 1.2 * marks.lips * (person.lipstick is not None) + 0.4 * marks.red)
    gloss[head.rows("teeth", "gums_tongue")] = 1.5
    grown = person.stubble * 0.55 * np.maximum(marks.beard, marks.moustache)
    grown = np.maximum(grown, 0.8 * beard_area(head, person))
    x, y = rng.choice([-1, 1]) * rng.uniform(0.15, 0.5), rng.uniform(-0.7, -0.15)
    return Look(
        head,
        person,
        head.still(person.identity),
        complexion.colours(head, person, model),
        complexion.texture(person),
        marks,
        skin,
        gloss.astype(np.float32),
        grown.astype(np.float32),
        float(np.clip(0.35 + 0.5 * person.liner, 0, 0.9)),
        np.array([x, y, rng.uniform(0.3, 2.5)]),
    )
