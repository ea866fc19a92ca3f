"""One look at what a kind makes: faces spread over a series, or moments of clips, with points."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from bauta.checks import InputError
from bauta.data.contact import COLUMNS, FACES, ContactSheet
from bauta.synth.kinds import Series
from bauta.video.output import atomic_write


def check_ending(path: Path) -> None:
    """InputError for a path that is not a .png or a .jpg."""
    if path.suffix not in (".png", ".jpg"):
        raise InputError(f"{path}: expected a picture's ending, .png or .jpg")


def numbers(count: int, frames: int) -> list[int]:
    """Which of `count` samples are shown. Where `frames` in a row are a clip: moments spread over a
    clip side by side, of clips spread over the series; of the first ones where the series is short,
    beyond its end too, as frames next to each other look the same."""
    if frames == 1:
        return np.linspace(0, count - 1, min(FACES, count)).round().astype(int).tolist()
    rows = FACES // COLUMNS
    clips = np.linspace(0, max(-(-count // frames), rows) - 1, rows).round().astype(int)
    moments = np.linspace(0, frames - 1, COLUMNS).round().astype(int)
    return (clips[:, None] * frames + moments).ravel().tolist()


def write_sheet(series: Series, path: Path) -> None:
    """A contact sheet of up to `FACES` samples of a series, as PNG or JPEG by the path's ending;
    InputError for another."""
    check_ending(path)
    sheet = ContactSheet()
    for number in numbers(len(series), series.make.frames):
        sample = series.make(number, series.seed)
        sheet.offer(sample, sample.picture())
    drawn = sheet.draw()
    if drawn is None:
        raise InputError("preview: an empty series has nothing to show")
    atomic_write(
        path, cv2.imencode(path.suffix, cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))[1].tobytes()
    )
