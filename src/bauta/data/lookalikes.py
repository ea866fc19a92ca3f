"""Pictures of nobody: what a face network is shown so that it learns to say no.

- `read_negatives`: photographs without people, whole. Backgrounds and textures, too.
- `read_lookalikes`: things that look like faces to our own detector and are none, framed as it
  frames them: boxes that the shipped detector proposes, even hesitantly, where the teacher detector
  saw no face. Mined from the photographs without people and from `ytf` and `masks`.

Both are samples without labels; the picture of a look-alike has a box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bauta.assets.store import read_model
from bauta.data import teachers
from bauta.data.catalog import Dataset
from bauta.data.cutouts import people_in_negatives
from bauta.data.readers.text import check_subset
from bauta.data.sample import Sample
from bauta.data.splits import SPLITS, split_of
from bauta.detect.detector import Detector
from bauta.engine.session import Session
from bauta.geometry import boxes

HESITANT = 0.06
"""Score from which a proposal is taken."""
PER_PICTURE = 1
"""Look-alikes taken of a picture: the proposals that score highest."""
LICENCE = "research only"


def _sample(set_name: str, file: str, jpeg: bytes, person: str, box: np.ndarray | None) -> Sample:
    return Sample(
        name=f"{set_name}/{file}",
        picture=partial(teachers.decode, jpeg),
        labels=(),
        box=box,
        person=person,
        subset=split_of(person),
        licence=LICENCE,
    )


def _photos(root: Path, subset: str) -> Iterator[tuple[str, bytes]]:
    """File and JPEG of the photographs in which neither teacher nor eye saw anybody."""
    jpegs, known = teachers.read_pictures("negatives", root), teachers.read_boxes("negatives", root)
    for file in sorted(set(jpegs) - people_in_negatives()):
        if not len(known[file][0]) and subset in ("", split_of(file)):
            yield file, jpegs[file]


def read_negatives(root: Path, subset: str = "") -> Iterator[Sample]:
    """Photographs without people; subsets are our splits, by hash of the name."""
    check_subset(subset, SPLITS, "negatives")
    for file, jpeg in _photos(root, subset):
        yield _sample("negatives", file, jpeg, file, None)


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
    for file, jpeg in _photos(root, subset):
        for k, box in enumerate(_proposals(detector, teachers.decode(jpeg), nobody)):
            yield _sample("negatives", f"{file}#{k + 1}", jpeg, file, box)
    for name in ("ytf", "masks"):
        pictures, known = teachers.read_pictures(name, root), teachers.read_boxes(name, root)
        labels = teachers.read_teacher_set(name, pictures, root)
        for file, person, where in zip(labels.files, labels.person, labels.split, strict=True):
            if subset in ("", where) and len(known[file][0]):
                image = teachers.decode(pictures[file])
                for k, box in enumerate(_proposals(detector, image, known[file][0])):
                    yield _sample(name, f"{file}#{k + 1}", pictures[file], person, box)


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
