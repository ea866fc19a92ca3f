"""COFW: 29 points, each said to be seen or occluded (Burgos-Artizzu et al., ICCV 2013).

`COFW_train.mat` and `COFW_test.mat` (grey), or `COFW_train_color.mat` and `COFW_test_color.mat`, of
MATLAB 7.3. As MATLAB has them (HDF5 has every array transposed):

    IsTr      1345 x 1 cells, pictures H x W x 3 uint8, or H x W (some of the colour file too)
    phisTr    1345 x 87: x of 29 points, their y, their occlusion (1 occluded)
    bboxesTr  1345 x 4: x, y, width, height

and IsT, phisT, bboxesT of 507 for testing. Pixels count from 1. Keys and orders as read by
jhb86253817/PIPNet lib/preprocess.py and HRNet-Facial-Landmark-Detection. The first 845 pictures of
the training set are LFPW's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.files import FROM_ONE, cell73, numbers, open_mat73, variable73
from bauta.data.readers.text import check_subset, need
from bauta.data.sample import Labels, Sample

FILES = {
    "train": ("Tr", ("COFW_train_color.mat", "COFW_train.mat")),
    "test": ("T", ("COFW_test_color.mat", "COFW_test.mat")),
}
"""Subset -> ending of its variables, file names; the colour file is taken when both are there."""
SUBSETS = tuple(FILES)
LICENCE = "research only"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of COFW: `train`, `test` or both, with `visible` of every point."""
    check_subset(subset, SUBSETS, "cofw")
    for part, (ending, names) in FILES.items():
        if subset in ("", part):
            yield from _read_file(need(root, *names), part, ending)


def _read_file(path: Path, part: str, ending: str) -> Iterator[Sample]:
    with open_mat73(path) as file:
        count = len(variable73(file, f"Is{ending}", path)[()].ravel())
        phis, boxes = f"phis{ending}", f"bboxes{ending}"
        labels = numbers(variable73(file, phis, path)[()].T, (count, 87), path, phis)
        corners = numbers(variable73(file, boxes, path)[()].T, (count, 4), path, boxes)
    for row in range(count):
        x, y, width, height = corners[row]
        points = labels[row, :58].reshape(2, 29).T + FROM_ONE
        yield Sample(
            name=f"{part}/{row + 1}",
            picture=partial(picture_in, path, f"Is{ending}", row),
            labels=(Labels(points, "cofw29", visible=labels[row, 58:] == 0),),
            box=np.array([x - 1, y - 1, x - 1 + width, y - 1 + height], np.float32),
            subset=part,
            licence=LICENCE,
        )


def picture_in(path: Path, name: str, row: int) -> np.ndarray:
    """Picture `row`, from 0, of a cell array: (H, W, 3) uint8 RGB."""
    with open_mat73(path) as file:
        stored = cell73(file, name, row, path)
    if stored.dtype != np.uint8 or stored.ndim not in (2, 3) or stored.shape[2:] not in ((), (3,)):
        raise SourceError(
            f"{path}: {name} {row + 1}: expected a picture of uint8, got {stored.shape} of "
            f"{stored.dtype}"
        )
    if stored.ndim == 2:
        return np.repeat(stored[..., None], 3, axis=2)
    return np.ascontiguousarray(stored)
