"""Lists in text files and pictures beside them: what the readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import InputError, SourceError
from bauta.video.exif import is_cut_off
from bauta.video.opencv import quiet
from bauta.video.pictures import SUFFIXES

CENTRE = np.float32(0.5)
"""Added to coordinates whose origin is the centre of the first pixel."""


@dataclass(frozen=True)
class Row:
    """One line of a list, split at white space, and where it stands."""

    path: Path
    number: int
    """From 1, as editors count."""
    cells: list[str]

    def fail(self, expected: str) -> SourceError:
        """The error that names this line."""
        shown = " ".join(self.cells)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return SourceError(f"{self.path}:{self.number}: expected {expected}, got {shown!r}")

    def floats(self, start: int, stop: int, expected: str) -> np.ndarray:
        """Cells `start` to `stop` as float32 numbers; SourceError naming the line otherwise."""
        try:
            values = np.array([float(cell) for cell in self.cells[start:stop]], np.float32)
        except ValueError:
            raise self.fail(expected) from None
        if len(values) != stop - start:
            raise self.fail(expected)
        return values


def rows(path: Path, separator: str | None = None, skip: int = 0) -> Iterator[Row]:
    """Lines of a text file that are not blank, after the first `skip`.

    `separator` None splits at any white space. SourceError when the file cannot be read.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number > skip and line.strip():
                    cells = line.rstrip("\r\n").split(separator)
                    yield Row(path, number, [cell.strip() for cell in cells])
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error


def counted_points(path: Path, count: int) -> np.ndarray:
    """Points (count, 2) of a file whose first line is their number: `106`, then `x y` a line."""
    lines = list(rows(path))
    if not lines or lines[0].cells != [str(count)]:
        first = " ".join(lines[0].cells) if lines else ""
        raise SourceError(f"{path}:1: expected the number of points, {count}, got {first[:40]!r}")
    return point_lines(lines[1:], path, count)


def point_lines(lines: Sequence[Row], path: Path, count: int) -> np.ndarray:
    """Points (count, 2) float32 as stored, one `x y` a row."""
    if len(lines) != count:
        raise SourceError(f"{path}: expected {count} lines of points, got {len(lines)}")
    return np.array([row.floats(0, 2, "two numbers, x and y") for row in lines], np.float32)


def need(root: Path, first: str, *others: str) -> Path:
    """The first of these files or folders under `root` that exists; SourceError naming `first`.

    `root` itself must be a folder.
    """
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds {first}")
    for choice in (first, *others):
        if (root / choice).exists():
            return root / choice
    instead = f" (or {', '.join(others)})" if others else ""
    raise SourceError(f"{root / first}: missing{instead}; give the folder that holds {first}")


def check_subset(subset: str, known: Sequence[str], name: str) -> str:
    """Return `subset` if it is "" or one of `known`; InputError otherwise."""
    if subset and subset not in known:
        raise InputError(f"{name}: no subset {subset!r}; choose one of {', '.join(known)}")
    return subset


def picture_at(path: Path) -> Callable[[], np.ndarray]:
    """A reader of that picture: (H, W, 3) uint8 RGB, not turned by EXIF. SourceError when called
    and the file is missing, cut off or not a picture."""
    return lambda: stored_picture(path)


def stored_picture(path: Path) -> np.ndarray:
    """The picture as its pixels are stored: (H, W, 3) uint8 RGB."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decoded(data, str(path))


def decoded(data: bytes, name: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an encoded picture, not turned by EXIF; SourceError naming it."""
    import cv2

    if not data or is_cut_off(data):
        raise SourceError(f"{name}: is cut off; get a whole copy of the picture")
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    with quiet():
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise SourceError(f"{name}: not a readable picture; get a whole copy of it")
    return np.ascontiguousarray(image[..., ::-1])


def pictures_by_stem(root: Path) -> dict[str, Path]:
    """Every picture under `root` by its name without the ending; the first of equal names."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            found.setdefault(path.stem, path)
    return found
