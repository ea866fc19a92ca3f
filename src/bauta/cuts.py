"""Whether a picture goes on from the one before, or shows another scene."""

from __future__ import annotations

import numpy as np

SAMPLES = 32
"""Pixels along each side that are compared."""
CUT = 0.6
"""Mean difference over the spread of brightness from which a picture is another scene's: two that
have nothing in common differ by about 1.1, neighbours in a clip by 0.02 to 0.3."""
LEAST_SPREAD = 12.0
"""Of 255; flat pictures are not told apart by less."""


class Cuts:
    """Compares each picture with the last."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._shape: tuple[int, ...] = ()

    def __call__(self, image: np.ndarray) -> bool:
        """True when (H, W, 3) uint8 is of another scene or size than the picture before; the first
        is not. A flash or a quick pan may look the same."""
        height, width = image.shape[:2]
        rows, columns = max(height // SAMPLES, 1), max(width // SAMPLES, 1)
        thin = image[rows // 2 :: rows, columns // 2 :: columns, 1].astype(np.float32)
        last, shape = self._last, self._shape
        self._last, self._shape = thin, image.shape
        if last is None:
            return False
        if shape != image.shape:
            return True
        away = float(np.abs(thin - last).mean())
        if away <= CUT * LEAST_SPREAD:
            return False
        return away > CUT * max(float(thin.std()), float(last.std()))
