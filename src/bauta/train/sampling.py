"""How often each row of a pack is drawn, and where its head looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bauta.checks import InputError
from bauta.data.packs import Column, Pack
from bauta.data.pose_balance import balance_by_angles, balance_by_pdb
from bauta.head_pose import estimate_pose
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

if TYPE_CHECKING:
    from bauta.train.dataset import DataSettings

SHUT = 0.12
"""Eye ratio below which an eye is shut."""
EYES = {
    "mesh478": (RIGHT_EYE478, LEFT_EYE478),
    "ibug68": (np.arange(36, 42), np.arange(42, 48)),
    "ibug68-3d": (np.arange(36, 42), np.arange(42, 48)),
}
"""Six points an eye, in the order of `eye_aspect_ratio`; what sees shut eyes best comes first."""


def row_poses(pack: Pack, schemes: list[str]) -> np.ndarray:
    """(N, 3) yaw, pitch, roll in degrees: the set's, else estimated from the first of `schemes`
    that allows it; NaN otherwise."""
    pose = pack.pose.astype(np.float32)
    for scheme in schemes:
        missing = np.flatnonzero(~np.isfinite(pose).all(1) & pack.face)
        if len(missing):
            pose[missing] = estimate_pose(pack.labels(scheme).points[missing], scheme)
    return pose


def has_shut_eye(pack: Pack) -> np.ndarray:
    """(N,) bool: the smaller eye ratio lies below `SHUT`. InputError without points of eyes."""
    shut, known = np.zeros(len(pack), bool), np.zeros(len(pack), bool)
    schemes = [name for name in EYES if name in pack.schemes]
    if not schemes:
        raise InputError(f"shut_eyes: needs one of the schemes {', '.join(EYES)}")
    for name in schemes:
        points = pack.labels(name).points
        ratio = np.min([eye_aspect_ratio(points[:, eye, :2]) for eye in EYES[name]], axis=0)
        here = ~known & np.isfinite(ratio)
        shut[here] = ratio[here] < SHUT
        known |= here
    return shut


def turned_people(pack: Pack, limit: float) -> np.ndarray:
    """(N,) bool: rows of everybody of whom a photograph looks further than `limit` degrees to a
    side, by its anatomical points. InputError without these."""
    if "ibug68-3d" not in pack.schemes:
        raise InputError("most_yaw: needs the scheme ibug68-3d in the packs")
    rows = np.flatnonzero(pack.face & ~pack.made)
    pose = estimate_pose(pack.labels("ibug68-3d").points[rows], "ibug68-3d")
    return np.isin(pack.person, pack.person[rows[np.abs(pose[:, 0]) > limit]])


def row_weights(
    pack: Pack, labels: dict[str, Column], pose: np.ndarray, data: DataSettings
) -> np.ndarray:
    """(N,) how often each row is drawn, relative; 0 for rows without a believed point.

    Poses are balanced over the faces of the training people.
    """
    believed = np.any([column.weight.max(1) > 0 for column in labels.values()], axis=0)
    weights = (pack.face & believed).astype(np.float64)
    for name, factor in data.sets.items():
        if name not in pack.source:
            known = ", ".join(sorted(set(pack.source)))
            raise InputError(f"sets: no set {name!r} in these packs; they hold {known}")
        weights[pack.source == name] *= factor
    if data.most_yaw < 180:
        weights[turned_people(pack, data.most_yaw)] = 0
    if data.balance != "none":
        rows = np.flatnonzero((weights > 0) & (pack.split == "train"))
        if data.balance == "angles":
            factors = balance_by_angles(pose[rows])
        else:
            factors = balance_by_pdb(next(iter(labels.values())).points[rows])
        weights[rows] *= np.minimum(factors, data.balance_most)
    if data.shut_eyes != 1:
        weights[has_shut_eye(pack)] *= data.shut_eyes
    return weights
