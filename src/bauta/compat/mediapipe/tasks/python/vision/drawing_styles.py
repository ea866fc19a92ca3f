"""`mediapipe.tasks.python.vision.drawing_styles`: where newer versions keep the colours."""

from bauta.compat.mediapipe.solutions.drawing_styles import (
    get_default_face_mesh_contours_style,
    get_default_face_mesh_iris_connections_style,
    get_default_face_mesh_tesselation_style,
)

__all__ = [
    "get_default_face_mesh_contours_style",
    "get_default_face_mesh_iris_connections_style",
    "get_default_face_mesh_tesselation_style",
]
