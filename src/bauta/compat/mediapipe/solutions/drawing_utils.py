"""`mp.solutions.drawing_utils` and `mp.tasks.vision.drawing_utils`: points and lines with OpenCV.

Colours are in the order of the picture's own channels: BGR where OpenCV made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bauta.checks import InputError
from bauta.compat.mediapipe.containers import NormalizedLandmark, NormalizedLandmarkList

WHITE_COLOR = (224, 224, 224)
BLACK_COLOR = (0, 0, 0)
RED_COLOR = (0, 0, 255)
GREEN_COLOR = (0, 128, 0)
BLUE_COLOR = (255, 0, 0)
LEAST = 0.5
"""Visibility and presence below which a point that has them is not drawn."""


@dataclass
class DrawingSpec:
    """Looks of points or lines; lengths in pixels, thickness -1 fills."""

    color: tuple[int, int, int] = WHITE_COLOR
    thickness: int = 2
    circle_radius: int = 2


POINTS, LINES = DrawingSpec(RED_COLOR), DrawingSpec()


def draw_landmarks(
    image: np.ndarray,
    landmark_list: NormalizedLandmarkList | Sequence[NormalizedLandmark],
    connections: Iterable[Any] | None = None,
    landmark_drawing_spec: DrawingSpec | Mapping[int, DrawingSpec] | None = POINTS,
    connection_drawing_spec: DrawingSpec | Mapping[tuple[int, int], DrawingSpec] | None = LINES,
    is_drawing_landmarks: bool = True,
) -> None:
    """Draw the points of a face, and the lines between them, on a picture in place.

    `landmark_list` is an element of `multi_face_landmarks` or of `face_landmarks`, `connections`
    pairs of indices or objects with `start` and `end`. A spec of None leaves points or lines out.
    InputError for a picture without three channels and for a line to a point that is not there.
    """
    import cv2

    listed = isinstance(landmark_list, NormalizedLandmarkList)
    points = landmark_list.landmark if listed else landmark_list
    if not points:
        return
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"image: expected three channels, got shape {image.shape}")
    pixels = _pixels(points, image.shape[1], image.shape[0])
    for start, end in map(_ends, connections or ()):
        if not (0 <= start < len(points) and 0 <= end < len(points)):
            raise InputError(
                f"connections: expected points 0 to {len(points) - 1}, got {start} to {end}; "
                "the irises need refine_landmarks=True"
            )
        if connection_drawing_spec and start in pixels and end in pixels:
            spec = _of(connection_drawing_spec, (start, end))
            cv2.line(image, pixels[start], pixels[end], spec.color, spec.thickness)
    if is_drawing_landmarks and landmark_drawing_spec:
        for index, center in pixels.items():
            spec = _of(landmark_drawing_spec, index)
            rim = max(spec.circle_radius + 1, int(spec.circle_radius * 1.2))
            cv2.circle(image, center, rim, WHITE_COLOR, spec.thickness)
            cv2.circle(image, center, spec.circle_radius, spec.color, spec.thickness)


def _of(spec: Any, key: object) -> DrawingSpec:
    return spec[key] if isinstance(spec, Mapping) else spec


def _ends(connection: Any) -> tuple[int, int]:
    if hasattr(connection, "start"):
        return connection.start, connection.end
    start, end = connection
    return start, end


def _pixels(
    points: Sequence[NormalizedLandmark], width: int, height: int
) -> dict[int, tuple[int, int]]:
    """Pixel of each point that is to be seen."""
    found = {}
    for index, point in enumerate(points):
        doubts = (n for n in ("visibility", "presence") if point.HasField(n))
        if any(getattr(point, name) < LEAST for name in doubts):
            continue
        pixel = _normalized_to_pixel_coordinates(point.x, point.y, width, height)
        if pixel is not None:
            found[index] = pixel
    return found


def _normalized_to_pixel_coordinates(
    normalized_x: float, normalized_y: float, image_width: int, image_height: int
) -> tuple[int, int] | None:
    """The pixel that a point lies in; None outside of the picture. Scripts call it by this name."""
    inside = (0 <= v <= 1 for v in (normalized_x, normalized_y))
    if not all(inside):
        return None
    x = min(math.floor(normalized_x * image_width), image_width - 1)
    return x, min(math.floor(normalized_y * image_height), image_height - 1)
