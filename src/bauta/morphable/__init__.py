"""Linear face models: `load(path)` reads every kind of file, `FaceModel` is what it gives."""

from bauta.morphable.loading import load
from bauta.morphable.model import FaceModel

__all__ = ["FaceModel", "load"]
