"""`containers.landmark`."""

from bauta.compat.mediapipe.containers import NormalizedLandmark

__all__ = ["NormalizedLandmark"]
