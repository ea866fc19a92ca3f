"""`mediapipe.tasks.python.components.containers`: what a face landmarker's results are made of."""

from bauta.compat.mediapipe.tasks.python.components.containers import category, landmark
from bauta.compat.mediapipe.tasks.python.components.containers.category import Category
from bauta.compat.mediapipe.tasks.python.components.containers.landmark import NormalizedLandmark

__all__ = ["Category", "NormalizedLandmark", "category", "landmark"]
