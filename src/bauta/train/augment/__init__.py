"""Augmentation: picture, points, visibility and pose move together. numpy and OpenCV only.

    view = warp(view, draw_map(...), size)      where the crop lies: one warp
    view = replace_background(...)              what is around the face
    view = occlude(...)                         what is in front of it
    view = view.with_image(appearance(...))     light, camera, codec

`augmented` runs all of them with the settings of a recipe's `[augment]`.
"""

from bauta.train.augment.chain import augmented, framed
from bauta.train.augment.settings import (
    NONE,
    Appearance,
    Augment,
    BoxJitter,
    Geometry,
    Occlusion,
)
from bauta.train.augment.view import View, warp

__all__ = [
    "NONE",
    "Appearance",
    "Augment",
    "BoxJitter",
    "Geometry",
    "Occlusion",
    "View",
    "augmented",
    "framed",
    "warp",
]
