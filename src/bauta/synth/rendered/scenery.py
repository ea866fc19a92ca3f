"""What is behind a rendered head: nothing that was photographed, or a photograph of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import cv2
import numpy as np

from bauta.data.cutouts import read_backgrounds
from bauta.data.teachers import decode
from bauta.synth.fingerprint import hash_of


def procedural(rng: np.random.Generator, side: int) -> np.ndarray:
    """(side, side, 3) float32 linear RGB, mean near 0.25: a slope, blocks and discs, out of focus,
    and a fine grain."""
    a, b = _muted(rng, 2).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    place = np.arange(side, dtype=np.float32) / side - 0.5
    t = 0.5 + place * np.float32(np.cos(angle)) + place[:, None] * np.float32(np.sin(angle))
    image = a + np.clip(t, 0, 1)[..., None] * (b - a)
    for _ in range(int(rng.integers(0, 26))):
        colour = tuple(float(c) for c in _muted(rng, 1)[0])
        x, y = (int(v) for v in rng.uniform(-0.1, 1.1, 2) * side)
        w, h = (int(v) for v in rng.uniform(0.03, 0.5, 2) * side)
        if rng.random() < 0.6:
            corners = cv2.boxPoints(((x, y), (w, h), float(rng.normal(0, 12))))
            cv2.fillConvexPoly(image, corners.astype(np.int32), colour, cv2.LINE_AA)
        else:
            cv2.circle(image, (x, y), max(w // 3, 2), colour, -1, cv2.LINE_AA)
    image = _blurred(image, float(np.exp(rng.uniform(-0.5, 2.2))))
    grain = rng.standard_normal((side, side), np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.6, 3)))
    bright = np.maximum(1 + np.float32(rng.uniform(0, 0.35)) * grain, 0)
    return cv2.multiply(image, cv2.merge([bright] * 3))


def _blurred(image: np.ndarray, deviation: float) -> np.ndarray:
    """Wide blurs are done at half the size, where they look the same and cost an eighth."""
    if deviation < 3:
        return cv2.GaussianBlur(image, (0, 0), deviation)
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), deviation / 2)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _muted(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 3) colours of rooms and streets: mostly near grey."""
    grey = np.exp(rng.uniform(-3.5, -0.2, (count, 1)))
    return np.clip(grey * np.exp(rng.normal(0, 0.3 * rng.random(), (count, 3))), 0, 1)


@dataclass(frozen=True, eq=False)
class Photographs:
    """Encoded photographs without people."""

    files: tuple[bytes, ...]

    @cached_property
    def fingerprint(self) -> str:
        """How many, and a hash of them."""
        return f"{len(self.files)} {hash_of(self.files)}"

    def cut(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """(side, side, 3) float32 linear RGB, a part of one of them, sharp or out of focus."""
        image = decode(self.files[int(rng.integers(len(self.files)))])
        height, width = image.shape[:2]
        part = int(min(height, width) * rng.uniform(0.4, 1))
        y, x = int(rng.integers(0, height - part + 1)), int(rng.integers(0, width - part + 1))
        piece = image[y : y + part, x : x + part]
        piece = cv2.resize(piece, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            piece = np.ascontiguousarray(piece[:, ::-1])
        if rng.random() < 0.6:
            piece = cv2.GaussianBlur(piece, (0, 0), float(np.exp(rng.uniform(-0.5, 1.6))))
        return (piece.astype(np.float32) / 255) ** 2.2


@cache
def read_photographs(root: Path) -> Photographs:
    """Those of the set `negatives` (training split) in a folder; SourceError where the set is
    missing."""
    pictures, _ = read_backgrounds("train", root)
    return Photographs(tuple(picture.jpeg for picture in pictures))
