"""Compare detectors on the same pictures; every detector runs in an environment of its own.

    python benchmarks/detector_peers.py frames frames.npz --split test --scenes 300
    python benchmarks/detector_peers.py run frames.npz detector found_bauta.npz
    other-env/bin/python benchmarks/detector_mediapipe.py frames.npz full found_full.npz
    python benchmarks/detector_peers.py score frames.npz found_*.npz

Detectors draw the box of a face differently. Before matching, every detector's boxes are therefore
moved and scaled by the four constants (in box widths and heights) that fit the labels best over
its own true finds; ours are treated in the same way. Thresholds: each detector's own default, and
the one that gives it the best F1 on these pictures.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from bauta.assets.store import read_model
from bauta.data.canvas import Scene
from bauta.data.cutouts import iou
from bauta.data.scenes import FRAMES, SceneMaker, held_out_photographs
from bauta.detect import Detector
from bauta.engine.session import Session
from bauta.eval.detection import Tally


def save_frames(path: str, split: str, count: int) -> None:
    """Write frames of every kind and the photographs without people as arrays of objects."""
    maker, images, truth, ignore, kinds = SceneMaker(split), [], [], [], []
    for kind in FRAMES:
        for seed in range(count):
            scene = maker.frame(seed, kind)
            images.append(scene.image)
            truth.append(scene.boxes)
            ignore.append(scene.ignore)
            kinds.append(kind)
    for kind, scenes in zip(("empty", "photographs"), held_out_photographs(), strict=True):
        for scene in scenes:
            images.append(scene.image)
            truth.append(scene.boxes)
            ignore.append(scene.ignore)
            kinds.append(kind)
    np.savez(
        path,
        kinds=np.array(kinds),
        images=as_objects(images),
        truth=as_objects(truth),
        ignore=as_objects(ignore),
    )


def as_objects(items: list[np.ndarray]) -> np.ndarray:
    """(N,) object array that never merges its items."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array


def run_bauta(frames: str, out: str, model: str) -> None:
    """Boxes and scores of every frame, with a low threshold so that curves can be drawn."""
    detector = Detector(Session(read_model(model)), threshold=0.05)
    boxes, scores, spent = [], [], []
    for image in np.load(frames, allow_pickle=True)["images"]:
        start = time.perf_counter()
        found, values = detector(image)
        spent.append(time.perf_counter() - start)
        boxes.append(found)
        scores.append(values)
    milliseconds = 1000 * float(np.median(spent))
    np.savez(out, boxes=as_objects(boxes), scores=as_objects(scores), ms=milliseconds, default=0.45)


def adjust(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(4,) median offset of each side, in widths and heights of the detector's box, over pairs
    with IoU above 0.25."""
    moves = []
    for found, known in zip(boxes, truth, strict=True):
        overlap = iou(found, known)
        if not overlap.size:
            continue
        best = overlap.argmax(1)
        good = overlap.max(1) > 0.25
        size = np.tile(found[good, 2:] - found[good, :2], 2)
        moves.append((known[best[good]] - found[good]) / np.maximum(size, 1e-6))
    return np.median(np.concatenate(moves), 0)


def table(frames: str, results: list[str]) -> None:
    """Print one Markdown row per detector and kind."""
    data = np.load(frames, allow_pickle=True)
    kinds, truth, ignore = data["kinds"], data["truth"], data["ignore"]
    print("| detector | frames | threshold | recall 24+ | precision 24+ | 16-24 | 24-32 | 32-64 |")
    print("|---|---|---|---|---|---|---|---|")
    for path in results:
        found = np.load(path, allow_pickle=True)
        moved = adjust(found["boxes"], truth)
        boxes = [b + np.tile(b[:, 2:] - b[:, :2], 2) * moved for b in found["boxes"]]
        best = max(np.linspace(0.1, 0.9, 17), key=lambda t: f1(boxes, found["scores"], t, data))
        for threshold in (float(found["default"]), float(best)):
            for kind in (*FRAMES, "photographs"):
                rows = np.nonzero(kinds == kind)[0]
                report = tally(boxes, found["scores"], threshold, truth, ignore, rows).report()
                cells = ("recall_24up", "precision_24up", "recall_16_24", "recall_24_32")
                cells = (*cells, "recall_32_64")
                values = " | ".join(f"{report.get(name, float('nan')):.1f}" for name in cells)
                print(f"| {Path(path).stem} | {kind} | {threshold:.2f} | {values} |")
            empty = np.nonzero(kinds == "empty")[0]
            alarms = np.mean([(found["scores"][row] >= threshold).sum() for row in empty])
            print(
                f"| {Path(path).stem} | empty | {threshold:.2f} | {alarms:.3f} a picture | | | | |"
            )
        print(f"<!-- {Path(path).stem}: {float(found['ms']):.2f} ms, box {np.round(moved, 3)} -->")


def tally(boxes, scores, threshold, truth, ignore, rows) -> Tally:
    """Count the boxes of some frames at a threshold."""
    result = Tally()
    for row in rows:
        scene = Scene(np.zeros((1, 1, 3), np.uint8), truth[row], ignore[row])
        result.add(boxes[row][scores[row] >= threshold], scene)
    return result


def f1(boxes, scores, threshold, data) -> float:
    """F1 of the faces of 24 px and more over all frames with faces."""
    rows = np.nonzero(data["kinds"] != "empty")[0]
    report = tally(boxes, scores, threshold, data["truth"], data["ignore"], rows).report()
    recall, precision = report["recall_24up"], report["precision_24up"]
    return 2 * recall * precision / max(recall + precision, 1e-9) if precision == precision else 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    frames = verbs.add_parser("frames")
    frames.add_argument("path")
    frames.add_argument("--split", default="test")
    frames.add_argument("--scenes", type=int, default=300)
    run = verbs.add_parser("run")
    for name in ("frames", "model", "out"):
        run.add_argument(name)
    score = verbs.add_parser("score")
    score.add_argument("frames")
    score.add_argument("results", nargs="+")
    options = parser.parse_args()
    if options.verb == "frames":
        save_frames(options.path, options.split, options.scenes)
    elif options.verb == "run":
        run_bauta(options.frames, options.out, options.model)
    else:
        table(options.frames, options.results)


if __name__ == "__main__":
    main()
