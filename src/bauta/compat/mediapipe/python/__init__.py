"""`mediapipe.python`: where `mp.solutions` lives, for those who import it from there."""

from __future__ import annotations

import sys

from bauta.compat.mediapipe import solutions
from bauta.compat.mediapipe.image import Image, ImageFormat

__all__ = ["Image", "ImageFormat", "solutions"]

for _name in list(sys.modules):
    if f"{_name}.".startswith(f"{solutions.__name__}."):
        _alias = _name.replace(solutions.__name__, f"{__name__}.solutions", 1)
        sys.modules[_alias] = sys.modules[_name]
