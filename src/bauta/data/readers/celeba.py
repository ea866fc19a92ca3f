"""CelebA: 202,599 faces of 10,177 people, 5 points, 40 attributes (Liu et al., ICCV 2015).

    Anno/list_landmarks_celeba.txt, list_landmarks_align_celeba.txt, list_attr_celeba.txt,
         list_bbox_celeba.txt, identity_CelebA.txt
    Eval/list_eval_partition.txt
    Img/img_celeba/000001.jpg ...  or  Img/img_align_celeba/000001.jpg (178 x 218)

or all of it in one folder. The lists of `Anno` (but that of people) begin with the number of
pictures and a line of names. A line of points is `000001.jpg 165 184 244 176 196 249 194 271 266
260`: lefteye, righteye, nose, leftmouth, rightmouth, x then y, where left is left in the picture -
the subject's right. Boxes are x_1 y_1 width height. Attributes are 1 or -1. The partition is 0
(train), 1 (val), 2 (test). (The set's README; the same in torchvision.datasets.CelebA.) The points
are those of pixels from 0, at their centres: tkarras/progressive_growing_of_gans adds 0.5 to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.text import CENTRE, Row, check_subset, need, picture_at, rows
from bauta.data.sample import Labels, Sample

SUBSETS = ("train", "val", "test")
LICENCE = "research only, non-commercial"
_POINTS = "a picture's name and 5 points"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces in the pictures as they were found (`img_celeba`), with boxes."""
    return _read(root, subset, "list_landmarks_celeba.txt", "img_celeba", boxes=True)


def read_aligned(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces cut and turned to 178 x 218 pixels (`img_align_celeba`); boxes do not apply."""
    return _read(root, subset, "list_landmarks_align_celeba.txt", "img_align_celeba", boxes=False)


def _read(root: Path, subset: str, points: str, folder: str, boxes: bool) -> Iterator[Sample]:
    check_subset(subset, SUBSETS, "celeba")
    pictures = need(root, f"Img/{folder}", folder)
    partition = _table(need(root, "Eval/list_eval_partition.txt", "list_eval_partition.txt"), 1)
    people = _table(_list(root, "identity_CelebA.txt"), 1)
    names, flags = _attributes(_list(root, "list_attr_celeba.txt"))
    rects = _table(_list(root, "list_bbox_celeba.txt"), 4, skip=2) if boxes else {}
    for row in rows(_list(root, points), skip=2):
        file, part = row.cells[0], _part(partition, row)
        if subset not in ("", part):
            continue
        xy = row.floats(1, 11, _POINTS).reshape(5, 2) + CENTRE
        signs = _of(flags, row, "list_attr_celeba.txt")
        yield Sample(
            name=file,
            picture=picture_at(pictures / file),
            labels=(Labels(xy, "celeba5"),),
            box=_box(_of(rects, row, "list_bbox_celeba.txt")) if boxes else None,
            person=str(int(_of(people, row, "identity_CelebA.txt")[0])),
            subset=part,
            licence=LICENCE,
            attributes={name: bool(sign > 0) for name, sign in zip(names, signs, strict=True)},
        )


def _list(root: Path, name: str) -> Path:
    return need(root, f"Anno/{name}", name)


def _table(path: Path, count: int, skip: int = 0) -> dict[str, np.ndarray]:
    """First cell -> the `count` numbers behind it."""
    return {
        row.cells[0]: row.floats(1, 1 + count, f"a picture's name and {count} numbers")
        for row in rows(path, skip=skip)
    }


def _attributes(path: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    """Names of the attributes, and picture -> int8 1 or -1."""
    lines = rows(path)
    next(lines, None)
    header = next(lines, None)
    if header is None or "Smiling" not in header.cells:
        raise SourceError(f"{path}:2: expected the names of 40 attributes, 5_o_Clock_Shadow ...")
    flags = {}
    for row in lines:
        values = row.floats(1, 1 + len(header.cells), f"a name and {len(header.cells)} signs")
        if not np.isin(values, (-1, 1)).all():
            raise row.fail("attributes that are 1 or -1")
        flags[row.cells[0]] = values.astype(np.int8)
    return header.cells, flags


def _of(table: dict[str, np.ndarray], row: Row, name: str) -> np.ndarray:
    if row.cells[0] not in table:
        raise row.fail(f"a picture that {name} lists, too")
    return table[row.cells[0]]


def _part(partition: dict[str, np.ndarray], row: Row) -> str:
    number = int(_of(partition, row, "list_eval_partition.txt")[0])
    if number not in (0, 1, 2):
        raise SourceError(f"list_eval_partition.txt: {row.cells[0]} is in {number}; expected 0-2")
    return SUBSETS[number]


def _box(rect: np.ndarray) -> np.ndarray:
    """x1 y1 x2 y2 from x y width height; x and y number the first pixel inside."""
    return np.concatenate([rect[:2], rect[:2] + rect[2:]])
