"""From a packed face to what a network sees: all transforms in their order."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from bauta.geometry import affine
from bauta.train.augment.appearance import appearance
from bauta.train.augment.background import replace_background
from bauta.train.augment.geometry import draw_map
from bauta.train.augment.occluders import occlude
from bauta.train.augment.settings import Augment
from bauta.train.augment.view import Image, Rng, View, moved

BORDERS = (
    cv2.BORDER_CONSTANT,
    cv2.BORDER_CONSTANT,
    cv2.BORDER_REPLICATE,
    cv2.BORDER_REFLECT_101,
)
"""What lies outside of the picture: black, twice as often, its edge, or its mirror image; and as
often as each of the latter a photograph."""


def framed(
    rng: Rng, view: View, T: np.ndarray, size: int, rect: np.ndarray, texture: Callable[[], Image]
) -> View:
    """The crop T (2, 3) of `size` pixels; what lies outside of `rect`, the part of the view's image
    that is picture, is filled in one of several ways. `texture()` gives a photograph of `size`."""
    choice = int(rng.integers(len(BORDERS) + 1))
    height, width = view.image.shape[:2]
    x1, y1, x2, y2 = np.clip(np.round(rect), 0, (width, height, width, height)).astype(int)
    # a picture that does not reach into the view at all leaves one pixel to extend
    x1, y1 = min(x1, width - 1), min(y1, height - 1)
    inner = view.image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    inner, T_view_inner = _reduced(inner, int(1 / max(affine.scale_of(T), 1e-3)))
    T_view_inner[:, 2] += (x1, y1)
    M = affine.for_opencv(affine.compose(T, T_view_inner))

    def paint(_: Image) -> Image:
        if choice < len(BORDERS):
            return cv2.warpAffine(inner, M, (size, size), borderMode=BORDERS[choice])
        out = texture()
        return cv2.warpAffine(inner, M, (size, size), dst=out, borderMode=cv2.BORDER_TRANSPARENT)

    return moved(view, T, paint)


def _reduced(image: Image, factor: int) -> tuple[Image, np.ndarray]:
    """The image averaged down by a whole `factor`, as when a crop is cut to be tracked, so that no
    pixel is skipped; and T_image_reduced."""
    height, width = (max(1, n // factor) if factor >= 2 else n for n in image.shape[:2])
    T = np.array([[image.shape[1] / width, 0, 0], [0, image.shape[0] / height, 0]])
    if factor >= 2:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return image, T


def augmented(
    rng: Rng,
    view: View,
    size: int,
    rect: np.ndarray,
    settings: Augment,
    texture: Callable[[], Image],
) -> View:
    """One random crop of `size` pixels of the face in `view`, everything drawn from `rng`."""
    T = draw_map(rng, view.frame, size, settings.geometry, settings.box)
    view = framed(rng, view, T, size, rect, texture)
    if rng.random() < settings.background:
        view = replace_background(rng, view, texture())
    if rng.random() < settings.occlusion.share:
        view = occlude(rng, view, settings.occlusion, texture())
    return view.with_image(appearance(rng, view.image, settings.appearance))
