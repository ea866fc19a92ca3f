"""`landmark_pb2`: lists of points; plain objects here, no protocol buffers."""

from bauta.compat.mediapipe.containers import NormalizedLandmark, NormalizedLandmarkList

__all__ = ["NormalizedLandmark", "NormalizedLandmarkList"]
