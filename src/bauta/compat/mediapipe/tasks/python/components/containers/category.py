"""`containers.category`."""

from bauta.compat.mediapipe.containers import Category

__all__ = ["Category"]
