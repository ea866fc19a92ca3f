"""The sets that the shipped models learn from: `ytf`, `lfw` and `masks`, labelled by teachers.

    <set>.zip, <set>_labels.npz, <set>_boxes.npz (not of lfw)

Labels of a face, in pixels of its JPEG from the corner of the first pixel:

- `mesh478`, the main truth: a mesh teacher's points. A face that it did not find is no sample.
- `ibug68-3d`: a second teacher's points, the jaw on the bone.
- `ibug68` (`ytf` only): the visible outline, freed of its teacher's offset (`unbiased68`).

A label weighs what its teacher's doubt leaves of it: `doubt_weight` of the percentage by which the
points of the mirrored picture differ. Where the mesh sees a shut eye the 68-point teachers do not:
their points of that eye weigh nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from bauta.checks import SourceError
from bauta.crop import mesh_rotation
from bauta.data.readers.text import check_subset, decoded, need
from bauta.data.sample import Labels, Sample
from bauta.data.splits import SPLITS, person_of, split_of
from bauta.geometry import boxes
from bauta.geometry.rotation import to_angles
from bauta.schemes import LEFT_EYE478, LIDS68, RIGHT_EYE478, eye_aspect_ratio

LICENCE = "research only"
MISSING = -32768
"""Marks a face that the mesh teacher did not find."""
SHUT = 0.15
"""Eye ratio of the mesh below which 68-point labels of that eye, which stay open, do not count."""
OUTER_EYES68 = (36, 45)
BIAS_X, BIAS_Y = 0.018, 1.15
"""`ibug68` of `ytf` lies right of and below what it marks: 1.8 % of the outer eye corners' distance
at every face size, and 1.15 pixels (measured against the mirror-symmetric part of the difference to
the mesh)."""
LABEL_OFFSET68 = (0.78, 1.16)
"""The same as one constant, pixels of the picture (median over the training people): what a
regressor trained without it adds to its points to speak the convention of the labels."""


def read_ytf(root: Path, subset: str = "") -> Iterator[Sample]:
    """Television frames of 282 people; subsets are our splits by person."""
    return _read(root, "ytf", subset)


def read_lfw(root: Path, subset: str = "") -> Iterator[Sample]:
    """Mostly grey, tightly cropped faces; subsets are our splits by person."""
    return _read(root, "lfw", subset)


def read_masks(root: Path, subset: str = "") -> Iterator[Sample]:
    """Colour photos, many with masks; the person is the picture's hash, repeats are left out."""
    return _read(root, "masks", subset)


def unbiased68(points: np.ndarray) -> np.ndarray:
    """`ibug68` (..., 68, 2) of `ytf`, as stored, without its teacher's offset; pixels."""
    right, left = (points[..., corner, :] for corner in OUTER_EYES68)
    eyes = np.linalg.norm(right - left, axis=-1)
    offset = np.stack([BIAS_X * eyes, np.full_like(eyes, BIAS_Y)], axis=-1)
    return points - offset[..., None, :]


def doubt_weight(asymmetry: np.ndarray | float) -> np.ndarray:
    """1 / (1 + (a / 4)^2), and 0 above 12; `a` in percent of the inter-ocular distance."""
    a = np.asarray(asymmetry, np.float32)
    return np.where(a > 12, 0.0, 1 / (1 + (a / 4) ** 2)).astype(np.float32)


def lids_seen(mesh: np.ndarray) -> np.ndarray:
    """(68,) float32: 0 for the points of an eye that is shut in the mesh (478, 3), else 1."""
    seen = np.ones(68, np.float32)
    for eye, span in ((RIGHT_EYE478, slice(36, 42)), (LEFT_EYE478, slice(42, 48))):
        seen[span] = eye_aspect_ratio(mesh[eye]) >= SHUT
    return seen


@dataclass(frozen=True)
class _Tables:
    """Arrays of N rows as stored, and a detector's boxes by row."""

    files: list[str]
    mesh: np.ndarray
    asym: np.ndarray
    alt68: np.ndarray
    alt_asym: np.ndarray
    pts68: np.ndarray | None
    boxes: dict[int, np.ndarray]


