"""Sub-pixel strokes on RGB pictures (H, W, 3) uint8, drawn in place.

Coordinates are those of docs/conventions.md: pixel (0, 0) covers 0..1. OpenCV counts pixel
centres from 0, so half a pixel is taken off here and nowhere else. Whatever lies far outside is
pulled to within `REACH`, so that no coordinate can overflow.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

from bauta.geometry import boxes

Colour = tuple[int, int, int]
"""RGB, 0..255."""

INK: Colour = (16, 18, 22)
"""The dark that lies under light strokes, so that they show on white."""
PAPER: Colour = (245, 246, 248)
SHIFT = 4
REACH = 1 << 16
"""Pixels from the corner of the picture up to which strokes are exact."""
FONT = cv2.FONT_HERSHEY_SIMPLEX
CIRCLE = np.stack([f(2 * np.pi * np.arange(20) / 20) for f in (np.cos, np.sin)], axis=1)
"""Corners of a disc of radius 1."""


def colour_of(id: int) -> Colour:
    """A colour for a face's id: hues a golden ratio apart, bright enough for a dark picture."""
    hue = (0.53 + 0.618034 * id) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.62, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def fixed(points: np.ndarray) -> np.ndarray:
    """Points (..., 2 or 3) in pixels as OpenCV's integers (..., 2), 1 / 2**SHIFT of a pixel."""
    centred = np.asarray(points, np.float64)[..., :2] - 0.5
    clipped = np.minimum(np.maximum(centred, -REACH), REACH)  # np.clip takes three times as long
    return np.rint(clipped * (1 << SHIFT)).astype(np.int32)


def lines(
    image: np.ndarray,
    paths: Sequence[np.ndarray] | np.ndarray,
    colour: Colour,
    width: int = 1,
    closed: bool = False,
) -> None:
    """Draw antialiased paths, each (K, 2 or 3) in pixels; an array (N, K, 2 or 3) is fastest."""
    if len(paths):
        shapes = fixed(paths) if isinstance(paths, np.ndarray) else [fixed(path) for path in paths]
        cv2.polylines(image, list(shapes), closed, colour, max(1, width), cv2.LINE_AA, SHIFT)


def discs(image: np.ndarray, centers: np.ndarray, radius: float, colour: Colour) -> None:
    """Fill antialiased discs at `centers` (N, 2 or 3), as polygons: OpenCV's small circles are
    diamonds, since it rounds their outline to whole pixels.
    """
    middles = np.clip(np.asarray(centers, np.float64)[:, :2], -REACH, REACH)
    for disc in fixed(middles[:, None] + min(radius, REACH) * CIRCLE):
        cv2.fillConvexPoly(image, disc, colour, cv2.LINE_AA, SHIFT)


@contextmanager
def faded(
    image: np.ndarray, points: np.ndarray, opacity: float, pad: float
) -> Iterator[np.ndarray]:
    """A canvas whose strokes reach `image` with `opacity` 0..1; strokes lie within the box of
    `points` (N, 2 or 3) widened by `pad` pixels.

        with faded(image, face.mesh, 0.4, pad=2) as canvas:
            lines(canvas, ...)
    """
    height, width = image.shape[:2]
    low, high = boxes.corners(points)
    low = np.floor(np.clip(low - pad, 0, (width, height))).astype(int)
    high = np.ceil(np.clip(high + pad, 0, (width, height))).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        yield image[:0]
        return
    before = part.copy()
    yield image
    cv2.addWeighted(part, opacity, before, 1 - opacity, 0, dst=part)


def text_size(text: str, height: float) -> tuple[int, int]:
    """(width, height) in pixels of a line whose capitals are `height` pixels tall."""
    scale, thickness = _font(height)
    (width, tall), _ = cv2.getTextSize(text, FONT, scale, thickness)
    return width, tall


def text(
    image: np.ndarray, line: str, corner: tuple[float, float], height: float, colour: Colour
) -> None:
    """Write `line` with capitals `height` pixels tall; `corner` is the lower left (x, y)."""
    scale, thickness = _font(height)
    x, y = (int(np.clip(round(v - 0.5), -REACH, REACH)) for v in corner)
    cv2.putText(image, line, (x, y), FONT, scale, colour, thickness, cv2.LINE_AA)


def _font(height: float) -> tuple[float, int]:
    return height / 22.0, max(1, round(height / 9))  # 22 pixels at scale 1


def shade(image: np.ndarray, box: tuple[float, float, float, float], opacity: float = 0.75) -> None:
    """Darken x1 y1 x2 y2 towards INK, in whole pixels."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (
        round(float(np.clip(v, 0, limit)))
        for v, limit in zip(box, (width, height, width, height), strict=True)
    )
    part = image[y1:y2, x1:x2]
    if part.size:
        ink = np.full_like(part, INK)
        cv2.addWeighted(part, 1 - opacity, ink, opacity, 0, dst=part)
