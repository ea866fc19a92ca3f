"""Paste patches into a picture and keep the books: which faces are seen, which are half hidden."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from bauta.data.cutouts import box_of, ellipse_in

LEAST_SIZE = 8.0
"""Faces smaller than this (square root of the box's area, pixels) are ignored."""
HIDDEN = 0.55
"""A face of which less is visible is ignored."""


@dataclass
class Scene:
    """`image` (H, W, 3) uint8 RGB; `boxes` (K, 4) and `ignore` (M, 4) float32 pixels."""

    image: np.ndarray
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    ignore: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))


def similarity(scale: float, roll: float, flip: bool, source: np.ndarray, target: np.ndarray):
    """(2, 3): mirror if `flip`, turn by `roll` degrees clockwise, scale; `source` to `target`."""
    cos, sin = np.cos(np.radians(roll)) * scale, np.sin(np.radians(roll)) * scale
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if flip else 1.0, 1.0])
    return np.concatenate([linear, (target - linear @ source)[:, None]], 1)


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (K, 2) through a (2, 3) transform, float32."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def soft_mask(shape: tuple[int, int], area: np.ndarray, oval: bool, feather: float) -> np.ndarray:
    """(H, W) uint8: a box (4,) or its ellipse, its edge softened over `feather` pixels."""
    mask = np.zeros(shape, np.uint8)
    if oval:
        cv2.fillPoly(mask, [np.round(ellipse_in(area)).astype(np.int32)], 255)
    else:
        x1, y1, x2, y2 = np.round(area).astype(int)
        mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 255
    width = int(feather)
    if width < 1:
        return mask
    size = 2 * width + 1
    square = np.ones((size, size), np.uint8)
    mask = cv2.erode(mask, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return cv2.blur(mask, (size, size), borderType=cv2.BORDER_CONSTANT)


class Canvas:
    """A scene being made: picture, faces so far, regions to ignore."""

    def __init__(self, image: np.ndarray) -> None:
        self.image = image
        self.boxes: list[np.ndarray] = []
        self.ignore: list[np.ndarray] = []

    def paste(
        self,
        picture: np.ndarray,
        outlines: list[tuple[np.ndarray, bool]],
        matrix: np.ndarray,
        mask: np.ndarray,
        clip: np.ndarray | None = None,
    ) -> bool:
        """Paste (h, w, 3) under `mask` (h, w) through `matrix` (2, 3); `clip` (4,) scene pixels.

        False, and nothing happens, when it would cover a face that is already there.
        """
        height, width = self.image.shape[:2]
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * picture.shape[1::-1]
        extent = box_of(move(corners, matrix))
        limit = np.array([0, 0, width, height]) if clip is None else clip
        x1, y1 = np.maximum(np.floor(extent[:2]), limit[:2]).astype(int)
        x2, y2 = np.minimum(np.ceil(extent[2:]), limit[2:]).astype(int)
        if x2 - x1 < 4 or y2 - y1 < 4:
            return False
        local = matrix.copy()
        local[:, 2] += local[:, :2] @ (0.5, 0.5) - (x1 + 0.5, y1 + 0.5)
        size = (x2 - x1, y2 - y1)
        alpha = cv2.warpAffine(mask, local, size, flags=cv2.INTER_LINEAR)
        cover = np.zeros((height, width), np.uint8)
        cover[y1:y2, x1:x2] = alpha
        if any(_mean(cover, box) > 0.25 for box in self.boxes):
            return False
        patch = cv2.warpAffine(picture, local, size, borderMode=cv2.BORDER_REPLICATE)
        weight = alpha[..., None].astype(np.float32) / 255
        under = self.image[y1:y2, x1:x2]
        self.image[y1:y2, x1:x2] = np.round(patch * weight + under * (1 - weight))
        for points, sure in outlines:
            self._add(box_of(move(points, matrix)), sure, cover)
        return True

    def _add(self, box: np.ndarray, sure: bool, cover: np.ndarray) -> None:
        height, width = cover.shape
        inside = np.clip(box, 0, [width, height, width, height]).astype(np.float32)
        whole = max(float((box[2:] - box[:2]).prod()), 1e-6)
        part = float((inside[2:] - inside[:2]).prod())
        seen = _mean(cover, inside) * part / whole
        if seen < 0.08 or part <= 0:
            return
        good = sure and seen >= HIDDEN and part**0.5 >= LEAST_SIZE
        (self.boxes if good else self.ignore).append(inside)

    def scene(self) -> Scene:
        """The finished scene."""
        empty = np.zeros((0, 4), np.float32)
        stacked = [np.stack(boxes) if boxes else empty for boxes in (self.boxes, self.ignore)]
        return Scene(self.image, *stacked)


def _mean(cover: np.ndarray, box: np.ndarray) -> float:
    x1, y1 = np.maximum(np.floor(box[:2]), 0).astype(int)
    x2, y2 = np.ceil(box[2:]).astype(int)
    part = cover[y1:y2, x1:x2]
    return float(part.mean()) / 255 if part.size else 0.0


def shrink(picture: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture made smaller without aliasing when `scale` asks for it, and (2,) its factors."""
    height, width = picture.shape[:2]
    if scale >= 0.8:
        return picture, np.ones(2)
    size = (max(round(width * scale), 2), max(round(height * scale), 2))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small, np.array(size) / (width, height)
