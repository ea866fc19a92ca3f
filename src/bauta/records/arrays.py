"""Tracks as numpy arrays in one .npz, with flat memory for clips of any length.

A zip can only be closed at its end, so an open one is worth nothing after a crash. The arrays grow
as .npy files in the folder NAME.npz.parts, the .npz unzipped, whole after every frame; they are
zipped into NAME.npz when the writer is closed, also by an error or Ctrl-C.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np

from bauta.checks import InputError, SinkError
from bauta.fit import HeadFit
from bauta.morphable.arkit import ARKIT52
from bauta.records.format import POINTS, Header, check_order
from bauta.records.parts import Parts, Whole
from bauta.types import FaceState
from bauta.video.output import reporting

CHUNK = 1 << 20
HEAD = 128
"""Bytes before the numbers of an .npy file, whatever the number of its rows."""


class Column:
    """One array (rows, *shape) as an .npy file that grows by whole rows."""

    def __init__(self, path: Path, dtype: str, shape: tuple[int, ...] = ()) -> None:
        self.dtype, self.shape = dtype, shape
        self._row_bytes = np.dtype(dtype).itemsize * math.prod(shape)
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115
        self.say(0)

    def append(self, rows: int, values: np.ndarray) -> None:
        """Put `values` (k, *shape) after the first `rows` rows, whatever a failure left there; they
        do not count until it is said."""
        block = np.ascontiguousarray(values, np.dtype(self.dtype)).reshape(-1, *self.shape)
        self._put(HEAD + rows * self._row_bytes, block.tobytes())

    def say(self, rows: int) -> None:
        """Say in the file that it has so many rows."""
        self._put(0, self._head(rows))

    def copy_to(self, archive: zipfile.ZipFile, name: str, rows: int) -> None:
        """Store the first `rows` rows as `name`.npy."""
        left = rows * self._row_bytes
        self._file.seek(HEAD)
        with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
            out.write(self._head(rows))
            while left and (chunk := self._file.read(min(CHUNK, left))):
                out.write(chunk)
                left -= len(chunk)

    def close(self) -> None:
        """Close the file; again is a no-op."""
        self._file.close()

    def _put(self, place: int, block: bytes) -> None:
        self._file.seek(place)
        left = memoryview(block)
        while left:
            left = left[self._file.write(left) :]

    def _head(self, rows: int) -> bytes:
        """Version 1.0 of numpy's format: magic, version, length of the rest, a literal."""
        said = (
            f"{{'descr': '{self.dtype}', 'fortran_order': False, 'shape': {(rows, *self.shape)}}}"
        )
        return b"\x93NUMPY\x01\x00" + bytes([HEAD - 10, 0]) + f"{said:{HEAD - 11}}\n".encode()


FRAME_COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {"time": ("<f8", ()), "index": ("<i8", ())}
FACE_COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {
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

    The file is there when the writer is closed; a process that is killed leaves the folder
    NAME.npz.parts, and loses the frame in flight. Raises SinkError when the file, or the parts of
    an interrupted run, exist (without `force`), or cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        force: bool = False,
    ) -> None:
        said = json.dumps((header or Header()).as_json(), allow_nan=False)
        self._parts = Parts(path, "*.npy", force)
        self.path = self._parts.path
        self._last = -1
        self._frames = self._faces = 0
        self._closed = False
        self._columns: dict[str, Column] = {}
        try:
            with reporting(self.path):
                np.save(self._parts.folder / "header.npy", np.array(said))
                for name, layout in (FACE_COLUMNS | FRAME_COLUMNS).items():
                    self._columns[name] = Column(self._parts.folder / f"{name}.npy", *layout)
        except SinkError:
            self._close_columns()
            self._parts.clear()
            raise

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
            for name, column in self._columns.items():  # faces first: `time` counts a frame
                if name in FRAME_COLUMNS:
                    column.say(self._frames + 1)
                elif faces:
                    column.say(self._faces + len(faces))
            self._frames += 1
            self._faces += len(faces)

    def close(self) -> None:
        """Put the arrays into the file; again is a no-op. What cannot be stays in parts."""
        if self._closed:
            return
        self._closed = True
        try:
            with reporting(self.path):
                self._build()
        except SinkError as error:
            self._close_columns()
            if self._frames:
                raise self._parts.kept(error) from error
            self._parts.clear()
            raise
        self._close_columns()
        self._parts.clear()

    def _close_columns(self) -> None:
        for column in self._columns.values():
            with suppress(OSError):
                column.close()

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
        with Whole(self.path) as beside, zipfile.ZipFile(beside, "w") as archive:
            archive.write(self._parts.folder / "header.npy", "header.npy")
            for name, column in self._columns.items():
                rows = self._frames if name in FRAME_COLUMNS else self._faces
                column.copy_to(archive, name, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
