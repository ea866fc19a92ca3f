"""Pictures of nobody: what a face network is shown so that it learns to say no.

- `read_negatives`: photographs without people, whole. Backgrounds and textures, too.
- `read_lookalikes`: things that look like faces to our own detector and are none, framed as it
  frames them: boxes that the shipped detector proposes, even hesitantly, where the teacher detector
  saw no face. Mined from the photographs without people and from `ytf` and `masks`.

Both are samples without labels; the picture of a look-alike has a box. Both read a folder of
anyone's own photographs as well; those in which we find a face are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bauta.assets.store import read_model
from bauta.checks import SourceError
from bauta.data import teachers
from bauta.data.catalog import Dataset
from bauta.data.cutouts import people_in_negatives
from bauta.data.readers import folder
from bauta.data.readers.text import check_subset
from bauta.data.sample import Sample
from bauta.data.splits import SPLITS, split_of
from bauta.detect.detector import Detector
from bauta.engine.session import Session
from bauta.faces import Faces
from bauta.geometry import boxes
from bauta.video.pictures import read_picture

HESITANT = 0.06
"""Score from which a proposal is taken."""
PER_PICTURE = 1
"""Look-alikes taken of a picture: the proposals that score highest."""
LICENCE = "research only"
Photo = tuple[str, Callable[[], np.ndarray]]
"""Name, and what reads its picture."""


def is_ours(root: Path) -> bool:
    """Whether the photographs come with the training data, rather than being anyone's own."""
    return (root / "negatives.zip").is_file()


def _sample(
    set_name: str, photo: Photo, person: str, box: np.ndarray | None, licence: str, number: int = 0
) -> Sample:
    return Sample(
        name=f"{set_name}/{photo[0]}" + (f"#{number}" if number else ""),
        picture=photo[1],
        labels=(),
        box=box,
        person=person,
        subset=split_of(person),
        licence=licence,
    )


def _photos(root: Path, subset: str) -> Iterator[Photo]:
    """Photographs in which neither teacher nor eye saw anybody; of anyone's own, those in which we
    find nobody."""
    if not is_ours(root):
        yield from _own_photos(root, subset)
        return
    jpegs, known = teachers.read_pictures("negatives", root), teachers.read_boxes("negatives", root)
    for file in sorted(set(jpegs) - people_in_negatives()):
        if not len(known[file][0]) and subset in ("", split_of(file)):
            yield file, partial(teachers.decode, jpegs[file])


def _own_photos(root: Path, subset: str) -> Iterator[Photo]:
    """SourceError when `root` is no folder with pictures, or each of them shows a face. A picture
    that cannot be read is passed on: who packs it says so."""
    pictures, faces = folder.pictures_under(root) if root.is_dir() else [], Faces()
    if not pictures:
        raise SourceError(f"{root}: no pictures there; give a folder of photographs without people")
    found = False
    for path in pictures:
        file, read = path.relative_to(root).as_posix(), partial(read_picture, path)
        if subset in ("", split_of(file)) and not _shows_a_face(faces, read):
            found = True
            yield file, read
    if not found and not subset:
        raise SourceError(f"{root}: a face is found in every picture; give some without people")


def _shows_a_face(faces: Faces, read: Callable[[], np.ndarray]) -> bool:
    try:
        return bool(faces.find(read(), np.zeros((0, 4)), 1))
    except SourceError:
        return False


def read_negatives(root: Path, subset: str = "") -> Iterator[Sample]:
    """Photographs without people; subsets are our splits, by hash of the name."""
    check_subset(subset, SPLITS, "negatives")
    licence = licence_of(root)
    for photo in _photos(root, subset):
        yield _sample("negatives", photo, photo[0], None, licence)


def licence_of(root: Path) -> str:
    """Terms of the photographs under `root`."""
    return LICENCE if is_ours(root) else "your own"


def _proposals(detector: Detector, image: np.ndarray, faces: np.ndarray) -> list[np.ndarray]:
    """Boxes (4,) that touch none of `faces` (K, 4)."""
    found, _ = detector(image)
    if len(faces) and len(found):
        found = found[boxes.iou(found, faces).max(1) < 0.02]
    return list(found[:PER_PICTURE])


def read_lookalikes(root: Path, subset: str = "") -> Iterator[Sample]:
    """Look-alikes; subsets are our splits, by person or hash of the picture."""
    check_subset(subset, SPLITS, "lookalikes")
    detector = Detector(Session(read_model("detector")), threshold=HESITANT)
    nobody = np.zeros((0, 4), np.float32)
    licence = licence_of(root)
    for photo in _photos(root, subset):
        for k, box in enumerate(_proposals(detector, photo[1](), nobody), 1):
            yield _sample("negatives", photo, photo[0], box, licence, k)
    for name in ("ytf", "masks") if is_ours(root) else ():
        pictures, known = teachers.read_pictures(name, root), teachers.read_boxes(name, root)
        labels = teachers.read_teacher_set(name, pictures, root)
        for file, person, where in zip(labels.files, labels.person, labels.split, strict=True):
            if subset in ("", where) and len(known[file][0]):
                photo = file, partial(teachers.decode, pictures[file])
                for k, box in enumerate(_proposals(detector, photo[1](), known[file][0]), 1):
                    yield _sample(name, photo, person, box, licence, k)


def _dataset(name: str, title: str, read: Callable[[Path, str], Iterator[Sample]]) -> Dataset:
    url = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds"
    counts = {"": 0} | dict.fromkeys(SPLITS, 0)
    return Dataset(name, title, read, (), counts, LICENCE, "Martin et al. 2001", url)


NOBODY = {
    item.name: item
    for item in (
        _dataset("negatives", "Photographs without people, for backgrounds", read_negatives),
        _dataset("lookalikes", "What our detector takes for faces and is none", read_lookalikes),
    )
}
"""Sets without faces; `bauta data pack` takes them like those of the catalogue."""
