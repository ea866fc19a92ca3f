"""`mediapipe.tasks.python`."""

from bauta.compat.mediapipe.tasks.python import components, core, vision
from bauta.compat.mediapipe.tasks.python.core.base_options import BaseOptions

__all__ = ["BaseOptions", "components", "core", "vision"]
