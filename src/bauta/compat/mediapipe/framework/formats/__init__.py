"""`mediapipe.framework.formats`."""

from bauta.compat.mediapipe.framework.formats import landmark_pb2

__all__ = ["landmark_pb2"]
