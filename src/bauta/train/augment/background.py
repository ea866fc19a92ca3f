"""The face kept, everything around it exchanged."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.train.augment.view import Image, Rng, View


def face_mask(view: View, grown: float = 1.0) -> np.ndarray:
    """(H, W) uint8, 255 inside the hull of the face, `grown` about its middle."""
    hull = cv2.convexHull(view.outline.astype(np.float32))[:, 0]
    middle = hull.mean(0)
    mask = np.zeros(view.image.shape[:2], np.uint8)
    # OpenCV counts pixel centres from 0; four fractional bits
    corners = np.round((middle + (hull - middle) * grown - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 255, cv2.LINE_AA, 4)
    return mask


def replace_background(rng: Rng, view: View, texture: Image) -> View:
    """`texture` (H, W, 3) outside of the face, which is kept with some of its hair and neck.

    The seam is 0.6 to 3 pixels soft. Nothing of the face's own hull is exchanged but the seam.
    """
    if len(view.outline) < 3 or not np.isfinite(view.outline).all():
        return view
    mask = face_mask(view, float(rng.uniform(1.05, 1.5)))
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 3)))
    share = soft.astype(np.float32) * np.float32(1 / 255)
    return view.with_image(cv2.blendLinear(view.image, texture, share, 1 - share))
