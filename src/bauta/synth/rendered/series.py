"""Heads that nobody photographed, by number: person, moment, light, background and camera are drawn
from (seed, number), so the same numbers give the same picture.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.sample import Sample
from bauta.data.teachers import data_root
from bauta.synth.rendered import truth
from bauta.synth.rendered.canvas import SAMPLES
from bauta.synth.rendered.draw import paint
from bauta.synth.rendered.head import Head, head_in
from bauta.synth.rendered.lens import exposed
from bauta.synth.rendered.look import Look, look_of
from bauta.synth.rendered.moment import Moment, draw_moment
from bauta.synth.rendered.motion import FRAMES, RATE, draw_motion
from bauta.synth.rendered.scene import Scene
from bauta.synth.rendered.scenery import Photographs, read_photographs
from bauta.synth.rendered.skin_learn import FILES, SET, skin_in
from bauta.synth.rendered.skin_model import SkinModel
from bauta.synth.rendered.stage import Stage, draw_stage, scene_of

PICTURES = 4
"""Pictures of a person, but for clips."""
VERSION = "4"
"""Of what is drawn from the same numbers; packs of several are not mixed."""
MIX: dict[str, tuple[int, ...]] = {"free": (), "rendered": (7,)}
"""What is mixed into a number by kind, so that sets of one seed are no twins: other people, other
moments. Clips have numbers of their own."""


def picture_of(
    look: Look, stage: Stage, moment: Moment, rng: np.random.Generator
) -> tuple[np.ndarray, Scene, np.ndarray]:
    """(SIDE, SIDE, 3) uint8, what was drawn, and the depth of its samples; `rng` for the noise."""
    scene = scene_of(look, stage, moment)
    light, depth, mean = paint(scene, stage.behind)
    bright = (float(look.person.skin.mean()) / 0.3) ** 0.65  # meters see more than the face
    return exposed(light, mean / bright, stage.lens, rng), scene, depth


def sample_of(
    name: str, look: Look, stage: Stage, moment: Moment, rng: np.random.Generator, kind: str
) -> Sample:
    """Picture and truth."""
    image, scene, depth = picture_of(look, stage, moment, rng)
    small = scene.vertices[scene.head.label_rows]
    found, box = truth.labels(small, scene.view, depth, SAMPLES)
    return Sample(
        name=name,
        picture=lambda: image,
        labels=found,
        box=box,
        pose=moment.angles,
        person=f"rendered-{look.person.seed}",
        licence="rendered" if kind == "rendered" else "rendered, free of photographs",
        attributes=truth.attributes(moment, look.person.identity, kind)
        | {"melanin": float(look.person.melanin)},
    )


def _person(seed: int, number: int, mix: tuple[int, ...] = ()) -> int:
    return int(np.random.SeedSequence([seed, number, *mix]).generate_state(1)[0])


def _maker(
    head: Head, photographs: Photographs | None = None, skin: SkinModel | None = None
) -> dict[str, str]:
    """What pictures depend on besides their numbers."""
    made = {"maker": VERSION, "head": head.fingerprint}
    if photographs is None:
        return made
    bare = f"procedural (no {', '.join(FILES)}, or too few people in them)"
    told = bare if skin is None else f"learned of {SET} {skin.fingerprint}"
    return made | {"backgrounds": photographs.fingerprint, "skin": told}


class Stills:
    """Single pictures, `PICTURES` in a row of one person."""

    frames = 1

    def __init__(
        self,
        kind: str,
        head: Head,
        photographs: Photographs | None = None,
        skin: SkinModel | None = None,
    ) -> None:
        self.kind, self.head, self.photographs, self.skin = kind, head, photographs, skin
        self.maker = _maker(head, photographs, skin)

    def __call__(self, index: int, seed: int) -> Sample:
        """The picture of a number."""
        mix = MIX[self.kind]
        rng = np.random.default_rng([seed, index, *mix])
        look = look_of(self.head, _person(seed, index // PICTURES, mix), model=self.skin)
        moment, stage = draw_moment(rng), draw_stage(rng, self.photographs)
        return sample_of(f"{self.kind}-{seed}-{index:07d}", look, stage, moment, rng, self.kind)


class Clips:
    """Frames of clips of `FRAMES` frames each, one after the other; `time` in seconds and the
    number of the `clip` are among the attributes."""

    frames = FRAMES

    def __init__(self, kind: str, head: Head) -> None:
        self.kind, self.head = kind, head
        self.maker = _maker(head)
        self._clip = lru_cache(maxsize=4)(self._drawn)

    def _drawn(self, clip: int, seed: int) -> tuple[Look, Stage, list[Moment]]:
        rng = np.random.default_rng([seed, clip, 2])
        look = look_of(self.head, _person(seed, 1_000_000 + clip))
        return look, draw_stage(rng), draw_motion(rng)

    def __call__(self, index: int, seed: int) -> Sample:
        """The frame of a number."""
        clip, frame = divmod(index, FRAMES)
        look, stage, moments = self._clip(clip, seed)
        name = f"{self.kind}-{seed}-{clip:05d}/{frame:04d}"
        rng = np.random.default_rng([seed, index, 3])
        sample = sample_of(name, look, stage, moments[frame], rng, self.kind)
        sample.attributes["time"], sample.attributes["clip"] = frame / RATE, clip
        return sample


def _head(root: Path | None) -> Head:
    """The full head of the folder, or of the training data when None; else the one that ships."""
    try:
        return head_in(data_root() if root is None else root)
    except SourceError:
        return head_in(None)


def open_rendered(root: Path | None) -> Stills:
    """Pictures with photographs of nobody behind the heads, and some skin learned from photographs
    where the folder has them; SourceError where there are no backgrounds."""
    folder = data_root() if root is None else root
    photographs = read_photographs(folder)
    return Stills("rendered", head_in(folder), photographs, skin_in(folder))


def open_free(root: Path | None) -> Stills:
    """Pictures in which nothing was photographed."""
    return Stills("free", _head(root))


def open_clips(root: Path | None) -> Clips:
    """Clips in which nothing was photographed."""
    return Clips("clips", _head(root))
