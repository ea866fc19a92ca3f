"""`FaceLandmarker`: points, 52 scores and the matrix of each face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple, Self

import numpy as np

from bauta.checks import InputError, check_count
from bauta.compat.mediapipe.containers import (
    Category,
    NormalizedLandmark,
    categories,
    fov_across,
    landmarks,
    matrix,
)
from bauta.compat.mediapipe.gate import Gate
from bauta.compat.mediapipe.image import Image
from bauta.compat.mediapipe.solutions import face_mesh_connections as mesh
from bauta.compat.mediapipe.tasks.python.core.base_options import BaseOptions
from bauta.compat.mediapipe.tasks.python.vision.core.vision_task_running_mode import (
    VisionTaskRunningMode as RunningMode,
)
from bauta.overlap import Newest
from bauta.tracker import Tracker, detect_faces
from bauta.types import FaceState


class Blendshapes(IntEnum):
    """Index of each score."""

    NEUTRAL = 0
    BROW_DOWN_LEFT = 1
    BROW_DOWN_RIGHT = 2
    BROW_INNER_UP = 3
    BROW_OUTER_UP_LEFT = 4
    BROW_OUTER_UP_RIGHT = 5
    CHEEK_PUFF = 6
    CHEEK_SQUINT_LEFT = 7
    CHEEK_SQUINT_RIGHT = 8
    EYE_BLINK_LEFT = 9
    EYE_BLINK_RIGHT = 10
    EYE_LOOK_DOWN_LEFT = 11
    EYE_LOOK_DOWN_RIGHT = 12
    EYE_LOOK_IN_LEFT = 13
    EYE_LOOK_IN_RIGHT = 14
    EYE_LOOK_OUT_LEFT = 15
    EYE_LOOK_OUT_RIGHT = 16
    EYE_LOOK_UP_LEFT = 17
    EYE_LOOK_UP_RIGHT = 18
    EYE_SQUINT_LEFT = 19
    EYE_SQUINT_RIGHT = 20
    EYE_WIDE_LEFT = 21
    EYE_WIDE_RIGHT = 22
    JAW_FORWARD = 23
    JAW_LEFT = 24
    JAW_OPEN = 25
    JAW_RIGHT = 26
    MOUTH_CLOSE = 27
    MOUTH_DIMPLE_LEFT = 28
    MOUTH_DIMPLE_RIGHT = 29
    MOUTH_FROWN_LEFT = 30
    MOUTH_FROWN_RIGHT = 31
    MOUTH_FUNNEL = 32
    MOUTH_LEFT = 33
    MOUTH_LOWER_DOWN_LEFT = 34
    MOUTH_LOWER_DOWN_RIGHT = 35
    MOUTH_PRESS_LEFT = 36
    MOUTH_PRESS_RIGHT = 37
    MOUTH_PUCKER = 38
    MOUTH_RIGHT = 39
    MOUTH_ROLL_LOWER = 40
    MOUTH_ROLL_UPPER = 41
    MOUTH_SHRUG_LOWER = 42
    MOUTH_SHRUG_UPPER = 43
    MOUTH_SMILE_LEFT = 44
    MOUTH_SMILE_RIGHT = 45
    MOUTH_STRETCH_LEFT = 46
    MOUTH_STRETCH_RIGHT = 47
    MOUTH_UPPER_UP_LEFT = 48
    MOUTH_UPPER_UP_RIGHT = 49
    NOSE_SNEER_LEFT = 50
    NOSE_SNEER_RIGHT = 51


class Connection(NamedTuple):
    """Two points that are joined."""

    start: int
    end: int


def _connections(edges: frozenset[tuple[int, int]]) -> list[Connection]:
    return [Connection(*edge) for edge in sorted(edges)]


class FaceLandmarksConnections:
    """Which points of the mesh are joined."""

    Connection = Connection
    FACE_LANDMARKS_CONTOURS = _connections(mesh.FACEMESH_CONTOURS)
    FACE_LANDMARKS_FACE_OVAL = _connections(mesh.FACEMESH_FACE_OVAL)
    FACE_LANDMARKS_LEFT_EYE = _connections(mesh.FACEMESH_LEFT_EYE)
    FACE_LANDMARKS_LEFT_EYEBROW = _connections(mesh.FACEMESH_LEFT_EYEBROW)
    FACE_LANDMARKS_LEFT_IRIS = _connections(mesh.FACEMESH_LEFT_IRIS)
    FACE_LANDMARKS_LIPS = _connections(mesh.FACEMESH_LIPS)
    FACE_LANDMARKS_RIGHT_EYE = _connections(mesh.FACEMESH_RIGHT_EYE)
    FACE_LANDMARKS_RIGHT_EYEBROW = _connections(mesh.FACEMESH_RIGHT_EYEBROW)
    FACE_LANDMARKS_RIGHT_IRIS = _connections(mesh.FACEMESH_RIGHT_IRIS)
    FACE_LANDMARKS_TESSELATION = _connections(mesh.FACEMESH_TESSELATION)


@dataclass
class FaceLandmarkerResult:
    """One entry a face in each list; the last two are empty unless they were asked for."""

    face_landmarks: list[list[NormalizedLandmark]] = field(default_factory=list)
    face_blendshapes: list[list[Category]] = field(default_factory=list)
    facial_transformation_matrixes: list[np.ndarray] = field(default_factory=list)


@dataclass
class FaceLandmarkerOptions:
    """MediaPipe's options; docs/compat.md says what the confidences do here."""

    base_options: BaseOptions
    running_mode: RunningMode = RunningMode.IMAGE
    num_faces: int = 1
    min_face_detection_confidence: float = 0.5
    min_face_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    output_face_blendshapes: bool = False
    output_facial_transformation_matrixes: bool = False
    result_callback: Callable[[FaceLandmarkerResult, Image, int], Any] | None = None

    def __post_init__(self) -> None:
        check_count(self.num_faces, "num_faces")
        live = self.running_mode == RunningMode.LIVE_STREAM
        if live and self.result_callback is None:
            raise InputError("result_callback: the live stream mode needs one")
        if not live and self.result_callback is not None:
            raise InputError("result_callback: only the live stream mode has one")

    @property
    def fitted(self) -> bool:
        """Whether anything is asked for that needs the face model."""
        return self.output_face_blendshapes or self.output_facial_transformation_matrixes


