"""BioID: 1521 grey pictures of 23 people with 20 points and both eyes (Jesorsky et al. 2001).

    BioID_0000.pgm, BioID_0000.eye           (384 x 286)
    points_20/bioid_0000.pts

A `.pts` file is `version: 1`, `n_points: 20`, `{`, twenty lines `x y`, `}`; point 0 is the right
pupil and 1 the left, both the subject's own (FGnet markup scheme of the BioID face database; the
same in elucideye/drishti BIOID.cpp). An `.eye` file is a line `#LX LY RX RY` and one of four
numbers: the subject's left eye, then the right. Unlike in 300W's files the origin of these `.pts`
is taken as 0 at the centre of the first pixel, like that of the `.eye` files, with whose pupils
they agree. Who is in a picture is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bauta.checks import SourceError
from bauta.data.readers.files import FROM_ONE, read_pts
from bauta.data.readers.text import CENTRE, check_subset, need, picture_at, rows
from bauta.data.sample import Labels, Sample

LICENCE = "research only"
_EYES = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y")


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of BioID. The positions of the `.eye` files, where they are, are attributes."""
    check_subset(subset, (), "bioid")
    points = need(root, "points_20", "points_20/points_20", "bioid_0000.pts", "BioID_0000.pts")
    files = _by_number(points if points.is_dir() else root, ".pts")
    folder = next((f for f in (root, root / "BioID-FaceDatabase-V1.2") if _has(f)), root)
    pictures, eyes = _by_number(folder, ".pgm"), _by_number(folder, ".eye")
    if not files:
        raise SourceError(f"{points}: holds no bioid_0000.pts; unpack points_20.zip there")
    for number, path in sorted(files.items()):
        picture = pictures.get(number, folder / f"BioID_{number}.pgm")
        yield Sample(
            name=picture.relative_to(root).as_posix(),
            picture=picture_at(picture),
            labels=(Labels(read_pts(path, 20) - FROM_ONE + CENTRE, "bioid20"),),
            licence=LICENCE,
            attributes=_eye_file(eyes[number]) if number in eyes else {},
        )


def _has(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() == ".pgm" for path in folder.iterdir())


def _by_number(folder: Path, ending: str) -> dict[str, Path]:
    """Files `bioid_0000.ending` of a folder by their number, whatever the case of their names."""
    if not folder.is_dir():
        return {}
    return {
        path.stem.lower().removeprefix("bioid_"): path
        for path in folder.iterdir()
        if path.suffix.lower() == ending and path.stem.lower().startswith("bioid_")
    }


def _eye_file(path: Path) -> dict[str, float | bool | str]:
    """Both eyes in our convention."""
    lines = [row for row in rows(path) if not row.cells[0].startswith("#")]
    if len(lines) != 1:
        raise SourceError(f"{path}: expected `#LX LY RX RY` and one line of four numbers")
    values = lines[0].floats(0, 4, "four numbers, LX LY RX RY") + CENTRE
    return dict(zip(_EYES, map(float, values), strict=True))
