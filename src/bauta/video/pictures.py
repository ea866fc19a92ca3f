"""One picture, a folder of pictures, or the pictures that a pattern names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.video.exif import display_matrix, is_cut_off
from bauta.video.frame import Frame, Source
from bauta.video.opencv import quiet
from bauta.video.pixels import over_white, to_eight_bits, turn

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".webp", ".tif", ".tiff"),
    *(".jp2", ".avif", ".pbm", ".pgm", ".ppm", ".pnm"),
)
"""File names that are taken as pictures. A GIF is a video."""
NAMED_AT_MOST = 5


def read_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """Return the picture in a file as (H, W, 3) uint8 RGB, upright.

    Grey and palette pictures become RGB, 16 bits are scaled to 8 (v / 257), alpha is composited
    over white, and the EXIF orientation of JPEG, PNG, WebP and TIFF is applied.

    Raises SourceError naming the file when it is missing, empty, cut off, not a picture, or holds
    numbers that are not 8 or 16 bit.
    """
    import cv2

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise SourceError(f"{path}: is empty; get a whole copy of the picture")
    if is_cut_off(data):
        raise SourceError(f"{path}: is cut off; get a whole copy of the picture")
    try:
        with quiet():
            stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise SourceError(f"{path}: cannot be decoded: {error.err}") from error
    if stored is None:
        raise SourceError(
            f"{path}: not a readable picture (cut off, damaged or of another kind); "
            "try opening it in a viewer and saving it as PNG"
        )
    if stored.dtype not in (np.uint8, np.uint16):
        raise SourceError(
            f"{path}: holds {stored.dtype} numbers, whose white is unknown; save it as 8 or 16 bit"
        )
    return turn(_to_rgb(stored), display_matrix(data))


def natural_key(name: str) -> list[str | int]:
    """Sort key under which `img2` comes before `img10`."""
    parts = re.split(r"([0-9]+)", name.casefold())  # text, number, text, number ...
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder (not of its subfolders) in natural order.

    Raises SourceError when there is none or the folder cannot be read.
    """
    try:
        found = [entry for entry in folder.iterdir() if _is_picture(entry)]
    except OSError as error:
        raise SourceError(f"{folder}: cannot be listed: {error.strerror or error}") from error
    if not found:
        raise SourceError(
            f"{folder}: a folder without pictures or videos; expected files ending in "
            f"{' '.join(sorted(SUFFIXES))}"
        )
    return sorted(found, key=lambda path: natural_key(path.name))


def pictures_matching(pattern: str) -> list[Path]:
    """Return the pictures that a pattern like `shots/*.jpg` names, in natural order.

    `**` reaches into subfolders. Raises SourceError when it names no picture.
    """
    import glob

    found = [path for path in map(Path, glob.glob(pattern, recursive=True)) if _is_picture(path)]
    if not found:
        raise SourceError(
            f"{pattern}: matches no picture and no video; put quotes around the pattern and check "
            "the folder and the ending"
        )
    return sorted(found, key=lambda path: natural_key(str(path)))


class Pictures(Source):
    """Pictures as frames at `index / rate` seconds; a single picture has time 0.

    Pictures may differ in size. One that cannot be read is left out with its time, the others are
    delivered, and SourceError then names it.
    """

    kind = "images"

    def __init__(self, name: str, paths: Sequence[Path], rate: float) -> None:
        self.name = name
        self.paths = list(paths)
        self.frames = len(self.paths)
        single = len(self.paths) == 1
        self.rate = None if single else rate
        self.duration = 0.0 if single else len(self.paths) / rate

    def __iter__(self) -> Iterator[Frame]:
        failures: list[SourceError] = []
        for position, path in enumerate(self.paths):
            try:
                image = read_picture(path)
            except SourceError as error:
                failures.append(error)
                continue
            time = position / self.rate if self.rate else 0.0
            yield Frame(image, time, position - len(failures), str(path))
        if failures and len(self.paths) == 1:
            raise failures[0]
        if failures:
            shown = "; ".join(map(str, failures[:NAMED_AT_MOST]))
            more = len(failures) - NAMED_AT_MOST
            raise SourceError(
                f"{self.name}: {len(failures)} of {len(self.paths)} pictures could not be read: "
                + shown
                + (f"; and {more} more" if more > 0 else "")
            )


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _to_rgb(stored: np.ndarray) -> np.ndarray:
    """Turn OpenCV's (H, W), BGR or BGRA of 8 or 16 bits into (H, W, 3) uint8 RGB."""
    stored = to_eight_bits(stored)
    if stored.ndim == 2:
        stored = stored[..., None]
    if stored.shape[2] in (2, 4):
        colour, alpha = stored[..., :-1], stored[..., -1]
        stored = over_white(colour, alpha)
    if stored.shape[2] == 1:
        return np.repeat(stored, 3, axis=2)
    return np.ascontiguousarray(stored[..., ::-1])
