"""Trackers that take part: our models, MediaPipe where it is installed, and any that a file opens.

A file of Python takes part when it defines

    def open(smooth: bool) -> Callable[[numpy.ndarray, float], numpy.ndarray | None]

What it returns gets an RGB picture (H, W, 3) uint8 and its time in seconds, and says the points of
one face, (478, 2 or 3) or (68, 2 or 3) in pixels, or None without a face. `smooth` False asks for
what it says without its filter: the lag of the filter is measured against that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bauta import schemes
from bauta.checks import InputError
from bauta.filters.kinds import DEFAULT
from bauta.tracker import Tracker

Points = Mapping[str, np.ndarray]
"""Scheme -> (K, 2) pixels."""
Follow = Callable[[np.ndarray, float], "Points | None"]

MEDIAPIPE = "mediapipe"
BY_COUNT = {478: "mesh478", 68: "ibug68"}


def open_tracker(name: str, smooth: bool) -> Follow:
    """A tracker by what it is called: a model of ours, `mediapipe`, or a path that ends in .py.

    InputError when it is none of these, or not installed.
    """
    if name == MEDIAPIPE:
        return _counted(name, _mediapipe(smooth))
    if name.endswith(".py"):
        return _counted(name, _of_file(Path(name), smooth))
    return _ours(name, smooth)


def installed_peers() -> list[str]:
    """Names of the peers that this Python can import."""
    return [MEDIAPIPE] if _solutions() is not None else []


def _ours(model: str, smooth: bool) -> Follow:
    tracker = Tracker(model, 1, filter=DEFAULT if smooth else "none", fit=False)

    def follow(image: np.ndarray, time: float) -> Points | None:
        for face in tracker(image, time):
            found = {name: face.points(name)[:, :2] for name in ("ibug68", "mesh478")}
            return {name: points for name, points in found.items() if len(points)}
        return None

    return follow


def _counted(name: str, says: Callable[[np.ndarray, float], Any]) -> Follow:
    """Points named by how many they are; `ibug68` is read off a mesh."""

    def follow(image: np.ndarray, time: float) -> Points | None:
        points = says(image, time)
        if points is None:
            return None
        points = np.asarray(points, np.float64)
        if points.ndim != 2 or len(points) not in BY_COUNT or points.shape[1] not in (2, 3):
            raise InputError(
                f"{name}: expected points (478 or 68, 2 or 3) or None, got {points.shape}"
            )
        found = {BY_COUNT[len(points)]: points[:, :2]}
        if "mesh478" in found:
            found["ibug68"] = schemes.convert(points, "mesh478", "ibug68")[:, :2]
        return found

    return follow


def _solutions() -> Any:
    """MediaPipe's FaceMesh class, or None: wheels after 0.10.21 do not have it any more."""
    try:
        from mediapipe.python.solutions.face_mesh import FaceMesh  # type: ignore[import-not-found]
    except ImportError:
        return None
    return FaceMesh


def _mediapipe(smooth: bool) -> Callable[[np.ndarray, float], np.ndarray | None]:
    FaceMesh = _solutions()
    if FaceMesh is None:
        raise InputError(
            "mediapipe: its FaceMesh cannot be imported here; pip install mediapipe==0.10.14"
        )
    mesh = FaceMesh(static_image_mode=not smooth, max_num_faces=1, refine_landmarks=True)

    def says(image: np.ndarray, time: float) -> np.ndarray | None:
        found = mesh.process(np.ascontiguousarray(image)).multi_face_landmarks
        if not found:
            return None
        height, width = image.shape[:2]
        return np.array([(p.x * width, p.y * height) for p in found[0].landmark])

    return says


def _of_file(path: Path, smooth: bool) -> Callable[[np.ndarray, float], Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; a peer is a file of Python that defines open()")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "open", None)):
        raise InputError(f"{path}: defines no function open(smooth)")
    return module.open(smooth)
