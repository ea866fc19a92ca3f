"""`mp.tasks`."""

from bauta.compat.mediapipe.tasks import python
from bauta.compat.mediapipe.tasks.python import BaseOptions, components, vision

__all__ = ["BaseOptions", "components", "python", "vision"]
