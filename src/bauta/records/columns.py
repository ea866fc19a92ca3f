"""One face in one frame as a row of a table: the columns that CSV, Parquet and pandas share."""

from __future__ import annotations

from bauta.morphable.arkit import ARKIT52
from bauta.types import FaceState

GROUPS = (
    (("frame",), 0),
    (("time",), 6),
    (("id",), 0),
    (("score",), 4),
    (("left", "top", "right", "bottom"), 2),
    (("yaw", "pitch", "roll", "tx", "ty", "tz"), 3),
    (("right_eye", "left_eye"), 4),
    (("gaze_left", "gaze_up"), 3),
    (ARKIT52, 4),
    (tuple(f"{axis}{i}" for axis in "xy" for i in range(68)), 2),
)
"""Names, and the decimals that are written of them as text: pixels 2, degrees and centimetres 3."""
COLUMNS = tuple(name for names, _ in GROUPS for name in names)
DECIMALS = tuple(decimals for names, decimals in GROUPS for _ in names)


def row(time: float, index: int, face: FaceState) -> list[float | None]:
    """The values of `COLUMNS`; None for what is not known (without a fit, without the 68)."""
    fit = face.fit
    values: list[float | None] = [index, time, face.id, face.score, *face.box.tolist()]
    values += face.pose.angles
    values += [None] * 3 if fit is None else fit.t_camera_head.tolist()
    values += face.eye_openness
    values += [None] * 2 if fit is None else fit.gaze.mean(0).tolist()
    values += face.blendshapes.values() or [None] * len(ARKIT52)
    return values + (face.points68[:, :2].T.ravel().tolist() or [None] * 136)
