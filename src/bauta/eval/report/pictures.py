"""Pictures of single faces with their predicted and true points, as JPEG inside the page."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from bauta.checks import SinkError
from bauta.eval.views import Errors
from bauta.geometry import affine

SIDE = 224
"""Pixels of a picture in the report."""
ROOM = 1.5
"""Side of the crop over the longer side of the true points' box."""
PREDICTED, TRUE = (255, 176, 32), (64, 200, 255)
"""RGB of the dots."""
WORST = 50


def worst(errors: Errors, count: int = WORST) -> np.ndarray:
    """Rows of the largest errors, faces not found first, then falling."""
    values = errors.mean[errors.view.norms[0]]
    order = np.argsort(-np.where(np.isfinite(values), values, np.inf), kind="stable")
    return order[:count]


def face_picture(image: np.ndarray, predicted: np.ndarray, truth: np.ndarray) -> bytes:
    """JPEG of the face in RGB `image`: true points blue, predicted ones orange, joined by a line.

    Both (K, 2) pixels of the picture, NaN where unknown.
    """
    import cv2

    known = truth[np.isfinite(truth).all(1)]
    low, high = known.min(0), known.max(0)
    T = affine.similarity((low + high) / 2, max(float(max(high - low)) * ROOM, 1.0), 0.0, SIDE)
    how = cv2.INTER_AREA if affine.scale_of(T) < 1 else cv2.INTER_CUBIC
    crop = cv2.warpAffine(image, affine.for_opencv(T), (SIDE, SIDE), flags=how)
    ours, theirs = affine.apply(T, predicted), affine.apply(T, truth)
    for a, b in zip(ours, theirs, strict=True):
        if np.isfinite(a).all() and np.isfinite(b).all():
            cv2.line(crop, _at(a), _at(b), (240, 240, 240), 1, cv2.LINE_AA, 4)
    radius = 18 if len(truth) > 200 else 28
    for points, colour in ((theirs, TRUE), (ours, PREDICTED)):
        for point in points[np.isfinite(points).all(1)]:
            cv2.circle(crop, _at(point), radius, colour, -1, cv2.LINE_AA, 4)
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82]
    )
    if not done:
        raise SinkError("report: a picture could not be encoded as JPEG")
    return data.tobytes()


def data_uri(jpeg: bytes) -> str:
    """For the `src` of an image."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def gallery(
    errors: Errors, picture_of: Callable[[str], np.ndarray], count: int = WORST
) -> list[tuple[str, str]]:
    """(caption, data URI) of the worst faces; `picture_of` reads the picture of a name."""
    out = []
    values = errors.mean[errors.view.norms[0]]
    for row in worst(errors, count).tolist():
        name = str(errors.truth.names[row])
        jpeg = face_picture(picture_of(name), errors.predicted[row], errors.expected[row])
        text = "not found" if not np.isfinite(values[row]) else f"{values[row]:.1f} %"
        out.append((f"{text} · {name}", data_uri(jpeg)))
    return out


def _at(point: np.ndarray) -> tuple[int, int]:
    """Sixteenths of a pixel, centres at whole numbers, as OpenCV draws with shift 4."""
    x, y = np.clip(np.rint((point - 0.5) * 16), -32000, 32000).astype(int).tolist()
    return x, y
