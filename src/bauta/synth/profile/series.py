"""Turned photographs by number, pictures and short clips: the same number and seed give the same
picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from bauta.checks import InputError, SourceError
from bauta.data import catalog
from bauta.data.sample import Sample
from bauta.data.teachers import SETS, data_root
from bauta.geometry import boxes
from bauta.geometry.rotation import to_angles
from bauta.synth.fingerprint import hash_of
from bauta.synth.profile.lift import Lifted, lift
from bauta.synth.profile.turn import Turned, turned

VIEWS = 4
"""Pictures in a row that are made of one photograph: it is fitted once."""
LEAST, MOST = 15.0, 90.0
"""Degrees of yaw, but for photographs that are turned further already."""
PITCH = 30.0
"""Degrees of pitch at most, but for photographs beyond."""
LEVEL = 8.0
"""Degrees within which a photograph may be turned either way."""
TRIES = 50
"""Photographs in a row that may be unfit before something else must be wrong."""
STRIDE = 7919
"""Steps to the photograph that stands in for an unfit one."""
VERSION = "1"
"""Of what is made of the same photographs and numbers; packs of several are not mixed."""
RATE = 30
"""Frames a second of a clip."""
FRAMES = 45
"""Frames of a clip."""


class _Photos:
    """Labelled photographs in an order by seed, lifted when asked for."""

    def __init__(self, photos: Sequence[Sample]) -> None:
        if not photos:
            raise InputError("profile: no labelled photographs; name a set with `mesh478` labels")
        self.photos = photos
        self._order: tuple[int, np.ndarray] = (-1, np.zeros(0, int))
        self._last: tuple[int, Lifted | None] = (-1, None)

    def maker(self) -> dict[str, str]:
        """The version, how many photographs there are, and a hash of their names and points."""
        parts = ((photo.name.encode(), photo.points.tobytes()) for photo in self.photos)
        found = f"{len(self.photos)} {hash_of(chain.from_iterable(parts))}"
        return {"maker": VERSION, "photographs": found}

    def lifted(self, number: int, seed: int) -> Lifted:
        """The photograph in that place of the seed's order, or the next one that can be used;
        SourceError when `TRIES` in a row cannot."""
        if self._order[0] != seed:
            self._order = (seed, np.random.default_rng(seed).permutation(len(self.photos)))
        order = self._order[1]
        for step in range(TRIES):
            row = int(order[(number + step * STRIDE) % len(order)])
            if self._last[0] != row:
                self._last = (row, lift(self.photos[row]))
            if self._last[1] is not None:
                return self._last[1]
        raise SourceError(f"profile: {TRIES} photographs in a row could not be lifted")


class Profiles:
    """Makes turned pictures of labelled photographs: each is used `VIEWS` times in a row with ever
    larger yaw, all of them once before one comes again. Angles only grow: what a photograph shows
    from the side is never turned to the front."""

    frames = 1

    def __init__(self, photos: Sequence[Sample]) -> None:
        """`photos` have `mesh478` labels in three dimensions."""
        self._photos = _Photos(photos)
        self.maker = self._photos.maker()

    def __call__(self, index: int, seed: int) -> Sample:
        """The picture of a number; SourceError when `TRIES` photographs in a row cannot be used."""
        lifted = self._photos.lifted(index // VIEWS, seed)
        rng = np.random.default_rng([seed, index])
        yaw, pitch = drawn_pose(lifted, (index % VIEWS + rng.random()) / VIEWS, rng)
        return sample_of(f"{index:07d} {lifted.photo.name}", turned(lifted, yaw, pitch))


class ProfileClips:
    """Frames of clips of `FRAMES` frames each, one after the other: a photograph turns, beginning
    as it was photographed, as far as one of `Profiles`, or back; it speeds up and slows down.
    `time` in seconds and the number of the `clip` are among the attributes."""

    frames = FRAMES

    def __init__(self, photos: Sequence[Sample]) -> None:
        """`photos` have `mesh478` labels in three dimensions."""
        self._photos = _Photos(photos)
        self.maker = self._photos.maker()

    def __call__(self, index: int, seed: int) -> Sample:
        """The frame of a number; SourceError when `TRIES` photographs in a row cannot be used."""
        clip, frame = divmod(index, FRAMES)
        lifted = self._photos.lifted(clip, seed)
        rng = np.random.default_rng([seed, clip, 1])
        start = np.array(to_angles(lifted.R_labels)[:2])
        end = np.array(drawn_pose(lifted, rng.random(), rng))
        share = frame / (FRAMES - 1)
        share = share * share * (3 - 2 * share)
        if rng.random() < 0.5:
            share = 1 - share
        yaw, pitch = (start + share * (end - start)).tolist()
        name = f"{clip:05d}/{frame:04d} {lifted.photo.name}"
        sample = sample_of(name, turned(lifted, yaw, pitch))
        sample.attributes["time"], sample.attributes["clip"] = frame / RATE, clip
        return sample


def sample_of(name: str, view: Turned) -> Sample:
    """Picture and truth."""
    lifted, labels = view.lifted, view.labels()
    photo, own = lifted.photo, to_angles(lifted.R_labels)
    return Sample(
        name=name,
        picture=view.picture,
        labels=labels,
        box=boxes.of_points(labels[0].points[:, :2]),
        pose=view.pose,
        person=photo.person or photo.name,
        subset=photo.subset,
        licence=photo.licence,
        attributes={
            "turn": float(np.degrees(view.angle)),
            "photo_yaw": own[0],
            "photo_pitch": own[1],
            **lifted.expression,
        },
    )


def drawn_pose(lifted: Lifted, share: float, rng: np.random.Generator) -> tuple[float, float]:
    """Yaw and pitch, degrees, at `share` 0..1 of the way from the photograph's yaw to the side; at
    least as large as the photograph's, pitch more often near it."""
    yaw, pitch, _ = to_angles(lifted.R_labels)
    start = min(max(abs(yaw), LEAST), MOST)
    left = rng.random() < 0.5 if abs(yaw) < LEVEL else yaw > 0
    up = rng.random() < 0.5 if abs(pitch) < LEVEL else pitch > 0
    wide = start + share * (MOST - start)
    steep = abs(pitch) + rng.random() ** 2 * max(PITCH - abs(pitch), 0.0)
    return (wide if left else -wide), (steep if up else -steep)


def open_profiles(root: Path | None = None, sets: Sequence[str] = SETS) -> Profiles:
    """Of the photographs of sets, by name, in `root` (where the training data lie, when None)."""
    return Profiles(_photos(root, sets))


def open_profile_clips(root: Path | None = None, sets: Sequence[str] = SETS) -> ProfileClips:
    """Of the same photographs as `open_profiles`."""
    return ProfileClips(_photos(root, sets))


def _photos(root: Path | None, sets: Sequence[str]) -> list[Sample]:
    folder = data_root() if root is None else root
    return list(chain.from_iterable(_photos_of(folder, name) for name in sets))


def _photos_of(root: Path, name: str) -> Iterator[Sample]:
    dataset = catalog.get(name)
    if "mesh478" not in dataset.schemes:
        raise InputError(f"profile: {name} has no mesh478 labels; choose among {', '.join(SETS)}")
    return dataset.read(root, "")
