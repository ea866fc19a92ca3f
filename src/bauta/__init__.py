"""bauta follows human faces in 3D, in real time, on an ordinary CPU.

    import bauta

    with bauta.Tracker() as tracker:
        for frame in bauta.open_video("clip.mp4"):
            for face in tracker(frame):
                print(frame.time, face.id, face.pose.yaw, face.points68[30])

Nothing here touches the network. Coordinates, axes and signs: docs/conventions.md.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bauta.checks import BautaError, InputError, ModelError, SinkError, SourceError
    from bauta.tracker import Tracker, detect_faces
    from bauta.types import FaceState, Pose
    from bauta.video.frame import Frame
    from bauta.video.source import open_video

try:
    __version__ = version("bauta")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0"

_HOME = {
    "BautaError": "bauta.checks",
    "FaceState": "bauta.types",
    "Frame": "bauta.video.frame",
    "InputError": "bauta.checks",
    "ModelError": "bauta.checks",
    "Pose": "bauta.types",
    "SinkError": "bauta.checks",
    "SourceError": "bauta.checks",
    "Tracker": "bauta.tracker",
    "detect_faces": "bauta.tracker",
    "open_video": "bauta.video.source",
}

__all__ = [
    "BautaError",
    "FaceState",
    "Frame",
    "InputError",
    "ModelError",
    "Pose",
    "SinkError",
    "SourceError",
    "Tracker",
    "__version__",
    "detect_faces",
    "open_video",
]


def __getattr__(name: str) -> Any:
    """Import on first use: `import bauta` alone stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'bauta' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
