"""Between a prediction and the filters: all point sets of a face as one array, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bauta.filters.base import Filter
from bauta.filters.seen import Seen, layout_of
from bauta.filters.smoother import smooth
from bauta.regress.landmarks import Prediction
from bauta.tables import mesh478


def filtered(filter: Filter, face: Prediction, time: float, size: float) -> Prediction:
    """A face of `size` pixels at `time`, after the filter."""
    return _with_points(face, filter(seen(face, time, size)))


def smoothed(
    faces: list[tuple[Prediction, float, float]], make: Callable[[], Filter]
) -> list[Prediction]:
    """One face in frames that follow each other, (prediction, time, size) of each, smoothed with a
    look ahead by the filters that `make` makes."""
    points = smooth([seen(*one) for one in faces], make)
    return [_with_points(one[0], new) for one, new in zip(faces, points, strict=True)]


def _names(face: Prediction) -> list[str]:
    """Schemes of a prediction, the one that says best how the head lies first."""
    return sorted(face.points, key=lambda name: name != face.main)


def seen(face: Prediction, time: float, size: float) -> Seen:
    """What a filter takes of a prediction. Flat points have the depth of the anatomical ones."""
    names = _names(face)
    depth = _depths(face)
    # an axis after the other in memory: along it arithmetic takes a third of the time
    together = np.zeros((3, sum(len(face.points[name]) for name in names))).T
    start = 0
    for name in names:
        points = face.points[name]
        rows = together[start : start + len(points)]
        rows[:, : points.shape[1]] = points
        if name in depth:
            rows[:, 2] += depth[name]
        start += len(points)
    sigma = None
    if all(name in face.sigma for name in names):
        sigma = np.concatenate([face.sigma[name] for name in names])
    return Seen(
        together,
        time,
        size,
        sigma,
        layout_of(tuple(names)),
        face.crop,
        face.T_crop_image,
    )


def _depths(face: Prediction) -> dict[str, np.ndarray | float]:
    """What is added to z of the 68 points to share an origin with the mesh: sets are zero-mean in
    z each on its own, and a head turns about one axis."""
    solid = face.points.get("ibug68-3d")
    if solid is None:
        return {}
    mesh = face.points.get("mesh478")
    shift = 0.0 if mesh is None else float(mesh[mesh478()["nearest68"], 2].mean())
    return {"ibug68-3d": shift, "ibug68": solid[:, 2] + shift}


def _with_points(face: Prediction, together: np.ndarray) -> Prediction:
    """The prediction with points (N, 3) that are one array, in the order of `seen`."""
    points, start = {}, 0
    for name in _names(face):
        count, dims = face.points[name].shape
        new = together[start : start + count, :dims].astype(np.float32, order="C")
        start += count
        if dims == 3:
            new[:, 2] -= new[:, 2].mean()
        points[name] = new
    return replace(face, points=points)
