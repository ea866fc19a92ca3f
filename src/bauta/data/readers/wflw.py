"""WFLW: 98 points, a box and six attributes a face (Wu et al., Look at Boundary, CVPR 2018).

    WFLW_images/<event>/<picture>.jpg
    WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{train,test}.txt

A line holds 207 cells: x0 y0 ... x97 y97, x_min y_min x_max y_max, the attributes pose expression
illumination make-up occlusion blur (0 or 1), and the picture's path under `WFLW_images`. The six
test subsets of the paper are the test faces whose attribute is 1. (The set's README; the same in
jhb86253817/PIPNet lib/preprocess.py and in PFLD's SetPreparation.py.) The origin is not stated;
every public reader draws the numbers with OpenCV, so the centre of the first pixel is (0, 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bauta.data.readers.text import CENTRE, check_subset, need, picture_at, rows
from bauta.data.sample import Labels, Sample

ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
SUBSETS = ("train", "test", *ATTRIBUTES)
LICENCE = "research only"
_LIST = "WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{}.txt"
_LINE = "98 points, a box, 6 attributes and a picture's name (207 cells)"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of WFLW; a subset is `train`, `test`, or test faces of one attribute."""
    check_subset(subset, SUBSETS, "wflw")
    pictures = need(root, "WFLW_images")
    for part in ("train", "test"):
        if subset in ("", part) or (part == "test" and subset in ATTRIBUTES):
            for sample in _read_list(need(root, _LIST.format(part)), pictures, part):
                if subset not in ATTRIBUTES or sample.attributes[subset]:
                    yield sample


def _read_list(path: Path, pictures: Path, part: str) -> Iterator[Sample]:
    seen: dict[str, int] = {}
    for row in rows(path):
        if len(row.cells) != 207:
            raise row.fail(_LINE)
        file = row.cells[206]
        seen[file] = seen.get(file, 0) + 1
        flags = row.floats(200, 206, _LINE)
        yield Sample(
            name=file if seen[file] == 1 else f"{file}#{seen[file]}",
            picture=picture_at(pictures / file),
            labels=(Labels(row.floats(0, 196, _LINE).reshape(98, 2) + CENTRE, "wflw98"),),
            box=row.floats(196, 200, _LINE) + CENTRE,
            subset=part,
            licence=LICENCE,
            attributes=dict(zip(ATTRIBUTES, map(bool, flags), strict=True)),
        )
