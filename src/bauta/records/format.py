"""The format of tracks: the header, a frame, and both as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bauta import schemes
from bauta.checks import InputError, check_array
from bauta.fit import Blink, HeadFit
from bauta.geometry.camera import Camera
from bauta.morphable.arkit import ARKIT52, UNSUPPORTED
from bauta.types import POINT_SETS, FaceState, Pose

if TYPE_CHECKING:
    import pandas as pd

FORMAT, VERSION = "bauta-tracks", 1
POINTS = tuple(POINT_SETS.values())
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Header:
    """What a file of tracks says of itself before the first frame."""

    source: str = ""
    """Name of the video, folder or camera."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels of the first frame; None for pictures."""
    model: str = ""
    """Name of the model family member."""
    details: dict[str, Any] = field(default_factory=dict)
    """Anything else that JSON holds: settings, versions. May not redefine the fields above."""
    bauta: str = ""
    """Version that wrote the file; filled in by the writer."""

    def as_json(self) -> dict[str, Any]:
        """The header object of a file; InputError when `details` uses one of its names."""
        import bauta

        base: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "source": self.source,
            "size": list(self.size) if self.size else None,
            "model": self.model,
            "bauta": self.bauta or bauta.__version__,
        }
        if taken := sorted(base.keys() & self.details.keys()):
            raise InputError(f"details: {', '.join(taken)} cannot be used, the header has its own")
        return base | self.details


@dataclass(frozen=True)
class TrackedFrame:
    """One frame of a file of tracks; unpacks as `time, index, faces`."""

    time: float
    """Seconds."""
    index: int
    """Number of the frame in its source."""
    faces: list[FaceState]
    name: str = ""
    """File of the picture, where the source is pictures."""

    def __iter__(self) -> Iterator[Any]:
        return iter((self.time, self.index, self.faces))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and names: a line of JSONL."""
        faces = [face.to_dict() for face in self.faces]
        for face in faces:
            del face["time"]  # the frame's
        named = {"name": self.name} if self.name else {}
        return {"frame": self.index, "time": round(self.time, 6)} | named | {"faces": faces}

    def to_dataframe(self) -> pd.DataFrame:
        """A pandas table with a row a face, see `bridges.to_dataframe`."""
        from bauta.records.bridges import to_dataframe

        return to_dataframe([self])

    def to_supervision(self, scheme: str = "mesh478") -> tuple[Any, Any]:
        """(sv.Detections, sv.KeyPoints), see `bridges.to_supervision`."""
        from bauta.records.bridges import to_supervision

        return to_supervision(self.faces, scheme)


def check_order(time: float, index: int, last: int) -> int:
    """Return `index` when it is above `last` and `time` is finite; InputError otherwise."""
    if not math.isfinite(time):
        raise InputError(f"time: expected finite seconds, got {time}")
    if index <= last:
        raise InputError(f"index: expected above {last}, frames come in order, got {index}")
    return index


def as_line(record: dict[str, Any]) -> bytes:
    """One line of JSON, without NaN or infinity, which JSON does not know."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def frame_of_json(record: Any, where: str) -> TrackedFrame:
    """A frame from its parsed line; InputError, which starts with `where`, when it is not one."""
    try:
        time, index = float(record["time"]), int(record["frame"])
        check_order(time, index, -1)
        _check_ids([int(face["id"]) for face in record["faces"]])
        faces = [_face_of_json(face, time) for face in record["faces"]]
        return TrackedFrame(time, index, faces, str(record.get("name", "")))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{where}: not a frame of tracks: {what}") from error


def _check_ids(ids: list[int]) -> None:
    """ValueError when an id comes twice in a frame, or is none that a table can hold."""
    if not all(0 <= id <= LARGEST_ID for id in ids):
        raise ValueError(f"an id is not a number of 0 to {LARGEST_ID}")
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise ValueError(f"{ids.count(twice)} faces with the id {twice}; each has one of its own")


def _face_of_json(record: dict[str, Any], time: float) -> FaceState:
    matrix = record.get("matrix")
    return FaceState(
        id=int(record["id"]),
        time=time,
        box=record["box"],
        score=float(record["score"]),
        **{name: record[name] or np.zeros((0, 3)) for name in POINTS},
        pose=Pose(
            record["rotation"],
            None if matrix is None else check_array(matrix, (4, 4), "matrix"),
        ),
        sigma={
            name: check_array(sigma, (None,), f"sigma[{name}]")
            for name, sigma in record["sigma"].items()
        },
        fit=_fit_of_json(record["fit"], record["matrix"]) if "fit" in record else None,
        blink=Blink(*map(float, record["blink"])) if "blink" in record else None,
    )


def _fit_of_json(record: dict[str, Any], matrix: list[list[float]]) -> HeadFit:
    T = check_array(matrix, (4, 4), "matrix").astype(np.float64)
    fx, fy, cx, cy = (float(value) for value in record["camera"])
    names = tuple(name for name in ARKIT52 if name not in UNSUPPORTED)
    shapes = check_array([record["blendshapes"][n] for n in names], (len(names),), "blendshapes")
    raw = record.get("weights")
    visible = np.ones(schemes.get("mesh478").count, bool)
    visible[np.array(record["hidden"], int)] = False
    return HeadFit(
        R_camera_head=T[:3, :3],
        t_camera_head=T[:3, 3],
        size=float(record["size"]),
        identity=check_array(record["identity"], (None,), "identity").astype(np.float64),
        weights=shapes if raw is None else check_array(raw, (len(names),), "weights"),
        names=names,
        gaze=check_array(record["gaze"], (2, 2), "gaze").astype(np.float64),
        visible=visible,
        residual=float(record["residual"]),
        camera=Camera(
            np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), np.array(record.get("distortion", []))
        ),
        shapes=None if raw is None else shapes,
    )
