"""Which face of a picture is the labelled one, and what a detector would have drawn around it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from bauta import schemes
from bauta.checks import InputError
from bauta.crop import Roi, roi_of_box
from bauta.data.framing import frame_of
from bauta.data.sample import Sample
from bauta.geometry import boxes
from bauta.regress.landmarks import MAIN, Prediction

HIT = 0.3
"""Overlap (IoU) of the boxes around the points from which a found face is the labelled one."""
MESH_TOP, FACE_TOP = 0.139, 0.343
"""How far the detector's box reaches above the box of the mesh, and of points from brows to chin,
over that box's height; the other sides agree within 3 % (medians over 2,473 training faces of
`ytf`)."""
WHOLE_FACE = ("ibug68", "ibug68-3d", "wflw98", "jd106", "insightface106", "fs70", "helen194")
"""Schemes that reach from the brows to the chin and from cheek to cheek."""


def true_roi(sample: Sample) -> Roi:
    """The square of a first look at the labelled face, not turned.

    That of the box that the detector would draw around the mesh or points that span the face; else
    the one by which training would frame it (`bauta.data.framing`): from fewer points that say how
    the whole face lies, the set's own box, or five points. InputError for a face without any.
    """
    box = true_box(sample)
    if box is not None:
        return roi_of_box(box)
    found = frame_of(sample)
    if found is None:
        raise InputError(
            f"{sample.name}: neither points nor a box to crop by; use --crops detector"
        )
    return replace(found[0], angle=0.0)


def true_box(sample: Sample) -> np.ndarray | None:
    """The box (4,) that the detector would draw around the labelled face: from the mesh, else from
    points that span the face; None without either."""
    known = {labels.scheme: labels.points for labels in sample.labels}
    for scheme in ("mesh478", *WHOLE_FACE):
        points = known.get(scheme)
        if points is not None and np.isfinite(points[:, :2]).all():
            box = boxes.of_points(points)
            top = MESH_TOP if scheme == "mesh478" else FACE_TOP
            box[1] -= top * (box[3] - box[1])
            return box
    return None


def labelled_face(found: list[Prediction], sample: Sample) -> Prediction | None:
    """The found face that overlaps the labelled one best, or None below `HIT`.

    Boxes around the points of one scheme: one that model and labels share, else that of the labels,
    mapped from the model's points; where there is no map, around what both have.
    """
    known = {item.scheme: item.points for item in sample.labels if np.isfinite(item.points).any()}
    if not found or not known:
        return None
    shared = [scheme for scheme in (*MAIN, *known) if scheme in known and scheme in found[0].points]
    scheme = shared[0] if shared else next(iter(known))
    labelled = known[scheme]
    there = np.isfinite(labelled[:, 0])
    labelled, own = labelled[there], [_points(face, scheme, there) for face in found]
    drawn = np.stack([boxes.of_points(points) for points in own])
    overlap = boxes.iou(drawn, boxes.of_points(labelled)[None])[:, 0]
    best = int(overlap.argmax())
    return found[best] if overlap[best] >= HIT else None


def _points(face: Prediction, scheme: str, there: np.ndarray) -> np.ndarray:
    """Those points of a scheme that are `there`, predicted or mapped; all that the model predicts
    best where there is no map."""
    if scheme in face.points:
        return face.points[scheme][there]
    for source in face.points:
        with suppress(InputError):
            return schemes.mapping(source, scheme).apply(face.points[source])[there]
    return face.points[face.main]
