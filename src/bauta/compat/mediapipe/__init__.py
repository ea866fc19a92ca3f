"""MediaPipe's face interfaces on top of bauta: `import bauta.compat.mediapipe as mp`.

`mp.solutions.face_mesh.FaceMesh` with its drawing, and `mp.tasks.vision.FaceLandmarker`: the same
calls, results, axes, orders and names. Nothing of MediaPipe is used or needed. What differs is in
docs/compat.md. Code that imports MediaPipe in many places, or in a library, is left as it is:

    import bauta.compat.mediapipe
    bauta.compat.mediapipe.install()  # from here on `import mediapipe` gives this package
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bauta
from bauta.checks import InputError
from bauta.compat.mediapipe import framework, python, solutions, tasks
from bauta.compat.mediapipe.image import Image, ImageFormat
from bauta.compat.mediapipe.solutions.face_mesh import FaceMesh
from bauta.compat.mediapipe.tasks.python.vision.face_landmarker import (
    FaceLandmarker,
    FaceLandmarkerOptions,
)

__version__ = bauta.__version__

__all__ = [
    "FaceLandmarker",
    "FaceLandmarkerOptions",
    "FaceMesh",
    "Image",
    "ImageFormat",
    "framework",
    "install",
    "python",
    "solutions",
    "tasks",
]


def install() -> None:
    """Let `import mediapipe`, and of its submodules those that are here, give this package.

    InputError when the real one has been imported already. Again is a no-op.
    """
    there = sys.modules.get("mediapipe")
    if there is not None and there.__name__ != __name__:
        raise InputError(
            "mediapipe: has been imported already; call install() before anything imports it"
        )
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    for name in list(sys.modules):
        if f"{name}.".startswith(f"{__name__}."):
            sys.modules[name.replace(__name__, "mediapipe", 1)] = sys.modules[name]
