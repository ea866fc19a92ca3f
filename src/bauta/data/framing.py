"""Where the face of a sample is: the square that a regressor would look at, and its outline.

One framing for every point order, so that sets can be mixed: that of the whole face, forehead to
chin, as `bauta.crop` frames a tracked mesh. Where the points leave the forehead out, the canonical
face seen by the camera that fits them stands in.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bauta.checks import InputError
from bauta.crop import MARGIN, Roi, place, roi_of_box, roi_of_points
from bauta.data.sample import Labels, Sample
from bauta.regress.two_stage import FIVE, roi_of_five
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
    try:
        placement = place(labels.points, labels.scheme)
    except InputError:
        return None
    return placement.roi, placement.outline[_oval(), :2]


def frame_of(sample: Sample) -> tuple[Roi, np.ndarray] | None:
    """The face's own Roi and its outline (OUTLINE, 2), pixels of the picture.

    From the points where they say how the whole face lies, else from the set's box, else from five
    points laid over the canonical ones, else from the extent of what points there are; None for a
    picture without a face.
    """
    for labels in sorted(sample.labels, key=lambda item: item.scheme != "mesh478"):
        found = _from_labels(labels)
        if found is not None:
            return found
    if sample.box is not None:
        return roi_of_box(sample.box), _ellipse(sample.box)
    for labels in sample.labels:
        if labels.scheme == FIVE and np.isfinite(labels.points).all():
            roi = roi_of_five(labels.points[:, :2])
            reach = roi.side / MARGIN / 2
            return roi, _ellipse(np.concatenate([roi.center - reach, roi.center + reach]))
    known = [item.points[np.isfinite(item.points[:, :2]).all(1), :2] for item in sample.labels]
    points = max(known, key=len, default=np.zeros((0, 2)))
    if len(points) < 3:
        return None
    box = np.concatenate([points.min(0), points.max(0)])
    return roi_of_points(points, 0.0), _ellipse(box)
