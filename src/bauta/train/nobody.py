"""Crops that show no face, and textures: what the rows of a pack without a face are for."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.data.packs import Pack
from bauta.geometry import affine
from bauta.train.augment import Augment, View, framed
from bauta.train.augment.appearance import appearance
from bauta.train.augment.geometry import draw_map
from bauta.train.augment.view import Image, Rng

PHOTOGRAPH, LOOKALIKE = 0.3, 0.4
"""Shares of crops without a face that show a photograph of nobody or a look-alike; the others are
faces far outside of the crop or far too small in it."""


class Nobody:
    """Photographs of nobody and look-alikes of some rows of a pack. Photographs stay decoded."""

    def __init__(self, pack: Pack, rows: np.ndarray) -> None:
        self.pack = pack
        empty = rows[~pack.face[rows]]
        framed_rows = np.isfinite(pack.frame[empty]).all(1)
        self.lookalikes, self.photos = empty[framed_rows], empty[~framed_rows]
        self._decoded: dict[int, Image] = {}

    def texture(self, rng: Rng, size: int) -> Image:
        """(size, size, 3): a random square of a photograph; soft colours when there is none."""
        if not len(self.photos):
            coarse = rng.integers(0, 256, (5, 5, 3), np.uint8)
            return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        row = int(self.photos[int(rng.integers(len(self.photos)))])
        image = self._decoded.get(row)
        if image is None:
            image = self._decoded[row] = self.pack.image(row)
        height, width = image.shape[:2]
        side = rng.uniform(0.2, 1.0) * min(height, width)
        center = rng.uniform(0, 1, 2) * (width - side, height - side) + side / 2
        T = affine.similarity(center, side, 0.0, size)
        return cv2.warpAffine(image, affine.for_opencv(T), (size, size))

    def crop(self, rng: Rng, row: int, size: int, augment: Augment) -> View:
        """A crop of `size` pixels without a face; the face of `row` may be shown out of place."""
        kind = rng.random()
        if kind < PHOTOGRAPH and len(self.photos):
            view = View(self.texture(rng, size), {}, {})
        else:
            alike = PHOTOGRAPH <= kind < PHOTOGRAPH + LOOKALIKE and len(self.lookalikes)
            if alike:
                row = int(self.lookalikes[int(rng.integers(len(self.lookalikes)))])
            frame = self.pack.frame[row]
            view = View(self.pack.image(row), {}, {}, frame=tuple(frame.tolist()))
            T = (
                draw_map(rng, view.frame, size, augment.geometry, augment.box)
                if alike
                else self._beside(rng, frame, size)
            )
            rect = self.pack.rect[row]
            view = framed(rng, view, T, size, rect, lambda: self.texture(rng, size))
        return view.with_image(appearance(rng, view.image, augment.appearance))

    @staticmethod
    def _beside(rng: Rng, frame: np.ndarray, size: int) -> np.ndarray:
        """T_crop_pack of a square that holds a piece of the face, or lies beside it."""
        piece = rng.random() < 0.5
        side = frame[2] * (rng.uniform(0.2, 0.4) if piece else rng.uniform(0.8, 1.5))
        away = 0.0 if piece else rng.uniform(0.65, 1.0) * max(side, float(frame[2]))
        a = rng.uniform(0, 2 * np.pi)
        center = frame[:2] + away * np.array([np.cos(a), np.sin(a)])
        return affine.similarity(center, side, float(rng.normal() * 0.3), size)
