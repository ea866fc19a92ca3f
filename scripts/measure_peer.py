"""A peer beside a model of ours on packed faces of held-out people, over yaw.

python scripts/measure_peer.py PACK... [--peer mediapipe] [--model base] [--split test] [--most 600]

The peer is what `bauta bench --peers` knows, or a file of Python as it takes them. It gets the
packed picture whole, the model a crop, as in `bauta.eval.packed`. `found` is the peer's share of
the faces in each bin of yaw; errors of both are over the faces that the peer found.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from bauta.bench.trackers import Follow, open_tracker
from bauta.data.packs import Pack, read_pack
from bauta.eval.looked import Looked, compared, yaw_bins
from bauta.eval.packed import crops_of, faces_of, look


def peer(faces: Looked, pack: Pack, rows: np.ndarray, follow: Follow) -> tuple[Looked, np.ndarray]:
    """What the peer says of the same faces, NaN where it finds none, and where it found one."""
    said = [follow(image, 0.0) or {} for image, _ in crops_of(pack, rows)]
    points = {
        name: np.stack([one.get(name, np.full((truth.shape[1], 2), np.nan)) for one in said])
        for name, truth in faces.truth.items()
        if any(name in one for one in said)
    }
    return replace(faces, said=points), np.array([bool(one) for one in said])


def errors(faces: Looked, bins: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Mean error of each scheme in each bin, over the faces of which something is said."""
    means: dict[str, dict[str, float]] = {}
    for scheme in faces.said:
        off = faces.errors(scheme)
        known = {name: off[part & np.isfinite(off)] for name, part in bins.items()}
        means[scheme] = {name: round(float(o.mean()), 3) for name, o in known.items() if len(o)}
    return means


def main() -> None:
    """Look with both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--peer", default="mediapipe")
    parser.add_argument("--model", default="base")
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=600)
    parser.add_argument("--least-yaw", type=float, default=0.0)
    options = parser.parse_args()
    pack = read_pack(*options.packs)
    rows, pose = faces_of(pack, options.split.split(","), options.least_yaw)
    kept = np.linspace(0, len(rows) - 1, min(options.most, len(rows))).astype(int)
    rows, pose = rows[kept], pose[kept]
    ours = look(pack, rows, pose, options.model)
    theirs, found = peer(ours, pack, rows, open_tracker(options.peer, smooth=False))
    for name, points in ours.said.items():
        ours.said[name] = np.where(found[:, None, None], points, np.nan)
    bins = yaw_bins(np.abs(pose[:, 0]))
    for name, faces in ((options.model, ours), (options.peer, theirs)):
        sys.stdout.write(json.dumps({"name": name, "error": errors(faces, bins)}) + "\n")
    shares = {name: round(float(found[part].mean()), 3) for name, part in bins.items()}
    away = {name: compared(ours, theirs, name) for name in theirs.said}
    sys.stdout.write(json.dumps({"found": shares, "peer minus ours": away}) + "\n")


if __name__ == "__main__":
    main()
