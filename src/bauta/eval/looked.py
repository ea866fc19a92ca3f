"""What a model says of single faces, and how far off it is: error over yaw, lids, brows, blinks,
skin tones."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from bauta.eval import bootstrap
from bauta.eval.eyes import (
    EYES478,
    Matches,
    Movement,
    beyond,
    brow_height,
    find_blinks,
    lid_gap,
    match_spans,
    movement,
)
from bauta.eval.norms import box_size
from bauta.head_pose import estimate_pose
from bauta.regress.landmarks import MAIN
from bauta.schemes import eye_aspect_ratio

YAWS = (0, 15, 30, 45, 60, 75, 181)
"""Edges of the bins of |yaw| in degrees."""
ASIDE = 45.0
"""Degrees of yaw from which a face looks to the side."""
SHUT, OPEN = 0.06, 0.2
"""Gap over width of a true eye up to which it is shut, and from which it is open."""
FRONTAL = 30.0
"""Degrees of yaw to which lids and brows are compared."""


@dataclass(frozen=True)
class Looked:
    """What a model says of the faces, and what is true; N faces, pixels of the crops."""

    person: np.ndarray
    name: np.ndarray
    pose: np.ndarray
    """(N, 3) true yaw, pitch, roll in degrees."""
    truth: dict[str, np.ndarray]
    """Scheme -> (N, K, 2 or 3), NaN where unknown."""
    said: dict[str, np.ndarray]
    melanin: np.ndarray
    """(N,) 0 the lightest skin to 1 the darkest, NaN where unknown."""
    clip: np.ndarray
    """(N,) number of the clip of which a picture is the next frame, NaN for stills."""
    resting: np.ndarray | None = None
    """(N,) true brow height, had the brows not moved; NaN where unknown."""

    def errors(self, scheme: str) -> np.ndarray:
        """(N,) mean distance over sqrt(width height) of the true points' box, percent."""
        truth, said = self.truth[scheme][..., :2], self.said[scheme][..., :2]
        known = np.isfinite(truth).all(2)
        distance = np.where(known, np.linalg.norm(said - truth, axis=2), 0).sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100 * distance / known.sum(1) / box_size(truth)


@dataclass(frozen=True)
class Lids:
    """Eyes of the mesh, in faces that look ahead."""

    left: float
    """Median gap of shut eyes over the median gap of open ones, percent; 0 is right."""
    moved: Movement


def lids(faces: Looked) -> Lids | None:
    """How lids follow the truth; None without meshes or shut eyes."""
    if "mesh478" not in faces.said:
        return None
    ahead = np.abs(faces.pose[:, 0]) < FRONTAL
    true, said = (
        np.concatenate([eye_aspect_ratio(points[ahead][:, eye]) for eye in EYES478])
        for points in (faces.truth["mesh478"], faces.said["mesh478"])
    )
    shut, wide = true < SHUT, true > OPEN
    if not shut.any() or not wide.any():
        return None
    return Lids(100 * float(np.median(said[shut]) / np.median(said[wide])), movement(said, true))


def blinks(faces: Looked) -> Matches | None:
    """Blinks that the lids of the mesh show, over the frames of each clip in which the face looks
    ahead, against the true ones; None without clips or meshes."""
    if "mesh478" not in faces.said or not np.isfinite(faces.clip).any():
        return None
    ahead = np.abs(faces.pose[:, 0]) < FRONTAL
    said, true = (
        np.where(ahead, lid_gap(points["mesh478"]), np.nan) for points in (faces.said, faces.truth)
    )
    total = Matches(0, 0, 0)
    for number in np.unique(faces.clip[np.isfinite(faces.clip)]):
        frames = faces.clip == number
        found = match_spans(find_blinks(said[frames]), find_blinks(true[frames]))
        total = Matches(
            total.hits + found.hits, total.found + found.found, total.marked + found.marked
        )
    return total


def brows(faces: Looked) -> Movement | None:
    """How brows follow the truth; None without 68 points of faces that look ahead."""
    scheme = next((name for name in ("ibug68-3d", "ibug68") if name in faces.said), None)
    ahead = np.abs(faces.pose[:, 0]) < FRONTAL
    if scheme is None or not ahead.any():
        return None
    return movement(brow_height(faces.said[scheme][ahead]), brow_height(faces.truth[scheme][ahead]))


