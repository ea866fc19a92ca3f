"""Regressors on held-out people, from whole pictures, behind our own detector.

    python -m bauta.eval.landmarks --model base --split test

Predictions can be kept (`--save FOLDER`) and are scored as saved. `pts68` of `ytf` is scored as it
is stored, pixel origin and all: `points68` speaks that convention (docs/conventions.md).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bauta.data import teachers
from bauta.data.readers.own import LABEL_OFFSET68, unbiased68
from bauta.eval import metrics
from bauta.geometry import boxes
from bauta.schemes import (
    INNER51,
    LEFT_EYE478,
    OUTER_EYE_CORNERS478,
    REGIONS68,
    RIGHT_EYE478,
    eye_aspect_ratio,
)
from bauta.tracker import Faces, face_state
from bauta.types import FaceState

EYES478 = (RIGHT_EYE478, LEFT_EYE478)
HIT = 0.3
"""Overlap of mesh boxes from which the labelled face counts as found."""


def predict(model: str, dataset: str, split: str) -> dict[str, Any]:
    """Predictions and labels of every picture of `split` in which the mesh teacher saw a face."""
    pictures = teachers.read_pictures(dataset)
    labels = teachers.read_teacher_set(dataset, pictures)
    rows = [i for i in range(len(labels.files)) if labels.split[i] == split]
    rows = [i for i in rows if np.isfinite(labels.mesh[i, 0, 0])]
    faces = Faces(model)
    out: dict[str, list] = {key: [] for key in ("points68", "points68_3d", "mesh", "count")}
    for done, i in enumerate(rows):
        found = faces.find(teachers.decode(pictures[labels.files[i]]), np.zeros((0, 4)), 5)
        states = [face_state(face, id, 0.0) for id, face in enumerate(found)]
        best = _labelled(states, boxes.of_points(labels.mesh[i]))
        for key, points in (("points68", 68), ("points68_3d", 68), ("mesh", 478)):
            empty = np.full((points, 3), np.nan, np.float32)
            out[key].append(empty if best is None else getattr(best, key))
        out["count"].append(len(states))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{dataset} {done + 1}/{len(rows)}")
    truth = {
        "truth68": labels.pts68[rows],
        "truth68_3d": labels.alt68[rows],
        "truth_mesh": labels.mesh[rows],
        "asym": labels.asym[rows],
        "picture": np.array([labels.files[i] for i in rows]),
    }
    return {key: np.array(value) for key, value in out.items()} | truth


def _labelled(states: list[FaceState], box: np.ndarray) -> FaceState | None:
    if not states:
        return None
    overlap = boxes.iou(np.stack([state.box for state in states]), box[None])[:, 0]
    best = int(overlap.argmax())
    return states[best] if overlap[best] >= HIT else None


def _summary(errors: np.ndarray) -> dict[str, float]:
    found = errors[np.isfinite(errors)]
    return {
        "mean": round(float(found.mean()), 3),
        "median": round(float(np.median(found)), 3),
        "over_10_percent": round(metrics.failure_rate(errors), 2),
    }


def score68(saved: dict[str, np.ndarray]) -> dict:
    """`ibug68` against `pts68` as stored, percent of the outer eye corners; {} without labels."""
    labelled = np.isfinite(saved["truth68"][:, 0, 0])
    if not labelled.any():
        return {}
    truth, predicted = saved["truth68"][labelled], saved["points68"][labelled][..., :2]
    eyes = metrics.outer_eyes68(truth)
    errors = metrics.nme(predicted, truth, eyes)
    regions = {
        name: round(float(np.nanmean(metrics.nme(predicted[:, a:b], truth[:, a:b], eyes))), 2)
        for name, (a, b) in REGIONS68.items()
    }
    found = round(float(np.isfinite(errors).mean() * 100), 2)
    plain = metrics.nme(predicted - np.array(LABEL_OFFSET68), unbiased68(truth), eyes)
    return {
        "labelled": len(truth),
        "found_percent": found,
        **_summary(errors),
        "mean_without_the_labels_pixel_origin": round(float(np.nanmean(plain)), 3),
        "regions": regions,
    }


def eye_correlation(saved: dict[str, np.ndarray]) -> float:
    """Correlation of the lid gap over eye width with that of a sure mesh teacher, both eyes."""
    sure = np.isfinite(saved["mesh"][:, 0, 0]) & (saved["asym"] < 5)
    ratios = [
        np.concatenate([eye_aspect_ratio(saved[key][sure][:, eye]) for eye in EYES478])
        for key in ("truth_mesh", "mesh")
    ]
    return float(np.corrcoef(ratios)[0, 1])


def score(saved: dict[str, np.ndarray]) -> dict:
    """Scores of saved predictions; errors in percent of the outer eye corners unless said."""
    found = np.isfinite(saved["mesh"][:, 0, 0])
    anatomical, truth = saved["points68_3d"][..., :2], saved["truth68_3d"][..., :2]
    inner = metrics.nme(anatomical[:, INNER51], truth[:, INNER51], metrics.box_size(truth))
    mesh, truth_mesh = saved["mesh"][..., :2], saved["truth_mesh"][..., :2]
    right, left = OUTER_EYE_CORNERS478
    eyes = np.linalg.norm(truth_mesh[:, right] - truth_mesh[:, left], axis=-1)
    return {
        "pictures": len(found),
        "found_percent": round(float(found.mean() * 100), 2),
        "ibug68": score68(saved),
        "ibug68_3d_inner51_over_box": _summary(inner),
        "mesh478": _summary(metrics.nme(mesh, truth_mesh, eyes)),
        "eye_ratio_correlation": round(eye_correlation(saved), 3),
    }


def main() -> None:
    """Write the report as JSON to stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="base")
    parser.add_argument("--split", default="val", choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", default=["ytf"], choices=teachers.SETS)
    parser.add_argument("--save", type=Path, help="folder for the predictions, <set>.npz")
    options = parser.parse_args()
    report = {"model": options.model, "split": options.split}
    for dataset in options.sets:
        saved = predict(options.model, dataset, options.split)
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            np.savez(options.save / f"{dataset}.npz", **saved)
        report[dataset] = score(saved)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
