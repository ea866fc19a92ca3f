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
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from bauta.checks import InputError
from bauta.crop import Roi, place
from bauta.data.packs import Pack, read_pack
from bauta.data.splits import SPLITS
from bauta.eval.brows import SHAPES, resting_height
from bauta.eval.looked import Looked, compared, summary
from bauta.head_pose import estimate_pose
from bauta.regress.opening import open_regressor

SHIFT, SCALE, TURN = 0.03, 0.06, 6.0
"""How a first crop misses the face: standard deviations in sides, as a factor, in degrees."""
ADMISSIBLE = 0.3
"""Mean weight of the labels below which a face is left out."""
TURNED = ("ibug68-3d", "mesh478", "ibug68")
"""Whose points say how a face in a photograph is turned: the dense mesh's teacher is weak beyond 60
degrees. Made pictures know their pose."""


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


def crops_of(pack: Pack, rows: np.ndarray) -> Iterator[tuple[np.ndarray, Roi]]:
    """Picture and first crop of each face, the same at every call."""
    scheme = next(name for name in TURNED if name in pack.schemes)
    points = pack.labels(scheme).points
    for row in rows.tolist():
        rng = np.random.default_rng([17, row])
        yield pack.image(row), _missed(rng, place(points[row], scheme).roi)


def look(pack: Pack, rows: np.ndarray, pose: np.ndarray, model: str) -> Looked:
    """What a model says of these rows."""
    regressor = open_regressor(model)
    names = [name for name in regressor.schemes.values() if name in pack.schemes]
    said: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for image, roi in crops_of(pack, rows):
        first = regressor(image, roi)
        second = regressor(image, place(first.points[first.main], first.main).roi)
        for name in names:
            said[name].append(second.points[name])
    columns = {name: pack.labels(name) for name in names}
    truth = {
        name: np.where(item.weight[rows][..., None] > 0, item.points[rows], np.nan)
        for name, item in columns.items()
    }
    return Looked(
        pack.person[rows],
        pack.name[rows],
        pose,
        truth,
        {name: np.stack(points) for name, points in said.items()},
        _attribute(pack, "melanin")[rows],
        _attribute(pack, "clip")[rows],
        _resting(pack, rows, pose),
    )


def _resting(pack: Pack, rows: np.ndarray, pose: np.ndarray) -> np.ndarray | None:
    if pack.schemes.get("ibug68-3d", (0, 0))[1] < 3:
        return None
    weights = [_attribute(pack, f"expression/{name}")[rows] for name in SHAPES]
    return resting_height(pack.labels("ibug68-3d").points[rows], pose, np.stack(weights, 1))


def _attribute(pack: Pack, name: str) -> np.ndarray:
    known = name in pack.attribute_names
    return pack.attribute(name) if known else np.full(len(pack), np.nan, np.float32)


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
