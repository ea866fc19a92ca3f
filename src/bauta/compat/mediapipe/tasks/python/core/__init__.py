"""`mediapipe.tasks.python.core`."""

from bauta.compat.mediapipe.tasks.python.core import base_options

__all__ = ["base_options"]
