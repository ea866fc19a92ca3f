"""`mp.solutions`: of MediaPipe's, those that look at faces' points."""

from bauta.compat.mediapipe.solutions import (
    drawing_styles,
    drawing_utils,
    face_mesh,
    face_mesh_connections,
)

__all__ = ["drawing_styles", "drawing_utils", "face_mesh", "face_mesh_connections"]


def __getattr__(name: str) -> object:
    raise AttributeError(
        f"mediapipe.solutions.{name}: is not in bauta, which follows faces; "
        f"there are {', '.join(__all__)}"
    )
