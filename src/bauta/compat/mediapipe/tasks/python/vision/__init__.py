"""`mp.tasks.vision`: of MediaPipe's, the face landmarker."""

from bauta.compat.mediapipe.tasks.python.vision import (
    core,
    drawing_styles,
    drawing_utils,
    face_landmarker,
)
from bauta.compat.mediapipe.tasks.python.vision.core.vision_task_running_mode import (
    VisionTaskRunningMode as RunningMode,
)
from bauta.compat.mediapipe.tasks.python.vision.face_landmarker import (
    FaceLandmarker,
    FaceLandmarkerOptions,
    FaceLandmarkerResult,
    FaceLandmarksConnections,
)

__all__ = [
    "FaceLandmarker",
    "FaceLandmarkerOptions",
    "FaceLandmarkerResult",
    "FaceLandmarksConnections",
    "RunningMode",
    "core",
    "drawing_styles",
    "drawing_utils",
    "face_landmarker",
]
