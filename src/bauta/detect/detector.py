"""The face detector: a picture of any size to boxes in its own pixels."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.checks import InputError, ModelError, check_image
from bauta.detect.decode import STRIDES, decode, suppress
from bauta.engine.session import Session

PAD = STRIDES[-1]
LEAST_SIDE = 8
"""A picture thinner than this, as the network would see it, cannot show a face."""
OUTPUTS = tuple(f"{name}{stride}" for name in ("score", "edges") for stride in STRIDES)


class Detector:
    """Find faces. `threshold`: least score, 0..1; `max_side`: the longer side at which a larger
    picture is looked at, pixels (never enlarged); `overlap`: two boxes of a greater IoU are one.
    """

    def __init__(
        self,
        session: Session,
        threshold: float = 0.43,
        max_side: int = 640,
        overlap: float = 0.4,
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
        self.max_side, self.overlap = max_side, overlap

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (K, 4) float32 x1 y1 x2 y2, pixels of `image` (H, W, 3) RGB uint8 and within it,
        and scores (K,) float32, the best first."""
        check_image(image)
        height, width = image.shape[:2]
        scale = min(1.0, self.max_side / max(height, width))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if min(size) < LEAST_SIDE:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        if scale < 1:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        boxes, scores = decode(self.session.run({"image": padded(image)}), self.threshold)
        boxes = np.clip(boxes, 0, np.array([*size, *size], np.float32))
        solid = (boxes[:, 2:] - boxes[:, :2]).min(1) > 1
        boxes, scores = boxes[solid], scores[solid]
        kept = suppress(boxes, self.overlap)
        back = np.array([width / size[0], height / size[1]] * 2, np.float32)
        return boxes[kept] * back, scores[kept]


def padded(image: np.ndarray) -> np.ndarray:
    """(1, H', W', 3): black to the right and below, up to multiples of the coarsest stride."""
    height, width = image.shape[:2]
    shape = (1, -(-height // PAD) * PAD, -(-width // PAD) * PAD, 3)
    if shape[1:3] == (height, width):
        return np.ascontiguousarray(image)[None]
    canvas = np.zeros(shape, np.uint8)
    canvas[0, :height, :width] = image
    return canvas