def brows_alone(faces: Looked) -> Movement | None:
    """How brows follow what brows do, whatever pose, lids and the person's shape do to their height
    (`beyond`); None where it is not known how they would rest."""
    if faces.resting is None or "ibug68-3d" not in faces.said:
        return None
    ahead = (np.abs(faces.pose[:, 0]) < FRONTAL) & np.isfinite(faces.resting)
    if not ahead.any():
        return None
    rest = faces.resting[ahead]
    said, true = (brow_height(p["ibug68-3d"][ahead]) for p in (faces.said, faces.truth))
    return beyond(said, true - rest, rest)


def tone_ratio(faces: Looked, scheme: str) -> float:
    """Mean error of the darkest third of the skins over that of the lightest."""
    errors, known = faces.errors(scheme), np.isfinite(faces.melanin)
    if known.sum() < 3:
        return float("nan")
    light, dark = np.percentile(faces.melanin[known], [100 / 3, 200 / 3])
    return float(errors[known & (faces.melanin >= dark)].mean()) / float(
        errors[known & (faces.melanin <= light)].mean()
    )


def turned_by(faces: Looked) -> np.ndarray:
    """(N,) degrees of yaw by which the points say another pose than the truth's; NaN without a
    scheme that says one."""
    scheme = next(name for name in MAIN if name in faces.said)
    return np.abs(estimate_pose(faces.said[scheme], scheme)[:, 0] - faces.pose[:, 0])


def summary(faces: Looked) -> dict[str, Any]:
    """All numbers of one model."""
    bins = yaw_bins(np.abs(faces.pose[:, 0]))
    yaw, main = turned_by(faces), next(name for name in MAIN if name in faces.said)
    found: dict[str, Any] = {
        "faces": {name: int(part.sum()) for name, part in bins.items()},
        "error": {name: _means(faces.errors(name), bins) for name in faces.said},
        "yaw": _means(yaw, bins),
    }
    eyes, brow = lids(faces), brows(faces)
    if eyes is not None:
        found["lids"] = {"left": round(eyes.left, 1), **_rounded(eyes.moved)}
    if brow is not None:
        found["brows"] = _rounded(brow)
    if (alone := brows_alone(faces)) is not None:
        found["brows alone"] = _rounded(alone)
    if (seen := blinks(faces)) is not None:
        found["blinks"] = {"marked": seen.marked, "found": seen.found, "F1": round(seen.f1, 3)}
    if np.isfinite(faces.melanin).any():
        found["darkest over lightest"] = round(tone_ratio(faces, main), 3)
    return found


def yaw_bins(aside: np.ndarray) -> dict[str, np.ndarray]:
    """Which faces (N,) bool lie in each bin of |yaw| that holds any, of `aside` (N,) degrees."""
    bins = {
        f"{low}-{min(high, 90)}": (aside >= low) & (aside < high)
        for low, high in itertools.pairwise(YAWS)
    }
    bins |= {f">{ASIDE:g}": aside >= ASIDE, "all": np.ones(len(aside), bool)}
    return {name: part for name, part in bins.items() if part.any()}


def _means(values: np.ndarray, bins: dict[str, np.ndarray]) -> dict[str, float]:
    known = {name: values[part & np.isfinite(values)] for name, part in bins.items()}
    return {name: round(float(part.mean()), 3) for name, part in known.items() if len(part)}


def _rounded(moved: Movement) -> dict[str, float]:
    return {"correlation": round(moved.correlation, 3), "kept": round(moved.kept, 3)}


def compared(first: Looked, other: Looked, scheme: str) -> dict[str, list[float | None]]:
    """Difference of the mean errors, `other` minus `first`, of all faces and of those that look to
    the side, with 95 % intervals over people."""
    unit = bootstrap.units(first.person, first.name)
    aside = np.abs(first.pose[:, 0]) >= ASIDE
    parts = {"all": np.ones(len(aside), bool), f">{ASIDE:g}": aside, f"<{ASIDE:g}": ~aside}
    mine, its = first.errors(scheme), other.errors(scheme)
    statistics = {
        name: bootstrap.difference(
            bootstrap.mean(np.where(part, its, np.nan)),
            bootstrap.mean(np.where(part, mine, np.nan)),
        )
        for name, part in parts.items()
        if part.any()
    }
    return {name: e.as_json() for name, e in bootstrap.estimates(statistics, unit).items()}
