"""`mp.tasks`."""

from bauta.compat.mediapipe.tasks import python
from bauta.compat.mediapipe.tasks.python import BaseOptions, vision

__all__ = ["BaseOptions", "python", "vision"]
