"""A plot of a few curves as a picture: axes, ticks, legend. OpenCV draws it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import SinkError

COLOURS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189), (255, 127, 14), (0, 0, 0))
"""RGB, in the order of the curves."""
SIZE = (960, 540)
LEFT, TOP, RIGHT, BOTTOM = 80, 50, 20, 84
"""Pixels around the axes."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A named curve; points that are not finite are left out."""

    name: str
    x: np.ndarray
    y: np.ndarray


def nice_ticks(low: float, high: float, count: int = 6) -> np.ndarray:
    """Multiples of 1, 2 or 5 times a power of ten within low..high, about `count` of them."""
    span = max(high - low, 1e-12)
    power = 10.0 ** np.floor(np.log10(span / count))
    step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= count)
    first = np.ceil(low / step - 1e-9)
    return np.arange(first, np.floor(high / step + 1e-9) + 1) * step + 0.0  # no -0


@dataclass(frozen=True)
class _Axis:
    """Values low..high on pixels start..end."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def pixel(self, value: np.ndarray) -> np.ndarray:
        scaled, low, high = (np.log10(v) if self.log else v for v in (value, self.low, self.high))
        share = (scaled - low) / max(high - low, 1e-12)
        return np.asarray(self.start + share * (self.end - self.start))

    def ticks(self) -> np.ndarray:
        if not self.log:
            return nice_ticks(self.low, self.high)
        return 10.0 ** np.arange(np.ceil(np.log10(self.low)), np.floor(np.log10(self.high)) + 1)


def _axes(curves: Sequence[Curve], log_x: bool, high: float | None) -> tuple[_Axis, _Axis]:
    x = np.concatenate([c.x[np.isfinite(c.y)] for c in curves] or [np.zeros(0)])
    y = np.concatenate([c.y[np.isfinite(c.y)] for c in curves] or [np.zeros(0)])
    x = x if len(x) else np.array([1.0 if log_x else 0.0])
    low, top = (y.min(), np.percentile(y, 98)) if len(y) else (0.0, 1.0)
    high = float(top if high is None else min(y.max(initial=low), high))
    room = 0.05 * (high - low) or 0.5
    horizontal = _Axis(float(x.min()), float(x.max()), LEFT, SIZE[0] - RIGHT, log_x)
    return horizontal, _Axis(low - room, high + room, SIZE[1] - BOTTOM, TOP)


def draw_curves(
    curves: Sequence[Curve],
    title: str,
    x_label: str,
    log_x: bool = False,
    high: float | None = None,
) -> np.ndarray:
    """The plot, (540, 960, 3) uint8 RGB. Values above `high`, by default the highest 2 %, leave it
    at the top."""
    image = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    across, up = _axes(curves, log_x, high)

    def text(words: str, x: float, y: float, colour: tuple = (40, 40, 40)) -> None:
        place = (int(x), int(y))
        cv2.putText(image, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)

    for tick in up.ticks():
        y = int(up.pixel(tick))
        cv2.line(image, (LEFT, y), (SIZE[0] - RIGHT, y), (225, 225, 225))
        text(f"{tick:.4g}", 8, y + 5)
    for tick in across.ticks():
        x = int(across.pixel(tick))
        cv2.line(image, (x, TOP), (x, SIZE[1] - BOTTOM), (225, 225, 225))
        text(f"{tick:.4g}", x - 12, SIZE[1] - BOTTOM + 22)
    for curve, colour in zip(curves, COLOURS, strict=False):
        sure = np.isfinite(curve.y)
        points = np.stack([across.pixel(curve.x[sure]), up.pixel(curve.y[sure])], 1)
        points = points.clip(-1e4, 1e4).round().astype(np.int32)
        plot = image[TOP : SIZE[1] - BOTTOM + 1]  # a view: nothing is drawn outside of the axes
        shifted = points - (0, TOP)
        cv2.polylines(plot, [shifted.astype(np.int32)], False, colour, 2, cv2.LINE_AA)
        if len(points) == 1:
            cv2.circle(plot, tuple(map(int, shifted[0])), 4, colour, -1, cv2.LINE_AA)
    cv2.rectangle(image, (LEFT, TOP), (SIZE[0] - RIGHT, SIZE[1] - BOTTOM), (120, 120, 120))
    x = LEFT
    for curve, colour in zip(curves, COLOURS, strict=False):
        text(curve.name, x, SIZE[1] - 14, colour)
        x += cv2.getTextSize(curve.name, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)[0][0] + 24
    text(title, LEFT, TOP - 18)
    text(x_label, SIZE[0] / 2, SIZE[1] - 40)
    return image


def write_png(path: Path, image: np.ndarray) -> None:
    """Write an RGB picture atomically."""
    good, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    part = path.with_suffix(".part")
    try:
        if not good:
            raise OSError("not encoded")
        part.write_bytes(data.tobytes())
        os.replace(part, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot write the picture: {error}") from error
