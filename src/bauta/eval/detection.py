"""How well a detector finds faces: recall and precision at IoU 0.5, by size; false alarms.

`python -m bauta.eval.detection [model.onnx]` scores a model on scenes of held-out people and on
photographs without people, and writes JSON to stdout. The size of a face is the square root of
its box's area, in pixels of the picture.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bauta.data.canvas import Scene
from bauta.geometry.boxes import iou

BUCKETS = ((8, 16), (16, 24), (24, 32), (32, 64), (64, 128), (128, 1000))
"""Sizes of faces that are reported apart, pixels."""
WANTED = 24.0
"""The goal holds for faces of at least this size."""
Detect = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def size_of(boxes: np.ndarray) -> np.ndarray:
    """(N,) square root of the area of boxes (N, 4)."""
    return np.sqrt(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1))


def match(
    boxes: np.ndarray, truth: np.ndarray, ignore: np.ndarray, least: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Give every box its face: the best free one with IoU >= `least`, best-scored boxes first.

    `boxes` (N, 4) sorted by score, `truth` (K, 4), `ignore` (M, 4). Returns the index into
    `truth` (N,) - or -1 for a false alarm, -2 for a box that lies (IoU >= `least`, or at least
    half of it) in a region to ignore - and the index into `boxes` of every face (K,), -1 missed.
    """
    given = np.full(len(boxes), -1)
    found = np.full(len(truth), -1)
    overlap = iou(boxes, truth)
    for index in range(len(boxes)):
        row = np.where(found < 0, overlap[index], -1.0)
        if len(row) and row.max() >= least:
            given[index] = row.argmax()
            found[given[index]] = index
    if len(ignore):
        low = np.maximum(boxes[:, None, :2], ignore[None, :, :2])
        high = np.minimum(boxes[:, None, 2:], ignore[None, :, 2:])
        inner = np.clip(high - low, 0, None).prod(2)
        share = inner / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-9)[:, None]
        excused = ((share >= 0.5) | (iou(boxes, ignore) >= least)).any(1)
        given[(given == -1) & excused] = -2
    return given, found


@dataclass
class Tally:
    """Per-face and per-box records of many pictures; every number is derived from them."""

    sizes: list[np.ndarray] = field(default_factory=list)
    found: list[np.ndarray] = field(default_factory=list)
    overlaps: list[np.ndarray] = field(default_factory=list)
    alarm_sizes: list[np.ndarray] = field(default_factory=list)

    def add(self, boxes: np.ndarray, scene: Scene) -> None:
        """Count one picture; `boxes` (N, 4) best first."""
        given, found = match(boxes, scene.boxes, scene.ignore)
        self.sizes.append(size_of(scene.boxes))
        self.found.append(found >= 0)
        true = np.nonzero(given >= 0)[0]
        self.overlaps.append(iou(boxes, scene.boxes)[true, given[true]])
        self.alarm_sizes.append(size_of(boxes[given == -1]))

    def report(self) -> dict[str, float | int]:
        """Recall and precision in percent, overall (size >= 24), and recall of each bucket that
        has faces."""
        sizes, found = np.concatenate(self.sizes), np.concatenate(self.found)
        alarms = np.concatenate(self.alarm_sizes)
        large, loud = sizes >= WANTED, int((alarms >= WANTED).sum())
        hits = int(found[large].sum())
        result: dict[str, float | int] = {
            "pictures": len(self.sizes),
            "faces_24up": int(large.sum()),
            "recall_24up": percent(hits, int(large.sum())),
            "precision_24up": percent(hits, hits + loud),
            "precision_all": percent(int(found.sum()), int(found.sum()) + len(alarms)),
            "false_alarms": len(alarms),
            "mean_iou": round(float(np.concatenate(self.overlaps).mean()), 3),
        }
        for low, high in BUCKETS:
            here = (sizes >= low) & (sizes < high)
            if here.any():
                result[f"recall_{low}_{high}"] = percent(int(found[here].sum()), int(here.sum()))
        return result


def percent(part: int, whole: int) -> float:
    """100 part / whole to two digits; nan for nothing of nothing."""
    return round(100 * part / whole, 2) if whole else float("nan")


def score(detect: Detect, scenes: Iterable[Scene]) -> dict[str, float | int]:
    """The report of a detector over scenes."""
    tally = Tally()
    for scene in scenes:
        tally.add(detect(scene.image)[0], scene)
    return tally.report()


def false_alarms(detect: Detect, pictures: Iterable[np.ndarray]) -> dict[str, float | int]:
    """False alarms per photograph without people."""
    counts = [len(detect(picture)[0]) for picture in pictures]
    return {"pictures": len(counts), "per_picture": round(float(np.mean(counts)), 4)}


def checked(detector: Detect, model: str) -> Detect:
    """The detector as the tracker uses it: boxes in which a regressor sees no face are dropped."""
    from bauta.tracker import Faces

    faces = Faces(model)

    def detect(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        boxes, scores = detector(image)
        seen = [
            faces.look(image, box, float(score)) is not None
            for box, score in zip(boxes, scores, strict=True)
        ]
        return boxes[np.array(seen, bool)], scores[np.array(seen, bool)]

    return detect


def main(arguments: list[str]) -> None:
    """Score a detector on scenes of held-out people and on photographs without people."""
    from bauta.assets.store import read_model
    from bauta.data.scenes import FRAMES, SceneMaker, held_out_photographs
    from bauta.detect import Detector
    from bauta.engine.session import Session

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", nargs="?", default="detector")
    parser.add_argument("--split", default="val", choices=("val", "test"))
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--threshold", type=float, default=0.43)
    parser.add_argument("--turned", type=Path, help="pack of turned faces, to be found as well")
    parser.add_argument("--checked-by", help="a regressor whose presence has the last word: base")
    parser.add_argument("--far", action="store_true", help="a second, closer look for far faces")
    options = parser.parse_args(arguments)
    session = Session(read_model(options.model))
    detector = Detector(session, options.threshold, far=options.far)
    makers: dict[str, SceneMaker] = dict.fromkeys(FRAMES, SceneMaker(options.split))
    if options.turned is not None:
        makers["turned"] = SceneMaker(options.split, turned=options.turned)
    detect = checked(detector, options.checked_by) if options.checked_by else detector
    result = {
        "split": options.split,
        "threshold": options.threshold,
        "checked_by": options.checked_by,
        "far": options.far,
    }
    for name, maker in makers.items():
        scenes = (maker.frame(seed, name) for seed in range(options.scenes))
        result[name] = score(detect, scenes)
    clean, peopled = held_out_photographs()
    result["photographs"] = score(detect, peopled)
    result["empty"] = false_alarms(detect, [scene.image for scene in clean])
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
