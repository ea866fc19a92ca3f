"""Pictures with labelled faces, ready to be pasted: one face is an outline, not only a box.

A box cannot be turned, an outline can. Every face therefore carries a closed polygon in the pixels
of its picture, and its box is always the polygon's extent after whatever was done to the picture:

- with a mesh of the teacher: the convex hull of the 478 points, its upper half raised along the
  head's own up by `FOREHEAD` of the hull's height. The constant is fitted on `ytf` (median over
  4,354 faces whose mesh and RetinaFace box both exist; the other three sides differ by less than
  1.5 %). Where a teacher box exists too, the outline is moved and scaled so as to fill it;
- with a teacher box alone (most masked faces): the ellipse inscribed in the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import InputError
from bauta.data.packs import read_pack
from bauta.data.splits import split_of
from bauta.data.teachers import SETS, decode, read_boxes, read_pictures, read_teacher_set
from bauta.geometry.boxes import iou

FOREHEAD = 0.14
"""How far above the mesh the teacher's box begins, in heights of the mesh."""
SURE_SCORE = 0.8
"""A teacher box below this is a region to ignore, neither face nor background."""
WHOLE = 0.98
"""Share of a packed crop that must show its picture."""
MAX_ASYMMETRY = 8.0
"""Percent of the eye distance above which a mesh does not shape an outline."""
TEACHER_ALARMS = frozenset(
    f"{number}.jpg"
    for number in (
        *(41033, 43051, 49024, 69015, 86016, 87046, 124084),
        *(140075, 159008, 160006, 247003),
    )
)
"""Pictures of `negatives` where the teacher's boxes lie on animals, shoes or flowers only."""


@dataclass(frozen=True)
class Face:
    """`outline` (K, 2) float32 pixels of the picture; `sure` False: ignore, do not learn from."""

    outline: np.ndarray
    sure: bool


@dataclass(frozen=True)
class Picture:
    """One encoded picture, its faces, and the set it comes from."""

    file: str
    source: str
    jpeg: bytes
    faces: tuple[Face, ...]

    def image(self) -> np.ndarray:
        """RGB uint8 (H, W, 3)."""
        return decode(self.jpeg)


def box_of(outline: np.ndarray) -> np.ndarray:
    """(4,) x1 y1 x2 y2 of the points (K, 2)."""
    return np.concatenate([outline.min(0), outline.max(0)]).astype(np.float32)


def ellipse_in(box: np.ndarray, count: int = 32) -> np.ndarray:
    """(count, 2) points of the ellipse inscribed in a box (4,)."""
    angle = np.arange(count, dtype=np.float32) * (2 * np.pi / count)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    return ((box[:2] + box[2:]) / 2 + circle * (box[2:] - box[:2]) / 2).astype(np.float32)


def outline_of_mesh(mesh: np.ndarray) -> np.ndarray:
    """(K, 2) hull of mesh points (478, 2 or 3) with the forehead raised; pixels in, pixels out."""
    points = np.ascontiguousarray(mesh[:, :2], np.float32)
    hull = cv2.convexHull(points)[:, 0]
    up = points[10] - points[152]
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    height = (hull - hull.mean(0)) @ up
    span = max(float(height.max() - height.min()), 1e-6)
    rise = np.clip(height / max(float(height.max()), 1e-6), 0, 1)
    return hull + (FOREHEAD * span * rise)[:, None] * up


def _outline(box: np.ndarray, hull: np.ndarray | None) -> np.ndarray:
    """The hull fitted to the box when both mean the same face, else the box's ellipse."""
    if hull is None:
        return ellipse_in(box)
    own = box_of(hull)
    if iou(own[None], box[None])[0, 0] < 0.6:
        return ellipse_in(box)
    scale = (box[2:] - box[:2]) / (own[2:] - own[:2])
    return ((hull - own[:2]) * scale + box[:2]).astype(np.float32)


def _faces(boxes: np.ndarray, scores: np.ndarray, hull: np.ndarray | None) -> tuple[Face, ...]:
    return tuple(
        Face(_outline(box.astype(np.float32), hull), bool(score >= SURE_SCORE))
        for box, score in zip(boxes, scores, strict=True)
    )


def read_cutouts(name: str, split: str) -> list[Picture]:
    """Pictures of `ytf`, `lfw` or `masks` of one split that have at least one face.

    `ytf` and `masks` pictures without a teacher box are left out: nobody knows what they show.
    """
    if name not in SETS:
        raise InputError(f"cutouts: unknown set {name!r}; choose one of {', '.join(SETS)}")
    jpegs = read_pictures(name)
    labels = read_teacher_set(name, jpegs)
    boxes = {} if name == "lfw" else read_boxes(name)
    found, seen = [], set()
    for row, file in enumerate(labels.files):
        if labels.split[row] != split or jpegs[file] in seen:
            continue
        seen.add(jpegs[file])
        shaped = labels.asym[row] < MAX_ASYMMETRY and np.isfinite(labels.mesh[row]).all()
        hull = outline_of_mesh(labels.mesh[row]) if shaped else None
        if name == "lfw":
            faces = () if hull is None else (Face(hull, True),)
        else:
            faces = _faces(*boxes.get(file, (np.zeros((0, 4)), np.zeros(0))), hull)
        if faces:
            found.append(Picture(file, name, jpegs[file], faces))
    return found


def packed_cutouts(path: Path, split: str) -> list[Picture]:
    """Faces of a pack whose `mesh478` is whole, such as `bauta synth` makes them: the crops of one
    split that lie inside of their picture. InputError when there are none."""
    pack = read_pack(path)
    meshes = pack.labels("mesh478").points
    found = []
    for row in pack.rows(split).tolist():
        if pack.face[row] and pack.inside[row] > WHOLE and np.isfinite(meshes[row]).all():
            face = Face(outline_of_mesh(meshes[row]), True)
            jpeg = pack.encoded(row).tobytes()
            found.append(Picture(str(pack.name[row]), str(pack.source[row]), jpeg, (face,)))
    if not found:
        raise InputError(f"{path}: no whole face with a mesh in the split {split!r}")
    return found


def people_in_negatives() -> set[str]:
    """File names of `negatives` without teacher boxes that show people or statues all the same."""
    text = resources.files("bauta.data").joinpath("negatives_with_people.txt").read_text("utf8")
    return {line.strip() for line in text.splitlines() if line and not line.startswith("#")}


def read_backgrounds(split: str, root: Path | None = None) -> tuple[list[Picture], list[Picture]]:
    """`negatives` of one split (by hash of the name): (clean pictures, pictures with faces). `root`
    None: `data_root()`."""
    jpegs, boxes = read_pictures("negatives", root), read_boxes("negatives", root)
    shown = people_in_negatives()
    clean, peopled = [], []
    for file in sorted(jpegs):
        name = file.rsplit("/", 1)[-1]
        if split_of(name) != split or name in shown:
            continue
        found, scores = boxes.get(file, (np.zeros((0, 4)), np.zeros(0)))
        if len(found) and name not in TEACHER_ALARMS:
            peopled.append(Picture(file, "negatives", jpegs[file], _faces(found, scores, None)))
        else:
            clean.append(Picture(file, "negatives", jpegs[file], ()))
    return clean, peopled
