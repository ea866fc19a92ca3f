"""Find faces in one picture: network output to boxes, and the detector around it."""

from bauta.detect.detector import Detector

__all__ = ["Detector"]
