"""Which points of the mesh are joined, as sets of (start, end): MediaPipe's own tables."""

from __future__ import annotations

from bauta.tables import mesh478


def _edges(name: str) -> frozenset[tuple[int, int]]:
    return frozenset((a, b) for a, b in mesh478()[f"edges_{name}"].tolist())


FACEMESH_CONTOURS = _edges("contours")
FACEMESH_FACE_OVAL = _edges("face_oval")
FACEMESH_IRISES = _edges("irises")
FACEMESH_LEFT_EYE = _edges("left_eye")
FACEMESH_LEFT_EYEBROW = _edges("left_eyebrow")
FACEMESH_LEFT_IRIS = _edges("left_iris")
FACEMESH_LIPS = _edges("lips")
FACEMESH_NOSE = _edges("nose")
FACEMESH_RIGHT_EYE = _edges("right_eye")
FACEMESH_RIGHT_EYEBROW = _edges("right_eyebrow")
FACEMESH_RIGHT_IRIS = _edges("right_iris")
FACEMESH_TESSELATION = _edges("tesselation")
