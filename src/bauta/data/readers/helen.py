"""HELEN: 194 points a face (Le et al., Interactive Facial Feature Localization, ECCV 2012).

    annotation/1.txt ... 2330.txt
    trainnames.txt (2000 names), testnames.txt (330 names)
    train_1/ ... test/, or any other folders of <name>.jpg

The first line of an annotation is the picture's name without its ending, then come 194 lines
`x , y` (www.ifp.illinois.edu/~vuongle2/helen). The origin is not stated; public readers draw the
numbers with OpenCV: the centre of the first pixel is taken as (0, 0).

Variants in iBUG's form, `trainset/<name>.jpg` with `<name>.pts` beside it (Sagonas et al. 2013: 68
points of the same pictures; others hand out 29), are read by `read68` and `read29`. Mirrored copies
that some add (`..._mirror.pts`) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.files import read_pts
from bauta.data.readers.text import (
    CENTRE,
    Row,
    check_subset,
    need,
    picture_at,
    pictures_by_stem,
    rows,
)
from bauta.data.sample import Labels, Sample

SUBSETS = ("train", "test")
LICENCE = "research only"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of HELEN with 194 points, in the order of the lists of names."""
    check_subset(subset, SUBSETS, "helen")
    folder = need(root, "annotation")
    names = {row.cells[0]: part for part in SUBSETS for row in rows(need(root, f"{part}names.txt"))}
    pictures = pictures_by_stem(root)
    for path in sorted(folder.glob("*.txt"), key=_number):
        name, points = _annotation(path)
        if name not in names:
            raise SourceError(f"{path}:1: {name!r} is neither in trainnames.txt nor testnames.txt")
        if subset in ("", names[name]):
            picture = pictures.get(name, root / f"{name}.jpg")
            yield Sample(
                name=picture.relative_to(root).as_posix(),
                picture=picture_at(picture),
                labels=(Labels(points, "helen194"),),
                subset=names[name],
                licence=LICENCE,
            )


def read68(root: Path, subset: str = "") -> Iterator[Sample]:
    """The 68 points of iBUG: `trainset` and `testset` of pictures with `.pts` files (origin 1)."""
    return _read_pts(root, subset, "ibug68", 68)


def read29(root: Path, subset: str = "") -> Iterator[Sample]:
    """29 points in LFPW's order: `trainset` and `testset` of pictures with `.pts` files."""
    return _read_pts(root, subset, "lfpw29", 29)


def _read_pts(root: Path, subset: str, scheme: str, count: int) -> Iterator[Sample]:
    check_subset(subset, SUBSETS, "helen")
    for part in SUBSETS:
        if subset not in ("", part):
            continue
        folder = need(root, f"{part}set")
        for path in sorted(folder.glob("*.pts")):
            if path.stem.endswith("_mirror"):
                continue
            picture = _beside(path)
            yield Sample(
                name=picture.relative_to(root).as_posix(),
                picture=picture_at(picture),
                labels=(Labels(read_pts(path, count), scheme),),
                subset=part,
                licence=LICENCE,
            )


def _beside(path: Path) -> Path:
    choices = [path.with_suffix(ending) for ending in (".jpg", ".png")]
    return next((choice for choice in choices if choice.exists()), choices[0])


def _number(path: Path) -> tuple[int, str]:
    return (int(path.stem) if path.stem.isdigit() else 0, path.name)


def _annotation(path: Path) -> tuple[str, np.ndarray]:
    """Name of the picture and points (194, 2) of a file, in our convention."""
    lines = list(rows(path, ","))
    if len(lines) != 195:
        raise SourceError(f"{path}: expected a name and 194 lines `x , y`, got {len(lines)} lines")
    points = np.array([_pair(row) for row in lines[1:]], np.float32)
    return lines[0].cells[0], points + CENTRE


def _pair(row: Row) -> np.ndarray:
    return row.floats(0, 2, "two numbers, x , y")
