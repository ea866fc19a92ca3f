"""Learns a `SkinModel` from the photographs of training people of `ytf`, once: it is kept among the
user's caches, never shipped.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np

from bauta.checks import SourceError
from bauta.data import catalog
from bauta.data.readers.text import need
from bauta.data.sample import Sample
from bauta.data.teachers import data_root
from bauta.synth.profile.lift import lift
from bauta.synth.rendered.skin_light import without_light
from bauta.synth.rendered.skin_map import Texels, Unwrapped, texels, unwrapped
from bauta.synth.rendered.skin_model import FORMAT, SkinModel, read_skin
from bauta.synth.rendered.skin_modes import components
from bauta.video.output import atomic_write, reporting

SET = "ytf"
"""Colour pictures of people by name."""
FILES = (f"{SET}.zip", f"{SET}_labels.npz", f"{SET}_boxes.npz")
PHOTOS = 5
"""Of a person, spread over those there are."""
MODES = 24
AGREE = 2
"""Rounds: light is fitted with the mean albedo of the round before, at first an even face."""
SURE = 0.4
"""Share of the skin that a photograph must show to be used."""
ODD = 0.22
"""Median of how much its skin differs from the mean face's, in logarithms, beyond which something
else must cover it."""
OFTEN = 0.5
"""Share of the people who must show a texel."""
REACHES = (2.0, 5.0, 12.0, 40.0, 200.0)
"""Texels over which gaps of the map are filled, one after the other."""
RECIPE = 1
"""Counts changes that make another model of the same photographs."""
FEWEST = 20
"""People of whom modes can be learned."""
After = Callable[[int], object]


class TooFewError(SourceError):
    """Too few people can be used."""


def learned(photos: Sequence[Sample], after: After = lambda percent: None) -> SkinModel:
    """The model of labelled photographs; TooFewError when too few people can be used. `after` is
    told how much is done, in percent."""
    chosen = spread(photos)
    if (people := len({photo.person for photo in chosen})) < FEWEST:
        raise TooFewError(_refusal(people))
    found = laid_out(chosen, lambda part: after(int(80 * part)))
    t = texels()
    tone = np.ones((len(t.bare), 3), np.float32)
    rows, known = np.zeros((0, *tone.shape)), np.zeros((0, len(tone)), bool)
    for turn in range(AGREE):
        kept = [p for p in (person_skin(seen, tone) for seen in found.values()) if p is not None]
        if len(kept) < FEWEST:
            raise TooFewError(_refusal(len(kept)))
        rows, known = (np.stack(part) for part in zip(*kept, strict=True))
        after(80 + 5 * (turn + 1))
        tone = np.exp(_typical(rows, known, t.mirror))
    model = _model(rows, known, t)
    after(100)
    return model


def laid_out(
    chosen: Sequence[Sample], after: Callable[[float], object] = lambda part: None
) -> dict[str, list[Unwrapped]]:
    """What each person's photographs show; `after` is told the part that is done."""
    found: dict[str, list[Unwrapped]] = {}
    for number, photo in enumerate(chosen):
        lifted = lift(photo)
        if lifted is not None:
            found.setdefault(photo.person, []).append(unwrapped(lifted))
        after((number + 1) / len(chosen))
    return found


def _refusal(people: int) -> str:
    return f"skin: photographs of {people} people can be used, {FEWEST} are needed"


def spread(photos: Sequence[Sample]) -> list[Sample]:
    """`PHOTOS` of each person, evenly over those in the list."""
    people: dict[str, list[Sample]] = {}
    for photo in photos:
        people.setdefault(photo.person, []).append(photo)
    return [
        own[k]
        for own in people.values()
        for k in np.unique(np.linspace(0, len(own) - 1, PHOTOS).round().astype(int))
    ]


