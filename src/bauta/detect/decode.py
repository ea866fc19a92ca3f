"""From the maps of the detector network to boxes: threshold, decode, suppress."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

STRIDES = (8, 16, 32)
"""Pixels of the network's input per cell, finest level first."""
MOST_CANDIDATES = 1000
"""Only the best so many cells are looked at, so that time is bounded on any picture."""


def decode(outputs: Mapping[str, np.ndarray], threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) x1 y1 x2 y2 in pixels of the network's input and scores (N,), best first.

    `outputs` holds, for each stride s, `score<s>` (1, 1, h, w) in 0..1 and `edges<s>`
    (1, 4, h, w): pixels from the cell's centre ((x + 0.5) s, (y + 0.5) s) to the left, top, right
    and bottom side. Cells of at least `threshold` are kept.
    """
    boxes, scores = [], []
    for stride in STRIDES:
        score = outputs[f"score{stride}"][0, 0]
        rows, columns = np.nonzero(score >= threshold)
        edges = outputs[f"edges{stride}"][0, :, rows, columns]
        centres = (np.stack([columns, rows], 1) + np.float32(0.5)) * np.float32(stride)
        boxes.append(np.concatenate([centres - edges[:, :2], centres + edges[:, 2:]], 1))
        scores.append(score[rows, columns])
    found, values = np.concatenate(boxes), np.concatenate(scores)
    order = np.argsort(-values, kind="stable")[:MOST_CANDIDATES]
    return found[order].astype(np.float32), values[order].astype(np.float32)


def suppress(boxes: np.ndarray, limit: float) -> np.ndarray:
    """Indices of the boxes (N, 4), sorted best first, that overlap no better one by IoU > limit."""
    left, top, right, bottom = boxes.T
    area = (right - left) * (bottom - top)
    alive = np.ones(len(boxes), bool)
    kept = []
    for index in range(len(boxes)):
        if not alive[index]:
            continue
        kept.append(index)
        width = np.minimum(right, right[index]) - np.maximum(left, left[index])
        height = np.minimum(bottom, bottom[index]) - np.maximum(top, top[index])
        inner = np.clip(width, 0, None) * np.clip(height, 0, None)
        alive &= inner <= limit * np.maximum(area + area[index] - inner, 1e-9)
    return np.array(kept, int)
