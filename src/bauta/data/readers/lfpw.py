"""LFPW: 29 points with visibility (Belhumeur et al., Localizing Parts of Faces, CVPR 2011).

    kbvt_lfpw_v1_train.csv, kbvt_lfpw_v1_test.csv

Handed out as lists of addresses. Cells are parted by tabs; the first line names them: `imgurl`,
`worker`, then `<point>_x`, `<point>_y`, `<point>_t` of 35 points. A picture has one line for each
of its two or three workers and one of the worker `average` (mean of x and y, median of t), which is
read. t is 0 where the point is visible, 1 where hair or glasses hide it, 2 where the head does, 3
where the picture ends. The 29 points of the paper and of everybody since are the first 28 and
`chin`: the six of the ears are left out (neerajkumar.org/databases/lfpw). `left` in the names of
points is left in the picture: the subject's right. No source states the origin: the centre of the
first pixel is taken as (0, 0).

Many addresses are dead: faces whose picture is not there are passed over. A picture is looked for
in the folder of the list, `train`, `trainset`, `images` or `images/train` (and the same of the
test), as the last part of its address; or by the number of its line among the averages, from 1,
as `train000001.jpg`: so a script that circulates names what it downloads. The pictures that iBUG
hands out (`image_0001.png`) are not taken: 811 of them have numbers up to about 870, those that
iBUG could download, not those of the 1132 lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.text import CENTRE, Row, check_subset, need, picture_at, rows
from bauta.data.sample import Labels, Sample

SUBSETS = ("train", "test")
LICENCE = "research only"
POINTS = (
    *("left_eyebrow_out", "right_eyebrow_out", "left_eyebrow_in", "right_eyebrow_in"),
    *("left_eyebrow_center_top", "left_eyebrow_center_bottom"),
    *("right_eyebrow_center_top", "right_eyebrow_center_bottom"),
    *("left_eye_out", "right_eye_out", "left_eye_in", "right_eye_in"),
    *("left_eye_center_top", "left_eye_center_bottom"),
    *("right_eye_center_top", "right_eye_center_bottom"),
    *("left_eye_pupil", "right_eye_pupil", "left_nose_out", "right_nose_out"),
    *("nose_center_top", "nose_center_bottom", "left_mouth_out", "right_mouth_out"),
    *("mouth_center_top_lip_top", "mouth_center_top_lip_bottom"),
    *("mouth_center_bottom_lip_top", "mouth_center_bottom_lip_bottom", "chin"),
)
"""The 29 points in the order of `lfpw29`; left and right as in the picture."""


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of LFPW whose pictures are there. SourceError when there is none at all."""
    check_subset(subset, SUBSETS, "lfpw29")
    found = 0
    for part in SUBSETS:
        if subset not in ("", part):
            continue
        path = need(root, f"kbvt_lfpw_v1_{part}.csv")
        for number, row in enumerate(_averages(path), 1):
            picture = _picture(root, part, row.cells[0], number)
            if picture is not None:
                found += 1
                yield _sample(root, picture, row, part)
    if not found and not subset:
        raise SourceError(
            f"{root}: none of the listed pictures is there; put them into a folder `train` or "
            "`test` under the last part of their address"
        )


def _averages(path: Path) -> Iterator[Row]:
    """Lines of the worker `average`, their cells reduced to the address and the 29 x, y, t."""
    lines = rows(path, "\t")
    header = next(lines, None)
    wanted = [f"{point}_{axis}" for point in POINTS for axis in "xyt"]
    if header is None or any(name not in header.cells for name in ("worker", *wanted)):
        raise SourceError(
            f"{path}:1: expected the names of the columns, parted by tabs: imgurl worker "
            f"{wanted[0]} {wanted[1]} {wanted[2]} ... chin_t"
        )
    columns = [header.cells.index(name) for name in wanted]
    worker = header.cells.index("worker")
    for row in lines:
        if len(row.cells) < len(header.cells):
            raise row.fail(f"{len(header.cells)} cells parted by tabs")
        if row.cells[worker] == "average":
            cells = [row.cells[0], *(row.cells[column] for column in columns)]
            yield Row(row.path, row.number, cells)


def _sample(root: Path, picture: Path, row: Row, part: str) -> Sample:
    values = row.floats(1, 88, "29 times x, y and t").reshape(29, 3)
    points = np.ascontiguousarray(values[:, :2]) + CENTRE
    return Sample(
        name=picture.relative_to(root).as_posix(),
        picture=picture_at(picture),
        labels=(Labels(points, "lfpw29", visible=values[:, 2] == 0),),
        subset=part,
        licence=LICENCE,
    )


def _picture(root: Path, part: str, address: str, number: int) -> Path | None:
    """The picture of an address, or None when it is nowhere."""
    last = address.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    names = [last, f"{part}{number:06d}.jpg"]
    folders = (part, f"{part}set", f"images/{part}", "images", ".")
    for name in names:
        for folder in folders:
            path = root / folder / name
            if name and path.is_file():
                return path
    return None
