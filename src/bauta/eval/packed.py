"""Models on packed faces of held-out people: error over yaw, lids, brows, skin tones.

    python -m bauta.eval.packed PACK... --model base --model my.onnx [--split test]

For pictures that `bauta synth` made, where the truth is known, and for whatever else is packed.
Every face gives one picture: it is looked at in a crop that misses it about as our detector does
(the same for every model), and once more in the crop that the first points make upright, which is
scored. Neither detector nor presence has a say. Prints a line of JSON a model; the later ones are
also compared with the first, with intervals over people.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bauta.assets.store import read_model
from bauta.checks import InputError
from bauta.crop import Roi, place
from bauta.data.packs import Pack, read_pack
from bauta.data.splits import SPLITS
from bauta.engine.session import Session
from bauta.eval import bootstrap
from bauta.eval.eyes import EYES478, Movement, brow_height, movement
from bauta.eval.norms import box_size
from bauta.head_pose import estimate_pose
from bauta.regress.landmarks import MAIN, LandmarkRegressor
from bauta.schemes import eye_aspect_ratio

SHIFT, SCALE, TURN = 0.03, 0.06, 6.0
"""How a first crop misses the face: standard deviations in sides, as a factor, in degrees."""
YAWS = (0, 15, 30, 45, 60, 75, 181)
"""Edges of the bins of |yaw| in degrees."""
ASIDE = 45.0
"""Degrees of yaw from which a face looks to the side."""
SHUT, OPEN = 0.06, 0.2
"""Gap over width of a true eye up to which it is shut, and from which it is open."""
FRONTAL = 30.0
"""Degrees of yaw to which lids and brows are compared."""
ADMISSIBLE = 0.3
"""Mean weight of the labels below which a face is left out."""
TURNED = ("ibug68-3d", "mesh478", "ibug68")
"""Whose points say how a face in a photograph is turned: the dense mesh's teacher is weak beyond 60
degrees. Made pictures know their pose."""


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

    def errors(self, scheme: str) -> np.ndarray:
        """(N,) mean distance over sqrt(width height) of the true points' box, percent."""
        truth, said = self.truth[scheme][..., :2], self.said[scheme][..., :2]
        known = np.isfinite(truth).all(2)
        distance = np.where(known, np.linalg.norm(said - truth, axis=2), 0).sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100 * distance / known.sum(1) / box_size(truth)


def faces_of(pack: Pack, splits: list[str], least_yaw: float = 0.0) -> tuple[np.ndarray, ...]:
    """Rows of labelled faces of these splits, and yaw, pitch, roll (N, 3) of each."""
    scheme = next((name for name in TURNED if name in pack.schemes), None)
    if scheme is None:
        raise InputError(f"packs: hold none of {', '.join(TURNED)}")
    labels = pack.labels(scheme)
    good = pack.face & np.isin(pack.split, splits) & (labels.weight.mean(1) > ADMISSIBLE)
    pose, photos = pack.pose.astype(np.float32), np.flatnonzero(good & ~pack.made)
    pose[photos] = estimate_pose(labels.points[photos], scheme)
    rows = np.flatnonzero(good & (np.abs(pose[:, 0]) >= least_yaw))
    if not len(rows):
        raise InputError(f"packs: no labelled face of {', '.join(splits)} in them")
    return rows, pose[rows]


def _missed(rng: np.random.Generator, roi: Roi) -> Roi:
    center = roi.center + rng.normal(0, SHIFT * roi.side, 2)
    side = roi.side * float(np.exp(rng.normal(0, SCALE)))
    return replace(roi, center=center, side=side, angle=roi.angle + np.radians(rng.normal(0, TURN)))


def _crops(pack: Pack, rows: np.ndarray) -> Iterator[tuple[np.ndarray, Roi]]:
    """Picture and first crop of each face, the same at every call."""
    scheme = next(name for name in TURNED if name in pack.schemes)
    points = pack.labels(scheme).points
    for row in rows.tolist():
        rng = np.random.default_rng([17, row])
        yield pack.image(row), _missed(rng, place(points[row], scheme).roi)


def look(pack: Pack, rows: np.ndarray, pose: np.ndarray, model: str) -> Looked:
    """What a model says of these rows."""
    regressor = LandmarkRegressor(Session(read_model(model), name=model))
    names = [name for name in regressor.schemes.values() if name in pack.schemes]
    said: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for image, roi in _crops(pack, rows):
        first = regressor(image, roi)
        second = regressor(image, place(first.points[first.main], first.main).roi)
        for name in names:
            said[name].append(second.points[name])
    columns = {name: pack.labels(name) for name in names}
    truth = {
        name: np.where(item.weight[rows][..., None] > 0, item.points[rows], np.nan)
        for name, item in columns.items()
    }
    known = "melanin" in pack.attribute_names
    return Looked(
        pack.person[rows],
        pack.name[rows],
        pose,
        truth,
        {name: np.stack(points) for name, points in said.items()},
        pack.attribute("melanin")[rows] if known else np.full(len(rows), np.nan),
    )


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


def brows(faces: Looked) -> Movement | None:
    """How brows follow the truth; None without 68 points of faces that look ahead."""
    scheme = next((name for name in ("ibug68-3d", "ibug68") if name in faces.said), None)
    ahead = np.abs(faces.pose[:, 0]) < FRONTAL
    if scheme is None or not ahead.any():
        return None
    return movement(brow_height(faces.said[scheme][ahead]), brow_height(faces.truth[scheme][ahead]))


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


def main(arguments: list[str]) -> None:
    """Look, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--model", action="append", help="name or .onnx; may be repeated")
    parser.add_argument("--split", default="test", help=f"some of {', '.join(SPLITS)}")
    parser.add_argument("--least-yaw", type=float, default=0.0, help="degrees")
    parser.add_argument("--most", type=int, default=0, help="at most so many faces, evenly taken")
    options = parser.parse_args(arguments)
    pack = read_pack(*options.packs)
    rows, pose = faces_of(pack, options.split.split(","), options.least_yaw)
    if options.most and len(rows) > options.most:
        kept = np.linspace(0, len(rows) - 1, options.most).astype(int)
        rows, pose = rows[kept], pose[kept]
    first: Looked | None = None
    for model in options.model or ["base"]:
        faces = look(pack, rows, pose, model)
        found = {"model": model, **summary(faces)}
        if first is not None:
            common = [name for name in faces.said if name in first.said]
            found["against the first"] = {name: compared(first, faces, name) for name in common}
        first = first or faces
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
