"""Attributes that points say themselves, for auxiliary tasks (TCDCN, Zhang et al. 2014).

`smile`, from how wide the mouth is; `pose_class`, five classes of yaw. A set that labels an
attribute of the same name itself, such as CelebA, is believed instead.
"""

from __future__ import annotations

import numpy as np

from bauta import schemes
from bauta.data.packs import Pack

POSE_CLASS = "pose_class"
"""Name of the attribute that crops get from their own yaw."""
MOUTH68, EYES68 = (48, 54), (36, 45)
"""Corners of the mouth and outer corners of the eyes of the 68 points."""
SERIOUS, SMILING = 0.62, 0.68
"""Width of the mouth over the distance of the outer eye corners up to which nobody, and from which
everybody smiles: on 72 faces of our sets looked at, 12 of each of six ranges, all 12 above 0.7 and
none of 36 below 0.6 did."""
POSE_EDGES = (-45.0, -15.0, 15.0, 45.0)
"""Degrees of yaw between the classes 0 to 4: the middles are -60, -30, 0, 30, 60, as TCDCN's."""


def smile(points: np.ndarray) -> np.ndarray:
    """(N,) float32 1 smiling, 0 serious, NaN between or unknown, of 68 points (N, 68, 2 or 3)."""

    def apart(pair: tuple[int, int]) -> np.ndarray:
        return np.linalg.norm(points[:, pair[0], :2] - points[:, pair[1], :2], axis=-1)

    wide = apart(MOUTH68) / np.maximum(apart(EYES68), 1e-6)
    said = np.where(wide >= SMILING, 1.0, np.where(wide <= SERIOUS, 0.0, np.nan))
    return np.where(np.isfinite(wide), said, np.nan).astype(np.float32)


def pose_class(yaw: np.ndarray) -> np.ndarray:
    """(N,) float32 0 to 4 of yaw in degrees (docs/conventions.md), NaN where unknown: 0 is a face
    turned to its own right by more than 45 degrees, 2 a frontal one."""
    found = np.digitize(np.nan_to_num(yaw), POSE_EDGES).astype(np.float32)
    return np.where(np.isfinite(yaw), found, np.nan).astype(np.float32)


def pack_smile(pack: Pack) -> np.ndarray:
    """(N,) of the rows of a pack, from the first of its schemes that tells, else the next."""
    found = np.full(len(pack), np.nan, np.float32)
    ways = {step.source for step in schemes.maps() if step.target == "ibug68"}
    for name in sorted(pack.schemes, key=lambda name: not name.startswith("ibug68")):
        points = pack.labels(name).points
        if name not in ("ibug68", "ibug68-3d"):
            if name not in ways:
                continue
            points = schemes.convert(points, name, "ibug68")
        said = smile(points)
        found = np.where(np.isnan(found), said, found)
    return found


def pack_attribute(pack: Pack, name: str) -> np.ndarray:
    """(N,) float32 an attribute of a pack's rows: as its sets label it, or derived; NaN unknown.

    InputError when neither is there. `POSE_CLASS` is none of a row, but of a crop: a mirrored one
    has another.
    """
    if name == "smile" and name not in pack.attribute_names:
        return pack_smile(pack)
    return pack.attribute(name)
