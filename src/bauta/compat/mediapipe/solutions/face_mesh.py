"""`mp.solutions.face_mesh`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from bauta.checks import check_count, check_image
from bauta.compat.mediapipe.containers import NormalizedLandmarkList, landmarks
from bauta.compat.mediapipe.gate import Gate
from bauta.compat.mediapipe.solutions.face_mesh_connections import (
    FACEMESH_CONTOURS,
    FACEMESH_FACE_OVAL,
    FACEMESH_IRISES,
    FACEMESH_LEFT_EYE,
    FACEMESH_LEFT_EYEBROW,
    FACEMESH_LEFT_IRIS,
    FACEMESH_LIPS,
    FACEMESH_NOSE,
    FACEMESH_RIGHT_EYE,
    FACEMESH_RIGHT_EYEBROW,
    FACEMESH_RIGHT_IRIS,
    FACEMESH_TESSELATION,
)
from bauta.tracker import Tracker

__all__ = [
    "FACEMESH_CONTOURS",
    "FACEMESH_FACE_OVAL",
    "FACEMESH_IRISES",
    "FACEMESH_LEFT_EYE",
    "FACEMESH_LEFT_EYEBROW",
    "FACEMESH_LEFT_IRIS",
    "FACEMESH_LIPS",
    "FACEMESH_NOSE",
    "FACEMESH_NUM_LANDMARKS",
    "FACEMESH_NUM_LANDMARKS_WITH_IRISES",
    "FACEMESH_RIGHT_EYE",
    "FACEMESH_RIGHT_EYEBROW",
    "FACEMESH_RIGHT_IRIS",
    "FACEMESH_TESSELATION",
    "FaceMesh",
]

FACEMESH_NUM_LANDMARKS = 468
FACEMESH_NUM_LANDMARKS_WITH_IRISES = 478
RATE = 30
"""Pictures a second, as MediaPipe counts them: `process` is told no times."""


@dataclass(frozen=True)
class Results:
    """What `process` says of a picture."""

    multi_face_landmarks: list[NormalizedLandmarkList] | None
    """A list of points a face; None where there is none."""


class FaceMesh:
    """Points of the faces in pictures, MediaPipe's legacy interface.

    `static_image_mode`: pictures that have nothing to do with each other. `refine_landmarks` adds
    the ten points of the irises; the others are the same with and without. `model` and `threads`
    are ours. Best used in a `with`. InputError, a ValueError, for options that cannot be.
    """

    def __init__(
        self,
        static_image_mode: bool = False,
        max_num_faces: int = 1,
        refine_landmarks: bool = False,
        min_detection_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        *,
        model: str | Path = "base",
        threads: int = 1,
    ) -> None:
        self._static = static_image_mode
        self._count = (FACEMESH_NUM_LANDMARKS, FACEMESH_NUM_LANDMARKS_WITH_IRISES)[
            bool(refine_landmarks)
        ]
        self._gate = Gate(min_detection_confidence, min_tracking_confidence)
        check_count(max_num_faces, "max_num_faces")
        self._tracker = Tracker(model, max_num_faces, threads=threads, fit=False)
        self._seen = 0

    def process(self, image: np.ndarray) -> Results:
        """Faces of an RGB picture (H, W, 3) uint8, the next of the video unless they are static."""
        height, width = check_image(image).shape[:2]
        if self._static:
            self.reset()
        self._seen += 1
        faces = self._gate(self._tracker(image, self._seen / RATE))
        found = [
            NormalizedLandmarkList(landmarks(face, width, height, self._count)) for face in faces
        ]
        return Results(found or None)

    def reset(self) -> None:
        """Forget the faces: the next picture is the first of another video."""
        self._tracker.reset()
        self._gate.forget()

    def close(self) -> None:
        """Forget the faces; there is nothing else to release."""
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