class FaceLandmarker:
    """Finds faces: `detect` for pictures, `detect_for_video` for frames with their times,
    `detect_async` for a camera. Made by `create_from_options`; best used in a `with`.

    Times need not grow. InputError, a ValueError, for a call that is of another mode.
    """

    def __init__(self, options: FaceLandmarkerOptions) -> None:
        self._options = options
        presence, tracking = options.min_face_presence_confidence, options.min_tracking_confidence
        self._gate = Gate(
            max(options.min_face_detection_confidence, presence), max(presence, tracking)
        )
        self._tracker: Tracker | None = None
        self._fov: float | None = None
        self._live = None if options.result_callback is None else Newest(self._tell)

    @classmethod
    def create_from_options(cls, options: FaceLandmarkerOptions) -> FaceLandmarker:
        """The landmarker that the options ask for."""
        return cls(options)

    @classmethod
    def create_from_model_path(cls, model_path: str) -> FaceLandmarker:
        """For single pictures and one face; `model_path` as in `BaseOptions`."""
        return cls(FaceLandmarkerOptions(BaseOptions(model_path)))

    def detect(
        self, image: Image, image_processing_options: object | None = None
    ) -> FaceLandmarkerResult:
        """Faces of a picture that has nothing to do with the one before."""
        self._check(RunningMode.IMAGE, image_processing_options)
        options, pixels = self._options, image.rgb()
        fov = fov_across(image.width, image.height) if options.fitted else None
        faces = detect_faces(
            pixels, options.base_options.model(), options.num_faces, fit=options.fitted, fov=fov
        )
        self._gate.forget()
        return self._result(self._gate(faces), image)

    def detect_for_video(
        self, image: Image, timestamp_ms: int, image_processing_options: object | None = None
    ) -> FaceLandmarkerResult:
        """Faces of the frame at `timestamp_ms` milliseconds of a video."""
        self._check(RunningMode.VIDEO, image_processing_options)
        return self._follow(image, timestamp_ms)

    def detect_async(
        self, image: Image, timestamp_ms: int, image_processing_options: object | None = None
    ) -> None:
        """Hand over the newest picture of a camera and return at once.

        `result_callback(result, image, timestamp_ms)` is called in another thread. A picture that
        still waits when the next one comes is dropped. What the callback raised is raised here.
        """
        self._check(RunningMode.LIVE_STREAM, image_processing_options)
        assert self._live is not None
        self._live(image, timestamp_ms)

    def close(self) -> None:
        """Finish what was handed over live, and forget the faces."""
        if self._live is not None:
            self._live.close()
        self._tracker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _check(self, mode: RunningMode, processing: object | None) -> None:
        if self._options.running_mode != mode:
            raise InputError(
                f"this call is for the mode {mode.name}, the landmarker was made for "
                f"{self._options.running_mode.name}; change running_mode"
            )
        if processing is not None:
            raise InputError("image_processing_options: not supported; turn the picture first")

    def _tell(self, image: Image, timestamp_ms: int) -> None:
        callback = self._options.result_callback
        assert callback is not None
        callback(self._follow(image, timestamp_ms), image, timestamp_ms)

    def _follow(self, image: Image, timestamp_ms: int) -> FaceLandmarkerResult:
        pixels = image.rgb()
        faces = self._tracker_for(image)(pixels, timestamp_ms / 1000)
        return self._result(self._gate(faces), image)

    def _tracker_for(self, image: Image) -> Tracker:
        """The tracker with the camera that MediaPipe assumes for pictures of this shape."""
        options = self._options
        fov = fov_across(image.width, image.height) if options.fitted else None
        if self._tracker is None or fov != self._fov:
            model = options.base_options.model()
            self._tracker = Tracker(model, options.num_faces, fit=options.fitted, fov=fov)
            self._fov = fov
        return self._tracker

    def _result(self, faces: list[FaceState], image: Image) -> FaceLandmarkerResult:
        size, options = (image.width, image.height), self._options
        return FaceLandmarkerResult(
            [landmarks(face, *size, 478) for face in faces],
            [categories(face) for face in faces if options.output_face_blendshapes],
            [
                matrix(face, *size)
                for face in faces
                if options.output_facial_transformation_matrixes
            ],
        )
