"""AFLW2000-3D: the first 2000 pictures of AFLW with 68 points in 3D (Zhu et al., CVPR 2016).

    image00002.jpg    450 x 450
    image00002.mat    pt3d_68 3 x 68, pt2d 2 x 21, Pose_Para 1 x 7, roi, model parameters

`pt3d_68` is a fitted face model: x and y in MATLAB's pixels from 1, y down, z in pixels, greater
towards the camera (ours is less). `pt2d` are AFLW's 21 points, -1 where AFLW has none (as
3DDFA's benchmark_aflw.py leaves them out).

Beside the pictures, in `test.configs`, or one folder up, what 3DDFA publishes is taken when there:
`AFLW2000-3D-Reannotated.pts68.npy` (2000, 2 or more, 68) is the second truth, LS3D-W's (Bulat and
Tzimiropoulos, ICCV 2017), which is also read from LS3D-W itself: `AFLW2000-3D-Reannotated/
image00002.t7`, a 68 x 2 tensor. `AFLW2000-3D.pose.npy` and `AFLW2000-3D-new.pose.npy` (2000,) are
the yaws in degrees by which the protocol bins, of the fitted model and of AFLW. Their rows are in
the order of the sorted names, or of `AFLW2000-3D_crop.list` when that is there.

No source states from where LS3D-W counts. Over the whole set the two truths differ by one pixel of
index; the first being MATLAB's, the second is taken to count pixel centres from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.files import FROM_ONE, numbers, read_mat
from bauta.data.readers.fitted import read_pose
from bauta.data.readers.text import CENTRE, check_subset, picture_at, rows
from bauta.data.readers.torch7 import read_t7
from bauta.data.sample import Labels, Sample

YAWS = {"yaw_fitted": "AFLW2000-3D.pose.npy", "yaw_aflw": "AFLW2000-3D-new.pose.npy"}
"""Attribute -> file of yaws. Bins are |yaw| <= 30, 30 < |yaw| <= 60, |yaw| > 60."""
REANNOTATED = "AFLW2000-3D-Reannotated.pts68.npy"
LS3DW = "AFLW2000-3D-Reannotated"
ORDER = "AFLW2000-3D_crop.list"
LICENCE = "research only"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of AFLW2000-3D in the order of their names; one subset, all of it.

    The main truth is `original`, (68, 3); `re-annotated`, (68, 2), where its files are found; then
    the 21 points. `attributes` hold the yaws of both splits where found, and 3DDFA's angles.
    """
    check_subset(subset, (), "aflw2000-3d")
    pictures = _pictures(root)
    tables = _Tables(root, [path.name for path in pictures])
    for path in pictures:
        pose, angles = read_pose(path.with_suffix(".mat"))
        yield Sample(
            name=path.name,
            picture=picture_at(path),
            labels=_labels(path, tables),
            pose=pose,
            person=path.stem,
            subset="test",
            licence=LICENCE,
            attributes={**angles, **tables.yaws(path.name)},
        )


def _pictures(root: Path) -> list[Path]:
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder; give the folder that holds image00002.jpg")
    for folder in (root, root / "AFLW2000", root / "AFLW2000-3D"):
        if pictures := sorted(folder.glob("image*.jpg")):
            return pictures
    raise SourceError(f"{root / 'image00002.jpg'}: missing; give the folder of the pictures")


def _labels(path: Path, tables: _Tables) -> tuple[Labels, ...]:
    file = path.with_suffix(".mat")
    content = read_mat(file, "pt3d_68", "pt2d")
    fitted = numbers(content["pt3d_68"], (3, 68), file, "pt3d_68").T.astype(np.float32)
    fitted[:, :2] += FROM_ONE
    fitted[:, 2] = fitted[:, 2].mean() - fitted[:, 2]
    labels = [Labels(fitted, "ibug68-3d", truth="original")]
    second = tables.reannotated(path.name)
    if second is not None:
        labels.append(Labels(second + CENTRE, "ibug68-3d", truth="re-annotated"))
    labels.append(_aflw21(numbers(content["pt2d"], (2, 21), file, "pt2d").T))
    return tuple(labels)


def _aflw21(stored: np.ndarray) -> Labels:
    known = (stored != -1).all(1)
    points = np.where(known[:, None], stored + FROM_ONE, np.nan)
    return Labels(points, "aflw21", visible=known)


class _Tables:
    """What lies beside the pictures, one row a picture."""

    def __init__(self, root: Path, names: list[str]) -> None:
        places = (root, root / "test.configs", root.parent, root.parent / "test.configs")
        self.places = places
        order = self._find(ORDER)
        listed = names if order is None else [row.cells[0] for row in rows(order)]
        self.row = {name: place for place, name in enumerate(listed)}
        for name in names:
            if name not in self.row:
                raise SourceError(f"{order}: does not list {name}; remove one or the other")
        self.yaw = {key: self._load(file, (len(listed),)) for key, file in YAWS.items()}
        self.second = self._load(REANNOTATED, (len(listed), None, 68))
        self.folder = self._find(LS3DW)

    def yaws(self, name: str) -> dict[str, float]:
        """Yaws of that picture in degrees, as published, by attribute."""
        return {
            key: float(table[self.row[name]])
            for key, table in self.yaw.items()
            if table is not None
        }

    def reannotated(self, name: str) -> np.ndarray | None:
        """LS3D-W's points (68, 2) float32 as stored, None where there are none."""
        if self.second is not None:
            return self.second[self.row[name], :2].T.astype(np.float32)
        if self.folder is None:
            return None
        path = self.folder / f"{Path(name).stem}.t7"
        return numbers(read_t7(path), (68, 2), path, "points").astype(np.float32)

    def _find(self, name: str) -> Path | None:
        return next((place / name for place in self.places if (place / name).exists()), None)

    def _load(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray | None:
        path = self._find(name)
        if path is None:
            return None
        try:
            table = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise SourceError(f"{path}: not a readable .npy file ({error})") from error
        return numbers(table, shape, path, "rows in the order of the sorted pictures")
