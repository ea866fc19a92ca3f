"""Skin of people as a linear model of the logarithm of albedo over a person's tone, on the map of
`skin_map`:

    log albedo = log tone + mean + sum_k c_k mode_k          c ~ N(0, 1)

Pigments take light by Beer and Lambert's law, so what more blood or melanin does adds up in the
logarithm, and is the same on skin of any tone.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import ModelError
from bauta.synth.rendered.skin_map import read_at
from bauta.video.output import atomic_write

FORMAT = "bauta-skin-2"
MOST = 2.0
"""Standard deviations within which people are drawn."""


@dataclass(frozen=True, eq=False)
class SkinModel:
    """A mean and K modes on the map, TALL x WIDE texels."""

    mean: np.ndarray
    """(TALL, WIDE, 3) float32."""
    modes: np.ndarray
    """(K, TALL, WIDE, 3) float32, for one standard deviation."""
    explained: np.ndarray
    """(K,) share of the variance that the modes explain, each."""
    people: int
    """Of whom it was learned."""
    fingerprint: str = ""
    """A hash of the photographs and how it was learned, the same on every machine (the maps' last
    digits are not); "" when nobody said."""

    def at(self, places: np.ndarray) -> np.ndarray:
        """(1 + K, n, 3) float32 mean and modes at places (n, 2), pixels of the map; beside it, the
        edge's."""
        return np.stack([read_at(picture, places) for picture in (self.mean, *self.modes)])

    def drawn(self, rng: np.random.Generator) -> np.ndarray:
        """(1 + K,) float32 of a person: 1 for the mean, then coefficients within `MOST`."""
        found = np.clip(rng.standard_normal(len(self.modes)), -MOST, MOST)
        return np.concatenate([[1], found]).astype(np.float32)

    def write(self, path: Path) -> None:
        """An npz with 16-bit maps; SinkError where it cannot be written."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            format=np.array(FORMAT),
            mean=self.mean.astype(np.float16),
            modes=self.modes.astype(np.float16),
            explained=self.explained.astype(np.float32),
            people=np.array(self.people),
            fingerprint=np.array(self.fingerprint),
        )
        atomic_write(path, file.getvalue())


def read_skin(path: Path) -> SkinModel:
    """A model that `SkinModel.write` wrote; ModelError for another file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != FORMAT:
                raise ValueError(f"format {file['format']}")
            mean, modes = (file[name].astype(np.float32) for name in ("mean", "modes"))
            explained, people = file["explained"], int(file["people"])
            fingerprint = str(file["fingerprint"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: no skin model ({error}); remove it to learn it anew") from error
    return SkinModel(mean, modes, explained, people, fingerprint)
