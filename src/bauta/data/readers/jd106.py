"""JD-landmark and LaPa: 106 points in one order, `<n>` then `<n>` lines `x y` a file.

JD-landmark (Liu et al., Grand Challenge of 106-Point Facial Landmark Localization, ICME 2019):

    Training_data/{AFW,HELEN,IBUG,LFPW}/picture/<name>.jpg      or any other depth of folders
    Training_data/{AFW,HELEN,IBUG,LFPW}/landmark/<name>.jpg.txt
    Training_data/.../rect/<name>.jpg.rect                      x1 y1 x2 y2, may be missing
    Validation_data/..., Test_data/...                          landmarks may be missing

LaPa (Liu et al., A New Dataset and Boundary-Attention Semantic Segmentation, AAAI 2020):

    LaPa/{train,val,test}/images/<name>.jpg
    LaPa/{train,val,test}/landmarks/<name>.txt
    LaPa/{train,val,test}/labels/<name>.png                     11 classes a pixel; not read here

(The sets' pages; the same in xvision's JDLandmark.) Boxes hold the last pixel: public readers cut
`image[y1:y2 + 1, x1:x2 + 1]`. They draw points with OpenCV: the first pixel's centre is (0, 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.text import CENTRE, check_subset, counted_points, need, picture_at, rows
from bauta.data.sample import Labels, Sample

JD_SUBSETS = ("train", "val", "test")
LAPA_SUBSETS = ("train", "val", "test")
JD_LICENCE = "research only"
LAPA_LICENCE = "research only, non-commercial"


def read_jd(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of JD-landmark: every file in a folder `landmark` that has a folder `picture` beside.

    The subset follows from the name of a folder above: `Val...` or `Test...`, else `train`.
    """
    check_subset(subset, JD_SUBSETS, "jd106")
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds Training_data")
    folders = [path for path in sorted(root.rglob("landmark")) if path.is_dir()]
    if not folders:
        first = root / "Training_data/AFW/landmark"
        raise SourceError(f"{first}: missing; expected folders `landmark` beside folders `picture`")
    for folder in folders:
        part = _part(folder.relative_to(root))
        if subset in ("", part):
            pictures = need(folder.parent, "picture")
            for path in sorted(folder.glob("*.txt")):
                yield _jd_sample(root, pictures, path, part)


def _part(folder: Path) -> str:
    for name in folder.parts:
        for part in ("val", "test"):
            if name.lower().startswith(part):
                return part
    return "train"


def _jd_sample(root: Path, pictures: Path, path: Path, part: str) -> Sample:
    name = path.stem if Path(path.stem).suffix else f"{path.stem}.jpg"
    picture, rect = pictures / name, pictures.parent / "rect" / f"{name}.rect"
    return Sample(
        name=picture.relative_to(root).as_posix(),
        picture=picture_at(picture),
        labels=(Labels(counted_points(path, 106) + CENTRE, "jd106"),),
        box=_rect(rect) if rect.exists() else None,
        subset=part,
        licence=JD_LICENCE,
    )


def _rect(path: Path) -> np.ndarray:
    """Box (4,) from the first pixel's corner to the last one's far corner."""
    row = next(rows(path), None)
    if row is None:
        raise SourceError(f"{path}: is empty; expected a box x1 y1 x2 y2")
    return row.floats(0, 4, "a box x1 y1 x2 y2") + np.array([0, 0, 1, 1], np.float32)


def read_lapa(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of LaPa. `root` holds `train`, `val` and `test`, or the folder `LaPa` that does."""
    check_subset(subset, LAPA_SUBSETS, "lapa")
    top = root / "LaPa" if (root / "LaPa").is_dir() else root
    for part in LAPA_SUBSETS:
        if subset not in ("", part):
            continue
        folder, pictures = need(top, f"{part}/landmarks"), need(top, f"{part}/images")
        for path in sorted(folder.glob("*.txt")):
            picture = pictures / f"{path.stem}.jpg"
            yield Sample(
                name=picture.relative_to(top).as_posix(),
                picture=picture_at(picture),
                labels=(Labels(counted_points(path, 106) + CENTRE, "jd106"),),
                subset=part,
                licence=LAPA_LICENCE,
            )
