"""`mediapipe.tasks.python.vision.core`."""

from bauta.compat.mediapipe.tasks.python.vision.core import vision_task_running_mode

__all__ = ["vision_task_running_mode"]
