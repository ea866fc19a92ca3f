"""AFLW: up to 21 points and pose of 25 thousand faces (Koestinger et al., ICCV-W 2011).

    data/aflw.sqlite
    data/flickr/0/image00002.jpg    as the database's `filepath` says

Tables and angles after AFLW's tools (hardegg/aflw: FaceDataByIDsQuery.cpp, FacePoseCalculator.cpp).
Its points are clicks on a drawn picture, whose pixel (0, 0) covers 0..1, as ours do (main_window's
on_mousePress). `left` in AFLW's names is the left of the image.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.text import check_subset, need, picture_at
from bauta.data.sample import Labels, Sample
from bauta.geometry.rotation import to_angles

LICENCE = "research only, not to be handed on"
FLICKR = ("flickr", "data/flickr", "aflw/data/flickr", "images")
"""Where the pictures may lie, from the folder of the labels."""
UNDEFINED_ANGLE = -2 * math.pi

_FACES = """
    SELECT Faces.face_id, filepath, FaceRect.x, FaceRect.y, w, h, roll, pitch, yaw,
           sex, occluded, glasses, FaceMetaData.bw
    FROM Faces JOIN FaceImages ON FaceImages.file_id = Faces.file_id
    LEFT JOIN FaceRect ON FaceRect.face_id = Faces.face_id
    LEFT JOIN FacePose ON FacePose.face_id = Faces.face_id
    LEFT JOIN FaceMetaData ON FaceMetaData.face_id = Faces.face_id
    GROUP BY Faces.face_id ORDER BY Faces.face_id"""
_POINTS = "SELECT face_id, feature_id, x, y FROM FeatureCoords ORDER BY face_id"


def rotation_of_aflw(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """R_camera_head (3, 3) of AFLW's angles in radians: C Rz(yaw) Ry(pitch) Rx(roll) B.

    B takes head axes to AFLW's (out of the face, to the subject's right, down), C these to the
    camera; the rotations are right-handed (FacePoseCalculator.cpp, which takes them apart). Yaw is
    positive towards the left of the image and roll with the crown to the left, where ours are to
    the right; pitch is positive up in both.
    """
    B = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    C = np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]])
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    X = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    Y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    Z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return C @ Z @ Y @ X @ B


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of `aflw.sqlite` in the order of their numbers; one subset, all of it.

    Points that AFLW does not have are NaN and not visible: it marks what can be seen. `attributes`:
    `sex` (m or f), `occluded`, `glasses`, `grey`.
    """
    check_subset(subset, (), "aflw")
    path = need(root, "data/aflw.sqlite", "aflw.sqlite", "aflw/data/aflw.sqlite")
    pictures = need(path.parent, *FLICKR)
    seen: dict[str, int] = {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            points = _points_by_face(base, path)
            face_points = next(points, None)
            for row in base.execute(_FACES):
                while face_points and face_points[0] < row[0]:
                    face_points = next(points, None)
                here = face_points[1] if face_points and face_points[0] == row[0] else None
                yield _face(row, here, pictures, seen)
    except sqlite3.Error as error:
        raise SourceError(f"{path}: not AFLW's database ({error}); get a whole copy") from error


def _points_by_face(base: sqlite3.Connection, path: Path) -> Iterator[tuple[int, np.ndarray]]:
    for face, found in groupby(base.execute(_POINTS), key=lambda row: row[0]):
        points = np.full((21, 2), np.nan, np.float32)
        for _, feature, x, y in found:
            if feature not in range(1, 22):
                raise SourceError(f"{path}: face {face}: feature {feature}, expected 1 to 21")
            if x >= 0 or y >= 0:  # (-1, -1) is a point that was taken back
                points[feature - 1] = x, y
        yield face, points


def _face(row: tuple, points: np.ndarray | None, pictures: Path, seen: dict[str, int]) -> Sample:
    _, file, x, y, width, height, roll, pitch, yaw, sex, occluded, glasses, grey = row
    if points is None:
        points = np.full((21, 2), np.nan, np.float32)
    box = None if x is None else np.array([x, y, x + width, y + height], np.float32)
    pose = None
    if None not in (roll, pitch, yaw) and UNDEFINED_ANGLE not in (roll, pitch, yaw):
        pose = to_angles(rotation_of_aflw(roll, pitch, yaw))
    known = {"occluded": occluded, "glasses": glasses, "grey": grey}
    attributes: dict[str, float | bool | str] = {
        name: bool(value) for name, value in known.items() if value is not None
    }
    return Sample(
        name=face_name(file, seen),
        picture=picture_at(pictures / file),
        labels=(Labels(points, "aflw21", visible=np.isfinite(points[:, 0])),),
        box=box,
        pose=pose,
        person=Path(file).stem,
        licence=LICENCE,
        attributes=attributes | ({"sex": sex} if sex else {}),
    )


def face_name(file: str, seen: dict[str, int]) -> str:
    """The picture's name, `#2` for its second face; `seen` counts the faces so far."""
    seen[file] = seen.get(file, 0) + 1
    return file if seen[file] == 1 else f"{file}#{seen[file]}"
