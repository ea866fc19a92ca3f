"""MediaPipe's two confidences: one to take up a face, one to go on with it."""

from __future__ import annotations

from collections.abc import Sequence

from bauta.checks import InputError
from bauta.types import FaceState


class Gate:
    """Faces whose score is high enough: at least `new` for an id that was not there a frame ago,
    `kept` for others. Below 0.5 neither changes anything: the tracker lets such faces go."""

    def __init__(self, new: float, kept: float) -> None:
        for name, value in (("detection", new), ("tracking", kept)):
            if not 0 <= value <= 1:
                raise InputError(f"min_{name}_confidence: expected 0..1, got {value}")
        self._new, self._kept = new, kept
        self._ids: set[int] = set()

    def __call__(self, faces: Sequence[FaceState]) -> list[FaceState]:
        """Those of the next frame's faces that are sure enough."""
        passed = [
            face
            for face in faces
            if face.score >= (self._kept if face.id in self._ids else self._new)
        ]
        self._ids = {face.id for face in passed}
        return passed

    def forget(self) -> None:
        """The next picture has nothing to do with the last one."""
        self._ids = set()
