"""FaceSynthetics: 100,000 rendered faces of 512 pixels with 70 points (Wood et al., ICCV 2021).

    000000.png, 000000_ldmks.txt, 000000_seg.png, 000001.png ...

`_ldmks.txt` holds 70 lines `x y`: the 68 of iBUG, the jaw on the bone rather than on the outline,
and the two pupils, of which the subject's right is taken to be the first: the README of
microsoft/FaceSynthetics does not say, public code that aligns them to a head does so. No source
states the origin: the centre of the first pixel is taken as (0, 0), as public readers draw the
points. The seg picture is not read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bauta.checks import SourceError
from bauta.data.readers.text import CENTRE, check_subset, picture_at, point_lines, rows
from bauta.data.sample import Labels, Sample

LICENCE = "research only, non-commercial"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of FaceSynthetics in the order of their numbers. Every face is another person."""
    check_subset(subset, (), "facesynthetics")
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds 000000_ldmks.txt")
    files = sorted(root.glob("*_ldmks.txt"))
    if not files:
        raise SourceError(f"{root / '000000_ldmks.txt'}: missing; unpack dataset_100000.zip here")
    for path in files:
        name = f"{path.name.removesuffix('_ldmks.txt')}.png"
        points = point_lines(list(rows(path)), path, 70)
        yield Sample(
            name=name,
            picture=picture_at(root / name),
            labels=(Labels(points + CENTRE, "fs70"),),
            licence=LICENCE,
        )
