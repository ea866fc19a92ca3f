"""Regressors on held-out people, from whole pictures, behind our own detector.

    python -m bauta.eval.landmarks --model base --split test

Predictions are saved first (`--save FILE.npz`) and scored from there. `pts68` of `ytf` carries its
teacher's offset (`bauta.data.crops.PTS68_BIAS_X`): both the labels as stored and without the offset
are scored, and both are printed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bauta.data import teachers
from bauta.data.crops import unbiased68
from bauta.eval import metrics
from bauta.geometry import boxes
from bauta.schemes import INNER51, LEFT_EYE478, REGIONS68, RIGHT_EYE478, eye_aspect_ratio
from bauta.tracker import Faces, face_state
from bauta.types import FaceState

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
        states = [face_state(face, id, 0.0) for id, (face, _) in enumerate(found)]
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
        "file": np.array([labels.files[i] for i in rows]),
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


def score(saved: dict[str, np.ndarray]) -> dict:
    """Scores of saved predictions; errors in percent of the outer eye corners unless said."""
    found = np.isfinite(saved["mesh"][:, 0, 0])
    report: dict = {"pictures": len(found), "found_percent": round(float(found.mean() * 100), 2)}
    labelled = np.isfinite(saved["truth68"][:, 0, 0])
    if labelled.any():
        truth, predicted = saved["truth68"][labelled], saved["points68"][labelled][..., :2]
        clean = unbiased68(truth)
        report["labelled"] = int(labelled.sum())
        report["found_labelled_percent"] = round(float(found[labelled].mean() * 100), 2)
        eyes = metrics.outer_eyes68(truth)
        report["ibug68_labels_as_stored"] = _summary(metrics.nme(predicted, truth, eyes))
        report["ibug68_labels_without_offset"] = _summary(metrics.nme(predicted, clean, eyes))
        report["ibug68_by_region"] = {
            name: round(float(np.nanmean(metrics.nme(predicted[:, a:b], clean[:, a:b], eyes))), 2)
            for name, (a, b) in REGIONS68.items()
        }
    truth, predicted = saved["truth68_3d"][..., :2], saved["points68_3d"][..., :2]
    report["ibug68_3d_inner51_over_box"] = _summary(
        metrics.nme(predicted[:, INNER51], truth[:, INNER51], metrics.box_size(truth))
    )
    truth, predicted = saved["truth_mesh"][..., :2], saved["mesh"][..., :2]
    eyes = np.linalg.norm(truth[:, 33] - truth[:, 263], axis=-1)
    report["mesh478"] = _summary(metrics.nme(predicted, truth, eyes))
    sure = found & (saved["asym"] < 5)
    ratio = [
        np.concatenate(
            [eye_aspect_ratio(points[sure][:, eye]) for eye in (RIGHT_EYE478, LEFT_EYE478)]
        )
        for points in (truth, predicted)
    ]
    report["eye_ratio_correlation"] = round(float(np.corrcoef(ratio)[0, 1]), 3)
    return report


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
