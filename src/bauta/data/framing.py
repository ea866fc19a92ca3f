"""Where the face of a sample is: the square that a regressor would look at, and its outline.

One framing for every point order, so that sets can be mixed: that of the whole face, forehead to
chin, as `bauta.crop` frames a tracked mesh. Where the points leave the forehead out, the canonical
face seen by the camera that fits them stands in.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bauta.crop import Roi, roi_of_box, roi_of_mesh, roi_of_points
from bauta.data.sample import Labels, Sample
from bauta.geometry.rotation import upright_angle
from bauta.head_pose import canonical_points, fit_camera, rotation_of
from bauta.tables import mesh478

OUTLINE = 36
"""Points of an outline."""


@cache
def _oval() -> np.ndarray:
    return np.unique(mesh478()["edges_face_oval"]).astype(int)


def _ellipse(box: np.ndarray) -> np.ndarray:
    """(OUTLINE, 2) points of the ellipse inscribed in a box (4,)."""
    angle = np.arange(OUTLINE) * (2 * np.pi / OUTLINE)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    return (box[:2] + box[2:]) / 2 + circle * (box[2:] - box[:2]) / 2


def _from_labels(labels: Labels) -> tuple[Roi, np.ndarray] | None:
    """Frame and outline from points with places on the canonical face, or None."""
    points = labels.points
    if labels.scheme == "mesh478" and points.shape[1] == 3 and np.isfinite(points).all():
        return roi_of_mesh(points), points[_oval(), :2]
    camera = fit_camera(canonical_points(labels.scheme), points[None])[0]
    if not np.isfinite(camera).all():
        return None
    face = mesh478()["canonical"].astype(np.float64) @ camera[:, :3].T + camera[:, 3]
    seen = points[np.isfinite(points[:, :2]).all(1), :2]
    everything = np.concatenate([face, seen])
    return roi_of_points(everything, upright_angle(rotation_of(camera))), face[_oval()]


def frame_of(sample: Sample) -> tuple[Roi, np.ndarray] | None:
    """The face's own Roi and its outline (OUTLINE, 2), pixels of the picture.

    From the points where they say how the whole face lies, else from the set's box, else from the
    extent of what points there are; None for a picture without a face.
    """
    for labels in sorted(sample.labels, key=lambda item: item.scheme != "mesh478"):
        found = _from_labels(labels)
        if found is not None:
            return found
    if sample.box is not None:
        return roi_of_box(sample.box), _ellipse(sample.box)
    known = [item.points[np.isfinite(item.points[:, :2]).all(1), :2] for item in sample.labels]
    points = max(known, key=len, default=np.zeros((0, 2)))
    if len(points) < 3:
        return None
    box = np.concatenate([points.min(0), points.max(0)])
    return roi_of_points(points, 0.0), _ellipse(box)
