"""`mediapipe.tasks.python`."""

from bauta.compat.mediapipe.tasks.python import core, vision
from bauta.compat.mediapipe.tasks.python.core.base_options import BaseOptions

__all__ = ["BaseOptions", "core", "vision"]
