"""`mp.solutions.drawing_styles`: MediaPipe's colours for the mesh (BGR)."""

from __future__ import annotations

from bauta.compat.mediapipe.solutions import face_mesh_connections as mesh
from bauta.compat.mediapipe.solutions.drawing_utils import DrawingSpec

Connection = tuple[int, int]
RED, GREEN, BLUE = (48, 48, 255), (48, 255, 48), (192, 101, 21)
YELLOW, GRAY, WHITE = (0, 204, 255), (128, 128, 128), (224, 224, 224)
CYAN, MAGENTA = (192, 255, 48), (192, 48, 255)
CONTOURS = (
    {
        mesh.FACEMESH_LIPS: WHITE,
        mesh.FACEMESH_LEFT_EYE: GREEN,
        mesh.FACEMESH_LEFT_EYEBROW: GREEN,
        mesh.FACEMESH_RIGHT_EYE: RED,
        mesh.FACEMESH_RIGHT_EYEBROW: RED,
        mesh.FACEMESH_FACE_OVAL: WHITE,
    },
    {
        mesh.FACEMESH_LIPS: BLUE,
        mesh.FACEMESH_LEFT_EYE: CYAN,
        mesh.FACEMESH_LEFT_EYEBROW: GREEN,
        mesh.FACEMESH_RIGHT_EYE: MAGENTA,
        mesh.FACEMESH_RIGHT_EYEBROW: RED,
        mesh.FACEMESH_FACE_OVAL: WHITE,
        mesh.FACEMESH_NOSE: YELLOW,
    },
)


def get_default_face_mesh_contours_style(i: int = 0) -> dict[Connection, DrawingSpec]:
    """Looks of each line of `FACEMESH_CONTOURS`; 1 is the second style, with the nose."""
    colours = CONTOURS[1 if i == 1 else 0]
    return {edge: DrawingSpec(colour) for edges, colour in colours.items() for edge in edges}


def get_default_face_mesh_tesselation_style() -> DrawingSpec:
    """Looks of the lines of `FACEMESH_TESSELATION`."""
    return DrawingSpec(GRAY, thickness=1)


def get_default_face_mesh_iris_connections_style() -> dict[Connection, DrawingSpec]:
    """Looks of each line of `FACEMESH_IRISES`: the left iris green, the right red."""
    sides = ((mesh.FACEMESH_LEFT_IRIS, GREEN), (mesh.FACEMESH_RIGHT_IRIS, RED))
    return {edge: DrawingSpec(colour) for edges, colour in sides for edge in edges}
