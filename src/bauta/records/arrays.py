"""Tracks as numpy arrays in one .npz, with flat memory for clips of any length.

A zip can only be closed at its end, so an open one is worth nothing after a crash. The columns
grow as raw temporary files in the output's folder, and the .npz is built from them every now and
then: whole, beside the old one, then swapped in.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time as clock
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Self

import numpy as np

from bauta.checks import InputError
from bauta.fit import HeadFit
from bauta.morphable.arkit import ARKIT52
from bauta.records.format import POINTS, Header, check_order
from bauta.types import FaceState
from bauta.video.output import check_output, reporting

SHARE = 20
"""Rebuilding takes at most one part in this many of the time."""
CHUNK = 1 << 20


@dataclass(eq=False)
class Column:
    """One array (rows, *shape) on disk, which grows by whole rows."""

    file: IO[bytes]
    dtype: str
    shape: tuple[int, ...] = ()

    def append(self, rows: int, values: np.ndarray) -> None:
        """Put `values` (k, *shape) after the first `rows` rows, whatever a failure left there."""
        block = np.ascontiguousarray(values, np.dtype(self.dtype))
        self.file.seek(rows * self._row_bytes)
        self.file.write(block.reshape(-1, *self.shape).tobytes())
        self.file.flush()

    def copy_to(self, archive: zipfile.ZipFile, name: str, rows: int) -> None:
        """Store the first `rows` rows as `name`.npy."""
        layout: dict[str, Any] = {
            "descr": self.dtype,
            "fortran_order": False,
            "shape": (rows, *self.shape),
        }
        left = rows * self._row_bytes
        self.file.seek(0)
        with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
            np.lib.format.write_array_header_1_0(out, layout)
            while left and (chunk := self.file.read(min(CHUNK, left))):
                out.write(chunk)
                left -= len(chunk)

    @property
    def _row_bytes(self) -> int:
        return np.dtype(self.dtype).itemsize * math.prod(self.shape)


FRAME_COLUMNS = {"time": ("<f8", ()), "index": ("<i8", ())}
FACE_COLUMNS = {
    "frame": ("<i8", ()),
    "id": ("<i4", ()),
    "box": ("<f4", (4,)),
    "score": ("<f4", ()),
    "rotation": ("<f4", (3, 3)),
    "points68": ("<f4", (68, 3)),
    "points68_3d": ("<f4", (68, 3)),
    "mesh": ("<f4", (478, 3)),
    "matrix": ("<f4", (4, 4)),
    "blendshapes": ("<f4", (len(ARKIT52),)),
    "gaze": ("<f4", (2, 2)),
}


FROM_FIT: dict[str, Callable[[HeadFit], np.ndarray]] = {
    "matrix": lambda fit: fit.matrix,
    "blendshapes": lambda fit: np.array(list(fit.blendshapes.values())),
    "gaze": lambda fit: fit.gaze,
}


class NpzWriter:
    """Arrays for numpy: a row a face, and the times of all frames. Memory stays flat.

    The file is rebuilt every ten seconds or so and on close: a process that is killed loses what
    came after the last rebuild, and never leaves a broken file. Raises SinkError when the file
    exists (without `force`) or cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        force: bool = False,
        every: float = 10.0,
    ) -> None:
        """`every` is the seconds between two rebuilds, longer once these take over a twentieth."""
        self._header = json.dumps((header or Header()).as_json(), allow_nan=False)
        self.path = check_output(path, force)
        self.every = every
        self._last = -1
        self._frames = self._faces = 0
        self._closed = False
        self._columns: dict[str, Column] = {}
        with reporting(self.path):
            for name, (dtype, shape) in (FRAME_COLUMNS | FACE_COLUMNS).items():
                file = tempfile.TemporaryFile(dir=self.path.parent)  # noqa: SIM115
                self._columns[name] = Column(file, dtype, shape)
            self._build()

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a frame at `time` seconds; `index` must grow."""
        if self._closed:
            raise InputError(f"{self.path}: is closed; open a new writer to write more")
        self._last = check_order(time, index, self._last)
        with reporting(self.path):
            for name, values in (("time", time), ("index", index)):
                self._columns[name].append(self._frames, np.array([values]))
            if faces:
                for name, values in self._rows(faces).items():
                    self._columns[name].append(self._faces, values)
            self._frames += 1
            self._faces += len(faces)
            if clock.monotonic() >= self._due:
                self._build()

    def close(self) -> None:
        """Build the file a last time; again is a no-op."""
        if self._closed:
            return
        self._closed = True
        try:
            with reporting(self.path):
                self._build()
        finally:
            for column in self._columns.values():
                with suppress(OSError):
                    column.file.close()

    def _rows(self, faces: Sequence[FaceState]) -> dict[str, np.ndarray]:
        rows = {
            "frame": np.full(len(faces), self._frames),
            "id": np.array([face.id for face in faces]),
            "score": np.array([face.score for face in faces]),
            "rotation": np.stack([face.pose.R_camera_head for face in faces]),
        }
        rows["box"] = np.stack([face.box for face in faces])
        for name in POINTS:
            unknown = np.full(FACE_COLUMNS[name][1], np.nan)
            sets = [getattr(face, name) for face in faces]
            rows[name] = np.stack([points if len(points) else unknown for points in sets])
        fits = [face.fit for face in faces]
        for name, of in FROM_FIT.items():
            unknown = np.full(FACE_COLUMNS[name][1], np.nan)
            rows[name] = np.stack([unknown if fit is None else of(fit) for fit in fits])
        return rows

    def _build(self) -> None:
        """Write the whole archive beside the output, then swap it in."""
        started = clock.monotonic()
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with zipfile.ZipFile(beside, "w") as archive:
                with archive.open("header.npy", "w") as out:
                    np.lib.format.write_array(out, np.array(self._header), allow_pickle=False)
                for name, column in self._columns.items():
                    rows = self._frames if name in FRAME_COLUMNS else self._faces
                    column.copy_to(archive, name, rows)
            os.replace(beside, self.path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        now = clock.monotonic()
        self._due = now + max(self.every, SHARE * (now - started))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