def _read(root: Path, name: str, subset: str) -> Iterator[Sample]:
    check_subset(subset, SPLITS, name)
    tables, archive = _tables(root, name), need(root, f"{name}.zip")
    seen: set[str] = set()
    for row, file in enumerate(tables.files):
        if tables.mesh[row, 0, 0] == MISSING:
            continue
        person = person_of(file) if name != "masks" else _digest(archive, file)
        if subset in ("", split_of(person)) and not (name == "masks" and person in seen):
            yield _sample(tables, row, person, partial(_picture, archive, file))
        seen.add(person)


def _sample(tables: _Tables, row: int, person: str, picture: Callable[[], np.ndarray]) -> Sample:
    mesh, alt68 = _pixels(tables.mesh[row]), _pixels(tables.alt68[row])
    asym, alt_asym = float(tables.asym[row]), float(tables.alt_asym[row])
    lids = lids_seen(mesh)
    believed = np.full(68, np.nan_to_num(doubt_weight(alt_asym), nan=0.3), np.float32)
    believed[LIDS68] *= lids[LIDS68]
    labels = [
        Labels(mesh, "mesh478", weight=np.full(478, doubt_weight(asym))),
        Labels(alt68, "ibug68-3d", weight=believed),
    ]
    if tables.pts68 is not None and np.isfinite(tables.pts68[row]).all():
        labels.append(Labels(unbiased68(tables.pts68[row]), "ibug68", weight=lids))
    return Sample(
        name=tables.files[row],
        picture=picture,
        labels=tuple(labels),
        box=_box(mesh, tables.boxes.get(row)),
        pose=to_angles(mesh_rotation(mesh)),
        person=person,
        subset=split_of(person),
        licence=LICENCE,
        attributes={"asymmetry": asym, "asymmetry_3d": alt_asym},
    )


def _tables(root: Path, name: str) -> _Tables:
    path = need(root, f"{name}_labels.npz")
    found = _load(path, ("name", "mesh", "asym", "alt68", "alt_asym"))
    rows = len(found["name"])
    for key, shape in (("mesh", (rows, 478, 3)), ("alt68", (rows, 68, 3)), ("asym", (rows,))):
        if found[key].shape != shape:
            raise SourceError(f"{path}: {key}: expected shape {shape}, got {found[key].shape}")
    rects: dict[int, np.ndarray] = {}
    if name != "lfw":
        table = _load(need(root, f"{name}_boxes.npz"), ("name", "image", "box"))
        order = {str(file): row for row, file in enumerate(found["name"])}
        for index, file in enumerate(table["name"]):
            if str(file) in order:
                rects[order[str(file)]] = table["box"][table["image"] == index]
    return _Tables(
        files=[str(file) for file in found["name"]],
        **{key: found[key] for key in ("mesh", "asym", "alt68", "alt_asym")},
        pts68=found.get("pts68"),
        boxes=rects,
    )


def _load(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        with np.load(path) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise SourceError(f"{path}: cannot be read as an .npz of arrays: {error}") from error
    missing = [key for key in keys if key not in found]
    if missing:
        raise SourceError(f"{path}: expected the arrays {', '.join(keys)}; {missing[0]} is missing")
    return found


def _pixels(stored: np.ndarray) -> np.ndarray:
    """float32 pixels of int16 in 1/32 pixel, NaN where missing."""
    values = stored.astype(np.float32) / 32
    values[stored == MISSING] = np.nan
    return values


def _box(mesh: np.ndarray, found: np.ndarray | None) -> np.ndarray | None:
    """The detector's box (4,) that overlaps the mesh's most; None when none covers 0.3 of it."""
    if found is None or not len(found):
        return None
    overlap = boxes.iou(found.astype(np.float32), boxes.of_points(mesh)[None])[:, 0]
    best = int(overlap.argmax())
    return found[best].astype(np.float32) if overlap[best] >= 0.3 else None


@lru_cache(maxsize=4)
def _open(archive: Path, process: int) -> ZipFile:
    """The archive, opened once a process: a handle shared after a fork would lose its place."""
    return ZipFile(archive)


def _bytes(archive: Path, file: str) -> bytes:
    try:
        return _open(archive, os.getpid()).read(file)
    except (OSError, KeyError, BadZipFile) as error:
        raise SourceError(f"{archive}: {file} cannot be read: {error}") from error


def _digest(archive: Path, file: str) -> str:
    return hashlib.sha1(_bytes(archive, file)).hexdigest()


def _picture(archive: Path, file: str) -> np.ndarray:
    return decoded(_bytes(archive, file), f"{archive}/{file}")
