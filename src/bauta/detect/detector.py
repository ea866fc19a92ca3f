"""The face detector: a picture of any size to boxes in its own pixels."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.checks import InputError, ModelError, check_image
from bauta.detect.decode import STRIDES, decode, suppress
from bauta.engine.session import Session

PAD = STRIDES[-1]
FAR_SIDE, FAR = 1280, 2
"""Longest side, in pixels, of the second look that far faces get, and how much larger than in the
first they may be shown in it."""
FAR_SIZE = 96
"""Pixels up to which the second look has a say: the first sees larger faces better."""
SMALLER, LARGER = cv2.INTER_AREA, cv2.INTER_LINEAR
LEAST_SIDE = 8
"""A picture thinner than this, as the network would see it, cannot show a face."""
OUTPUTS = tuple(f"{name}{stride}" for name in ("score", "edges") for stride in STRIDES)


class Detector:
    """Find faces. `threshold`: least score, 0..1; `max_side`: the longer side at which a larger
    picture is looked at, pixels (never enlarged); `overlap`: two boxes of a greater IoU are one.
    `far`: look a second time, twice as close (enlarged if need be, up to 1,280 pixels), for faces
    half as small; five times the work.
    """

    THRESHOLD = 0.43
    """Precise where nothing else has a say."""

    def __init__(
        self,
        session: Session,
        threshold: float = THRESHOLD,
        max_side: int = 640,
        overlap: float = 0.4,
        far: bool = False,
    ) -> None:
        if not 0 < threshold < 1:
            raise InputError(f"threshold: expected a number between 0 and 1, got {threshold}")
        if not 0 < overlap < 1:
            raise InputError(f"overlap: expected a number between 0 and 1, got {overlap}")
        if max_side < PAD:
            raise InputError(f"max_side: expected at least {PAD} pixels, got {max_side}")
        missing = set(OUTPUTS) - set(session.outputs)
        if missing or session.inputs != ["image"]:
            raise ModelError(
                f"{session.name}: not a bauta face detector (outputs {session.outputs})"
            )
        self.session, self.threshold = session, threshold
        self.max_side, self.overlap, self.far = max_side, overlap, far

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (K, 4) float32 x1 y1 x2 y2, pixels of `image` (H, W, 3) RGB uint8 and within it,
        and scores (K,) float32, the best first."""
        check_image(image)
        longest = max(image.shape[:2])
        first = min(1.0, self.max_side / longest)
        boxes, scores = self._look(image, first)
        second = min(FAR * first, FAR_SIDE / longest)
        if self.far and second > first:
            far, sure = self._look(image, second)
            small = (far[:, 2:] - far[:, :2]).max(1) * second < FAR_SIZE
            boxes, scores = np.concatenate([boxes, far[small]]), np.append(scores, sure[small])
            order = np.argsort(-scores, kind="stable")
            boxes, scores = boxes[order], scores[order]
        kept = suppress(boxes, self.overlap)
        return boxes[kept], scores[kept]

    def _look(self, image: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Boxes and scores, overlapping ones too, in the picture shown at that scale."""
        height, width = image.shape[:2]
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if min(size) < LEAST_SIDE:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        if scale != 1:
            image = cv2.resize(image, size, interpolation=SMALLER if scale < 1 else LARGER)
        boxes, scores = decode(self.session.run({"image": padded(image)}), self.threshold)
        boxes = np.clip(boxes, 0, np.array([*size, *size], np.float32))
        solid = (boxes[:, 2:] - boxes[:, :2]).min(1) > 1
        back = np.array([width / size[0], height / size[1]] * 2, np.float32)
        return boxes[solid] * back, scores[solid]


def padded(image: np.ndarray) -> np.ndarray:
    """(1, H', W', 3): black to the right and below, up to multiples of the coarsest stride."""
    height, width = image.shape[:2]
    shape = (1, -(-height // PAD) * PAD, -(-width // PAD) * PAD, 3)
    if shape[1:3] == (height, width):
        return np.ascontiguousarray(image)[None]
    canvas = np.zeros(shape, np.uint8)
    canvas[0, :height, :width] = image
    return canvas