def person_skin(seen: list[Unwrapped], tone: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(P, 3) logarithms of albedo over the person's tone, the mean of all photographs that can be
    used, and (P,) bool where there is one; `tone` (P, 3) is the mean albedo."""
    total, times = np.zeros(tone.shape, np.float32), np.zeros(len(tone), int)
    for photo in seen:
        if photo.known.mean() < SURE:
            continue
        rows = np.flatnonzero(photo.known)
        skin, sure = without_light(photo.colour[rows], photo.normals[rows], tone[rows])
        off = (skin - np.log(tone[rows]))[sure]
        if sure.sum() < SURE * len(tone) or np.median(np.abs(off.mean(1))) > ODD:
            continue
        total[rows[sure]] += skin[sure] - np.median(off, 0)
        times[rows[sure]] += 1
    if not times.any():
        return None
    return total / np.maximum(times, 1)[:, None], times > 0


def _typical(rows: np.ndarray, known: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """(P, 3) mean of rows (N, P, 3) where they are known, alike on both sides, 0 on average."""
    total, times = (rows * known[..., None]).sum(0), known.sum(0)
    mean = (total + total[mirror]) / np.maximum(times + times[mirror], 1)[:, None]
    return mean - mean.mean(0)


def _model(rows: np.ndarray, known: np.ndarray, t: Texels) -> SkinModel:
    """Of rows (N, P, 3) that are known (N, P). Texels that few show are filled from around."""
    often = known.mean(0)
    often = np.maximum(often, often[t.mirror]) > OFTEN
    flat = 3 * t.mirror[:, None] + np.arange(3)
    mean, modes, share = components(
        rows.reshape(len(rows), -1), np.repeat(known, 3, 1), flat.reshape(-1), MODES
    )
    there = t.image(often[:, None])[..., 0]
    maps = [_everywhere(t.image(part.reshape(-1, 3)), there) for part in (mean, *modes)]
    return SkinModel(maps[0], np.stack(maps[1:]), share, len(rows))


def _everywhere(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A map (TALL, WIDE, 3) with what is not `known` (TALL, WIDE; eyes, mouth, nostrils, beside the
    face) filled with the weighted mean of what lies around, near before far."""
    result = image * known[..., None]
    for reach in REACHES:
        near = cv2.GaussianBlur(known, (0, 0), reach)
        fill = cv2.GaussianBlur(result * known[..., None], (0, 0), reach)
        new = (known == 0) & (near > 0.02)
        result[new] = fill[new] / near[new][:, None]
        known = np.where(new, 1, known)
    return result


def skin_of(root: Path | None = None, after: After = lambda percent: None) -> SkinModel:
    """The model of the training data in `root`, kept or learned now (a minute or two); SourceError
    where `ytf` is missing, TooFewError where too few of its people can be used, SinkError where it
    cannot be kept."""
    folder = data_root() if root is None else root
    key = fingerprint_of(folder)
    path, refused = _kept(key)
    if refused.exists():
        raise TooFewError(refused.read_text(encoding="utf-8"))
    if not path.exists():
        photos = list(catalog.get(SET).read(folder, "train"))
        with reporting(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            model = learned(photos, after)
        except TooFewError as error:
            atomic_write(refused, str(error).encode())
            raise
        replace(model, fingerprint=key).write(path)
    return _read(path)


def skin_in(root: Path, after: After = lambda percent: None) -> SkinModel | None:
    """`skin_of` a folder with the files of `ytf`; None for one without one of them or with too few
    people."""
    if not _have(root):
        return None
    try:
        return skin_of(root, after)
    except TooFewError:
        return None


def is_known(root: Path) -> bool:
    """Whether `skin_in` has nothing to learn."""
    return not _have(root) or any(path.exists() for path in _kept(fingerprint_of(root)))


_read = cache(read_skin)


def _have(root: Path) -> bool:
    return all((root / name).exists() for name in FILES)


def fingerprint_of(root: Path) -> str:
    """12 digits of the photographs, their labels and how they are learned from; of the archive
    counts what its directory says, names and checksums. SourceError where a file is missing or
    cannot be read."""
    key = hashlib.sha256(f"{FORMAT} {RECIPE}".encode())
    for name in FILES:
        path = need(root, name)
        try:
            if name.endswith(".zip"):
                with ZipFile(path) as archive:
                    found = sorted((item.filename, item.CRC) for item in archive.infolist())
                data = repr(found).encode()
            else:
                data = path.read_bytes()
        except (OSError, BadZipFile) as error:
            raise SourceError(f"{path}: cannot be read: {error}; get a whole copy") from error
        key.update(hashlib.sha256(data).digest())
    return key.hexdigest()[:12]


def _kept(key: str) -> tuple[Path, Path]:
    """Where the model of these data is kept, and why there is none: under XDG_CACHE_HOME, else
    ~/.cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bauta"
    return home / f"skin-{key}.npz", home / f"skin-{key}.none"
