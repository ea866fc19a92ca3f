"""Little pictures for tests of readers: written by OpenCV, one colour."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

ORANGE = (255, 128, 0)
"""RGB."""


def write(path: Path, width: int = 40, height: int = 30) -> Path:
    """An orange picture of that size at `path`, its folder made; grey in a `.pgm`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((height, width, 3), ORANGE[::-1], np.uint8)
    if path.suffix == ".pgm":
        image = image[..., 1]
    assert cv2.imwrite(str(path), image)
    return path


def text(path: Path, *lines: str) -> Path:
    """A text file of those lines at `path`, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
