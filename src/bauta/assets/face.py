"""The face model that ships."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bauta.morphable.file import read_model
from bauta.morphable.model import FaceModel

FILE = Path(__file__).parent / "models" / "face.npz"


@cache
def face_model() -> FaceModel:
    """The embedded head, derived from the ICT head (see its card, `bauta models face`)."""
    return read_model(FILE)
