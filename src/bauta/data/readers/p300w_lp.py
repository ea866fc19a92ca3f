"""300W-LP: 300W's faces, and copies of them turned up to 90 degrees (Zhu et al., CVPR 2016).

    AFW/AFW_134212_1_0.jpg           450 x 450
    AFW/AFW_134212_1_0.mat           Pose_Para 1 x 7, roi, model parameters, and pt2d 2 x 68,
                                     which is not used: it is that of the face before it was turned
    landmarks/AFW/AFW_134212_1_0_pts.mat   pts_2d 68 x 2 (visible outline), pts_3d 68 x 2 (jaw bone)
    AFW_Flip/AFW_134212_1_0.jpg ...  the same, mirrored; likewise HELEN, IBUG, LFPW

Keys and shapes as public readers have them (1adrianb/face-alignment-training and its ports to
PyTorch; HopeNet for the pose); the coordinates are MATLAB's, from 1. `pts_3d` has no depth. Where
`landmarks` has no folder for the mirrored half (its converted copies have none), its points are
those of the other half, mirrored at the middle of the 450 pixels.

Beware when testing on 300W: IBUG, and the test parts of LFPW and HELEN, are among these pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.checks import SourceError
from bauta.data.readers.files import FROM_ONE, folder_in, numbers, read_mat
from bauta.data.readers.fitted import read_pose
from bauta.data.readers.text import check_subset, picture_at
from bauta.data.sample import Labels, Sample

SIDE = 450
"""Width and height of every picture, pixels."""
SETS = ("AFW", "HELEN", "IBUG", "LFPW")
SUBSETS = (*SETS, *(f"{name}_Flip" for name in SETS))
LICENCE = "research only"
_KEYS = {"ibug68-3d": "pts_3d", "ibug68": "pts_2d"}


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Faces of 300W-LP, a folder or all eight; 68 points in both kinds, and pose.

    `person` is the face of 300W that was turned: its copies share it, mirrored ones too.
    """
    check_subset(subset, SUBSETS, "300w-lp")
    for part in [subset] if subset else SUBSETS:
        folder = folder_in(root, part)
        pictures = sorted(folder.glob("*.jpg"))
        if not pictures:
            raise SourceError(f"{folder}: no .jpg in it; unpack the whole set")
        for path in pictures:
            yield _sample(root, part, path)


def _sample(root: Path, part: str, path: Path) -> Sample:
    pose, angles = read_pose(path.with_suffix(".mat"))
    return Sample(
        name=f"{part}/{path.name}",
        picture=picture_at(path),
        labels=_labels(root, part, path.stem),
        pose=pose,
        person=path.stem.rpartition("_")[0] or path.stem,
        subset=part,
        licence=LICENCE,
        attributes={**angles},
    )


def _labels(root: Path, part: str, stem: str) -> tuple[Labels, ...]:
    path = root / "landmarks" / part / f"{stem}_pts.mat"
    mirrored = part.endswith("_Flip") and not path.exists()
    if mirrored:
        path = root / "landmarks" / part.removesuffix("_Flip") / f"{stem}_pts.mat"
    content = read_mat(path, *_KEYS.values())
    labels = []
    for scheme, key in _KEYS.items():
        points = numbers(content[key], (68, 2), path, key).astype(np.float32) + FROM_ONE
        if mirrored:
            points = points[schemes.get(scheme).mirror]
            points[:, 0] = SIDE - points[:, 0]
        labels.append(Labels(points, scheme))
    return tuple(labels)
