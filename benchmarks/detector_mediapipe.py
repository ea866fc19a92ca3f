"""Boxes of MediaPipe's two face detectors, or of OpenCV's Haar cascade, for `detector_peers.py`.

Runs in an environment with `mediapipe==0.10.14` (the last wheels that carry the weights), without
bauta:  python benchmarks/detector_mediapipe.py frames.npz short|full|haar found.npz
"""

from __future__ import annotations

import sys
import time

import cv2
import numpy as np


def mediapipe_detector(kind: str):
    """A function from an RGB picture to boxes (K, 4) pixels and scores (K,)."""
    from mediapipe.python.solutions.face_detection import FaceDetection

    model = FaceDetection(min_detection_confidence=0.1, model_selection=int(kind == "full"))

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


def haar_detector():
    """OpenCV's frontal cascade; its weight of the last stage stands in for a score."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

    def detect(image: np.ndarray):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        found = cascade.detectMultiScale(grey, 1.1, 4, minSize=(16, 16))
        boxes = np.array(found, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes, np.full(len(boxes), 0.95, np.float32)

    return detect


def main() -> None:
    """Command line: frames, detector, file to write."""
    frames, kind, out = sys.argv[1:]
    cv2.setNumThreads(1)
    detect = haar_detector() if kind == "haar" else mediapipe_detector(kind)
    images = np.load(frames, allow_pickle=True)["images"]
    columns = {name: np.empty(len(images), object) for name in ("boxes", "scores")}
    spent = []
    for index, image in enumerate(images):
        start = time.perf_counter()
        boxes, scores = detect(np.ascontiguousarray(image))
        spent.append(time.perf_counter() - start)
        order = np.argsort(-scores, kind="stable")
        columns["boxes"][index], columns["scores"][index] = boxes[order], scores[order]
    np.savez(out, ms=1000 * float(np.median(spent)), default=0.5, **columns)


if __name__ == "__main__":
    main()
