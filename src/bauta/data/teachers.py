"""Reader of the three picture sets with teacher labels (`ytf`, `lfw`, `masks`) and `negatives`.

Formats are described in the data folder's own README. The folder is `../shared/data` beside the
project, or wherever the environment variable `BAUTA_DATA` points. Nothing of it ships.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import InputError, SourceError
from bauta.data.readers.text import need
from bauta.data.splits import person_of, split_of

SETS = ("ytf", "lfw", "masks")
MISSING = -32768
"""Marks a face that the mesh teacher did not find."""


def data_root() -> Path:
    """Folder with the training data; SourceError when there is none."""
    default = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    root = Path(os.environ.get("BAUTA_DATA", default))
    if not root.is_dir():
        raise SourceError(
            f"training data: no folder at {root}; set BAUTA_DATA to the folder that holds ytf.zip"
        )
    return root


@dataclass(frozen=True)
class TeacherSet:
    """One set: file names and labels, arrays of N rows in pixels of the JPEG.

    `mesh` (N, 478, 3) and `alt68` (N, 68, 3) float32, (0, 0) the corner of the first pixel, NaN
    where no face was found; `asym`, `alt_asym` (N,) percent of the inter-ocular distance;
    `pts68` (N, 68, 2) float32 as stored, NaN where unlabelled; `person` and `split` (N,) str.
    """

    name: str
    files: list[str]
    mesh: np.ndarray
    asym: np.ndarray
    alt68: np.ndarray
    alt_asym: np.ndarray
    pts68: np.ndarray
    person: list[str]
    split: list[str]


def _pixels(stored: np.ndarray) -> np.ndarray:
    values = stored.astype(np.float32) / 32
    values[stored == MISSING] = np.nan
    return values


def read_pictures(name: str, root: Path | None = None) -> dict[str, bytes]:
    """Encoded JPEG of every file of a set, by file name. `root` None: `data_root()`. SourceError
    where the set is missing or damaged."""
    path = need(root or data_root(), f"{name}.zip")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [item for item in archive.namelist() if item.endswith(".jpg")]
            return {item: archive.read(item) for item in names}
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error


def decode(jpeg: bytes) -> np.ndarray:
    """RGB uint8 (H, W, 3)."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError("training picture: not a readable JPEG")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_teacher_set(name: str, pictures: dict[str, bytes], root: Path | None = None) -> TeacherSet:
    """Labels of `ytf`, `lfw` or `masks`. `masks` has no names: its "person" is the picture's hash,
    so that exact repeats fall into one split."""
    if name not in SETS:
        raise InputError(f"teacher set: unknown {name!r}; choose one of {', '.join(SETS)}")
    with np.load((root or data_root()) / f"{name}_labels.npz") as labels:
        files = [str(file) for file in labels["name"]]
        mesh, alt68 = _pixels(labels["mesh"]), _pixels(labels["alt68"])
        asym, alt_asym = labels["asym"].copy(), labels["alt_asym"].copy()
        empty = np.full((len(files), 68, 2), np.nan, np.float32)
        pts68 = labels["pts68"].copy() if "pts68" in labels else empty
    if name == "masks":
        person = [hashlib.sha1(pictures[file]).hexdigest() for file in files]
    else:
        person = [person_of(file) for file in files]
    split = [split_of(key) for key in person]
    return TeacherSet(name, files, mesh, asym, alt68, alt_asym, pts68, person, split)


def read_boxes(name: str, root: Path | None = None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """File name -> (boxes (K, 4) x1 y1 x2 y2 pixels, scores (K,)) of a teacher detector."""
    with np.load(need(root or data_root(), f"{name}_boxes.npz")) as table:
        names, image = table["name"], table["image"]
        boxes, scores = table["box"], table["score"]
    return {
        str(file): (boxes[image == index], scores[image == index])
        for index, file in enumerate(names)
    }
