"""AFLW with 19 points on every face, hidden ones too, and the split in use since.

Zhu et al., Unconstrained Face Alignment via Cascaded Compositional Learning, CVPR 2016.

    AFLWinfo_release.mat
    flickr/0/image00002.jpg

The 24386 rows of the file are faces: `data` n x 38 (19 x, then 19 y), `bbox` n x 4 (left, right,
top, bottom), `mask_new` n x 19 (1 seen), `nameList` n x 1 cells, and `ra`, a permutation from 1
whose first 20000 train. Keys and orders as read by jhb86253817/PIPNet lib/preprocess.py. The points
are AFLW's own where they are seen: pixel (0, 0) covers 0..1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.aflw import FLICKR, LICENCE, face_name
from bauta.data.readers.files import numbers, read_mat
from bauta.data.readers.text import check_subset, need, picture_at
from bauta.data.sample import Labels, Sample

SUBSETS = ("train", "test", "frontal")
TRAIN = 20000
"""Faces that train."""
_KEYS = ("data", "bbox", "mask_new", "nameList", "ra")


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces in the order of `ra`: `train`, `test`, `frontal` (test faces with all 19 seen)."""
    check_subset(subset, SUBSETS, "aflw19")
    path = need(root, "AFLWinfo_release.mat", "aflw/AFLWinfo_release.mat")
    pictures = need(path.parent, *FLICKR)
    content = read_mat(path, *_KEYS)
    files = [_file_name(cell, path) for cell in content["nameList"].ravel()]
    count = len(files)
    points = numbers(content["data"], (count, 38), path, "data").reshape(count, 2, 19)
    boxes = numbers(content["bbox"], (count, 4), path, "bbox")[:, [0, 2, 1, 3]]
    visible = numbers(content["mask_new"], (count, 19), path, "mask_new") == 1
    seen: dict[str, int] = {}
    names = [face_name(file, seen) for file in files]
    for place, row in enumerate(_order(content["ra"], count, path)):
        part = "train" if place < TRAIN else "test"
        if subset in ("", part) or (subset == "frontal" and part == "test" and visible[row].all()):
            yield Sample(
                name=names[row],
                picture=picture_at(pictures / files[row]),
                labels=(Labels(points[row].T, "aflw19", visible=visible[row]),),
                box=boxes[row].astype(np.float32),
                person=Path(files[row]).stem,
                subset=part,
                licence=LICENCE,
            )


def _file_name(cell: object, path: Path) -> str:
    found = np.asarray(cell).ravel()
    if found.size != 1 or found.dtype.kind != "U":
        raise SourceError(f"{path}: nameList: expected names of pictures, got {cell!r:.60}")
    return str(found[0])


def _order(stored: np.ndarray, count: int, path: Path) -> np.ndarray:
    order = stored.ravel().astype(np.int64) - 1
    if not np.array_equal(np.sort(order), np.arange(count)):
        raise SourceError(f"{path}: ra: expected each of 1 to {count} once")
    return order
