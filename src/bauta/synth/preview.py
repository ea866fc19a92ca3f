"""One look at what a kind makes: faces spread over a series, with their points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import InputError
from bauta.data.contact import FACES, ContactSheet
from bauta.data.sample import Sample
from bauta.video.output import atomic_write


def check_ending(path: Path) -> None:
    """InputError for a path that is not a .png or a .jpg."""
    if path.suffix not in (".png", ".jpg"):
        raise InputError(f"{path}: expected a picture's ending, .png or .jpg")


def write_sheet(series: Sequence[Sample], path: Path) -> None:
    """A contact sheet of up to `FACES` samples of a series, as PNG or JPEG by the path's ending;
    InputError for another."""
    check_ending(path)
    sheet = ContactSheet()
    for index in np.linspace(0, len(series) - 1, min(FACES, len(series))).round().astype(int):
        sample = series[int(index)]
        sheet.offer(sample, sample.picture())
    drawn = sheet.draw()
    if drawn is None:
        raise InputError("preview: an empty series has nothing to show")
    atomic_write(
        path, cv2.imencode(path.suffix, cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))[1].tobytes()
    )
