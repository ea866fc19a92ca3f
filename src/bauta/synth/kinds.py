"""The kinds of pictures that `bauta synth` makes, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, overload

from bauta.data.sample import Sample


class Make(Protocol):
    """Makes samples by number."""

    @property
    def maker(self) -> Mapping[str, str]:
        """What the samples depend on besides their numbers: `maker`, the version of the code, and
        what was read, by name. Samples of another maker are not mixed into a pack."""
        ...

    @property
    def frames(self) -> int:
        """How many numbers in a row are the frames of one clip; 1: there are no clips."""
        ...

    def __call__(self, index: int, seed: int) -> Sample:
        """The sample of that number; the same again for the same numbers."""
        ...


Learn = Callable[[Callable[[int], object]], object]


@dataclass(frozen=True)
class Kind:
    """A way to make labelled pictures."""

    title: str
    open: Callable[[Path | None, tuple[str, ...]], Make]
    """(folder of the training data or None for the usual, names of the sets or none for the kind's
    own choice) -> `Make`. Reads and checks what all pictures share."""
    of_sets: bool = False
    """Whether it is made of the labelled photographs of sets, which can then be chosen."""
    learn: Callable[[Path | None], Learn | None] | None = None
    """(folder of the training data) -> learns what `open` would otherwise learn silently, once a
    machine, and is told percent; None when that is done. Refuses first what `open` would."""


@dataclass(frozen=True, eq=False)
class Series(Sequence[Sample]):
    """The first `size` samples of a kind, made when asked for."""

    make: Make
    size: int
    seed: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self.make(k, self.seed) for k in range(*index.indices(self.size))]
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.make(index, self.seed)

    def __iter__(self) -> Iterator[Sample]:
        return (self.make(index, self.seed) for index in range(self.size))


def _profile(root: Path | None, sets: tuple[str, ...]) -> Make:
    from bauta.data.teachers import SETS
    from bauta.synth.profile.series import open_profiles

    return open_profiles(root, sets or SETS)


def _profile_clips(root: Path | None, sets: tuple[str, ...]) -> Make:
    from bauta.data.teachers import SETS
    from bauta.synth.profile.series import open_profile_clips

    return open_profile_clips(root, sets or SETS)


def _rendered(root: Path | None, sets: tuple[str, ...]) -> Make:
    from bauta.synth.rendered.series import open_rendered

    return open_rendered(root)


def _learn_skin(root: Path | None) -> Learn | None:
    from bauta.data.teachers import data_root
    from bauta.synth.rendered.scenery import read_photographs
    from bauta.synth.rendered.skin_learn import is_known, skin_in

    folder = data_root() if root is None else root
    read_photographs(folder)
    return None if is_known(folder) else partial(skin_in, folder)


def _free(root: Path | None, sets: tuple[str, ...]) -> Make:
    from bauta.synth.rendered.series import open_free

    return open_free(root)


def _clips(root: Path | None, sets: tuple[str, ...]) -> Make:
    from bauta.synth.rendered.series import open_clips

    return open_clips(root)


KINDS: dict[str, Kind] = {
    "profile": Kind("photographs turned to the side, up and down", _profile, of_sets=True),
    "profile-clips": Kind(
        "frames of short clips of one photograph that turns", _profile_clips, of_sets=True
    ),
    "rendered": Kind(
        "rendered heads before photographs of nobody, with skin learned from photographs",
        _rendered,
        learn=_learn_skin,
    ),
    "free": Kind("rendered heads, nothing photographed", _free),
    "clips": Kind("frames of short clips of rendered heads, nothing photographed", _clips),
}
