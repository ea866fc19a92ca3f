"""`mediapipe.framework`: of it only what scripts need to hand points to the drawing."""

from bauta.compat.mediapipe.framework import formats

__all__ = ["formats"]
