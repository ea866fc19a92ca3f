"""Boxes of MediaPipe's two face detectors for `detector_peers.py`.

Runs in an environment with `mediapipe==0.10.14` (the last wheels that carry the weights), without
bauta:  python benchmarks/detector_mediapipe.py frames.npz short|full found.npz
"""

from __future__ import annotations

import sys
import time

import cv2
import numpy as np


def mediapipe_detector(kind: str):
    """A function from an RGB picture to boxes (K, 4) pixels and scores (K,)."""
    from mediapipe.python.solutions import face_detection  # type: ignore[import-not-found]

    model = face_detection.FaceDetection(
        min_detection_confidence=0.1, model_selection=int(kind == "full")
    )

    def detect(image: np.ndarray):
        height, width = image.shape[:2]
        boxes, scores = [], []
        for found in model.process(image).detections or []:
            area = found.location_data.relative_bounding_box
            x, y = area.xmin * width, area.ymin * height
            boxes.append([x, y, x + area.width * width, y + area.height * height])
            scores.append(found.score[0])
        return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32)

    return detect


def main() -> None:
    """Command line: frames, detector, file to write."""
    frames, kind, out = sys.argv[1:]
    cv2.setNumThreads(1)
    detect = mediapipe_detector(kind)
    images = np.load(frames, allow_pickle=True)["images"]
    all_boxes, all_scores = np.empty(len(images), object), np.empty(len(images), object)
    spent = []
    for index, image in enumerate(images):
        start = time.perf_counter()
        boxes, scores = detect(np.ascontiguousarray(image))
        spent.append(time.perf_counter() - start)
        order = np.argsort(-scores, kind="stable")
        all_boxes[index], all_scores[index] = boxes[order], scores[order]
    milliseconds = 1000 * float(np.median(spent))
    np.savez(out, boxes=all_boxes, scores=all_scores, ms=milliseconds, default=0.5)


if __name__ == "__main__":
    main()
