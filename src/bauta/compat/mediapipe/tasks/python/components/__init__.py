"""`mediapipe.tasks.python.components`."""

from bauta.compat.mediapipe.tasks.python.components import containers

__all__ = ["containers"]
