"""Tracks for other libraries: a table for pandas, detections and key points for supervision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bauta.checks import InputError
from bauta.records.columns import COLUMNS, row
from bauta.types import FaceState

if TYPE_CHECKING:
    import pandas as pd

    from bauta.records.format import TrackedFrame


def to_dataframe(frames: Iterable[TrackedFrame]) -> pd.DataFrame:
    """A row a face and frame with the columns of CSV (docs/records.md), NaN for what is not known.

    `frames` are tracks that were read, or anything that unpacks as time, index, faces. Needs
    pandas: InputError where it is missing.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise InputError(
            'to_dataframe: needs pandas; pip install "bauta[pandas]", or read the .csv'
        ) from error
    rows = [row(time, index, face) for time, index, faces in frames for face in faces]
    whole = {"frame": np.int64, "id": np.int64}
    types: dict[str, Any] = {name: whole.get(name, np.float64) for name in COLUMNS}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)


def to_supervision(faces: Sequence[FaceState], scheme: str = "mesh478") -> tuple[Any, Any]:
    """(sv.Detections, sv.KeyPoints) of the faces of one frame, for supervision's annotators.

    Detections: boxes, `confidence` the score, `tracker_id` the id. Key points: x, y of `scheme` in
    pixels, `data["id"]`. Class 0 throughout. Needs supervision: InputError where it is missing,
    and for a scheme that the model does not predict.
    """
    try:
        import supervision as sv  # type: ignore[import-not-found]
    except ImportError as error:
        raise InputError("to_supervision: needs supervision; pip install supervision") from error
    points = [face.points(scheme)[:, :2] for face in faces]
    if any(not len(xy) for xy in points):
        raise InputError(f"scheme: the model does not predict {scheme}; name another")
    if not faces:
        return sv.Detections.empty(), sv.KeyPoints.empty()
    ids, kind = np.array([face.id for face in faces]), np.zeros(len(faces), int)
    detections = sv.Detections(
        xyxy=np.stack([face.box for face in faces]),
        confidence=np.array([face.score for face in faces], np.float32),
        class_id=kind,
        tracker_id=ids,
    )
    return detections, sv.KeyPoints(xy=np.stack(points), class_id=kind, data={"id": ids})
