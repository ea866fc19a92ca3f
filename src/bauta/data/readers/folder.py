"""A user's own pictures with `.pts` files: how anyone brings pictures to train and score with.

    pictures/ann/1.jpg          pictures/ann/1.pts
    pictures/ann/2.jpg          pictures/ann/2.pts, 2#2.pts (a second face)
    pictures/labels/ann/1.pts   instead, where the labels lie in a folder of their own

The number of points says the order (`SCHEMES`); where `bauta data label` wrote the files its
`labels.json` does, which tells the two kinds of 68 apart. Coordinates count pixel centres from 1,
as in the files of 300W and as `bauta data label` writes them, in the picture as a viewer shows it
(turned by EXIF). Folders `train`, `val` and `test` at the top are subsets. A folder below is taken
as one person, whom splits never part; a picture that lies in none stands for itself. Pictures
without labels are passed over: they show nobody, or are not labelled yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from bauta import schemes
from bauta.checks import SourceError
from bauta.data.readers.files import read_pts
from bauta.data.readers.text import check_subset, rows
from bauta.data.sample import Labels, Sample
from bauta.data.splits import SPLITS
from bauta.video.pictures import SUFFIXES, natural_key, read_picture

SCHEMES = {
    5: "celeba5",
    19: "aflw19",
    20: "bioid20",
    21: "aflw21",
    29: "lfpw29",
    51: "ibug51",
    68: "ibug68",
    70: "fs70",
    98: "wflw98",
    106: "jd106",
    194: "helen194",
    478: "mesh478",
}
"""Number of points in a file -> the order they are taken to be in."""
LABELS = "labels"
"""Name of the folder that labels may lie in."""


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Labelled faces of the pictures under `root`; SourceError when there is none at all."""
    check_subset(subset, SPLITS, "folder")
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds your pictures")
    found, orders = 0, SCHEMES | _told(root)
    for picture in pictures_under(root):
        where = picture.relative_to(root)
        part = where.parts[0] if where.parts[0] in SPLITS and len(where.parts) > 1 else ""
        if subset not in ("", part):
            continue
        for number, path in enumerate(_labels(root, picture), 1):
            found += 1
            yield _sample(picture, where, part, path, number, orders)
    if not found and not subset:
        raise SourceError(
            f"{root}: no picture with labels; expected <picture>.pts beside <picture>.jpg "
            f"or in {root / LABELS}; `bauta data label` makes them"
        )


def pictures_under(root: Path) -> list[Path]:
    """Every picture in the folder and those below, in natural order."""
    found = [
        path
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]
    return sorted(found, key=lambda path: natural_key(path.relative_to(root).as_posix()))


def label_name(stem: str, number: int) -> str:
    """Name of the labels of a picture's face, counted from 1: `a.pts`, `a#2.pts` ..."""
    return f"{stem}.pts" if number == 1 else f"{stem}#{number}.pts"


def _labels(root: Path, picture: Path) -> Iterator[Path]:
    """Labels of a picture's faces: beside it, or in the folder of labels."""
    for folder in (picture.parent, root / LABELS / picture.parent.relative_to(root)):
        number = 1
        while (path := folder / label_name(picture.stem, number)).is_file():
            yield path
            number += 1
        if number > 1:
            return


def _told(root: Path) -> dict[int, str]:
    """Number of points to the scheme that `labels.json` names; empty where there is none."""
    for path in (root / "labels.json", root / LABELS / "labels.json"):
        if path.is_file():
            try:
                scheme = json.loads(path.read_text(encoding="utf-8"))["scheme"]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise SourceError(
                    f"{path}: names no scheme ({error}); delete or mend it"
                ) from error
            return {schemes.get(scheme).count: scheme}
    return {}


def _sample(
    picture: Path, where: Path, part: str, path: Path, number: int, orders: Mapping[int, str]
) -> Sample:
    count = _count(path)
    person = "/".join(where.parent.parts[1:] if part else where.parent.parts)
    return Sample(
        name=where.as_posix() if number == 1 else f"{where.as_posix()}#{number}",
        picture=partial(read_picture, picture),
        labels=(Labels(read_pts(path, count), orders[count]),),
        person=person,
        subset=part,
        licence="your own",
    )


def _count(path: Path) -> int:
    """The number of points that a `.pts` file says it holds."""
    for row in rows(path):
        key, _, value = "".join(row.cells).partition(":")
        if key == "n_points":
            if value.isdecimal() and int(value) in SCHEMES:
                return int(value)
            raise row.fail(f"a number of points that has an order: {', '.join(map(str, SCHEMES))}")
    raise SourceError(f"{path}:1: expected a line `n_points: ...`, got none")
