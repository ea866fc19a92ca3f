"""300-W: 68 points on pictures of AFW, LFPW, HELEN and iBUG (Sagonas et al., ICCV-W 2013).

    afw/134212_1.jpg, .pts                     337   train
    lfpw/trainset/image_0001.png, .pts         811   train
    helen/trainset/100032540_1.jpg, .pts      2000   train
    lfpw/testset, helen/testset            224, 330  common
    ibug/image_003_1.jpg, .pts                 135   challenging

`full` is common and challenging. Upper or lower case of the folders does not matter. Pictures that
some copies add, mirrored (`..._mirror.jpg`), are left out: they are not of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bauta.checks import SourceError
from bauta.data.readers.files import folder_in, read_pts
from bauta.data.readers.text import check_subset, picture_at
from bauta.data.sample import Labels, Sample

FOLDERS = {
    "train": ("afw", "lfpw/trainset", "helen/trainset"),
    "common": ("lfpw/testset", "helen/testset"),
    "challenging": ("ibug",),
}
SUBSETS = (*FOLDERS, "full")
SUFFIXES = (".jpg", ".png", ".jpeg", ".bmp")
LICENCE = "research only"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of 300-W: `train`, `common`, `challenging`, `full` (both of these), or all."""
    check_subset(subset, SUBSETS, "300w")
    for part, folders in FOLDERS.items():
        if subset in ("", part) or (subset == "full" and part != "train"):
            for folder in folders:
                yield from _read_folder(root, folder, part)


def _read_folder(root: Path, name: str, part: str) -> Iterator[Sample]:
    folder = folder_in(root, *name.split("/"))
    files = [f for f in sorted(folder.glob("*.pts")) if not f.stem.endswith("_mirror")]
    if not files:
        raise SourceError(f"{folder}: no .pts in it; unpack the whole set")
    for file in files:
        picture = _picture_of(file)
        yield Sample(
            name=f"{name}/{picture.name}",
            picture=picture_at(picture),
            labels=(Labels(read_pts(file, 68), "ibug68"),),
            subset=part,
            licence=LICENCE,
        )


def _picture_of(file: Path) -> Path:
    for suffix in SUFFIXES:
        for candidate in (file.with_suffix(suffix), file.with_suffix(suffix.upper())):
            if candidate.exists():
                return candidate
    raise SourceError(f"{file.with_suffix('.jpg')}: missing (or .png), though {file.name} is there")
