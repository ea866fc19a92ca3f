"""Tracks as a Parquet table, for pandas, polars, DuckDB and the like.

A Parquet file is unreadable until its end is written. So rows go into parts, whole files in the
folder NAME.parquet.parts, and are put together into NAME.parquet when the writer is closed, also by
an error or Ctrl-C. A process that is killed leaves its parts; `pandas.read_parquet` reads a folder.
"""

from __future__ import annotations

import json
import os
import time as clock
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bauta.checks import InputError, SinkError
from bauta.records.columns import COLUMNS, row
from bauta.records.format import Header, check_order
from bauta.types import FaceState
from bauta.video.output import check_output, make_folder, reporting, sink_error

if TYPE_CHECKING:
    import pyarrow as pa

NUMBERS = COLUMNS[: -2 * 68]
"""The columns of CSV but for the points, which are lists here."""
LISTS = {"points68": 204, "points68_3d": 204, "mesh": 1434, "rotation": 9, "matrix": 16}
"""Columns of numbers a face, row by row of the array: x y z x y z ..."""
ROWS = 1024
"""Faces in a part at most, and in a group of rows of the whole."""

STORED: dict[str, Any] = {"compression": "zstd", "use_dictionary": False}
"""How columns are stored; a dictionary of floats that are all different only costs."""


def check_pyarrow() -> None:
    """InputError where pyarrow is missing."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError('parquet: needs pyarrow; pip install "bauta[parquet]"') from error


class ParquetWriter:
    """A row a face and frame. Memory stays flat.

    A part is written every `every` seconds or `ROWS` faces. Raises SinkError when the file, or the
    parts of an interrupted run, exist (without `force`), or cannot be written; InputError without
    pyarrow.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        force: bool = False,
        every: float = 10.0,
    ) -> None:
        check_pyarrow()
        said = json.dumps((header or Header()).as_json(), allow_nan=False)
        self.path = check_output(path, force)
        self.parts = self.path.with_name(f"{self.path.name}.parts")
        self.every = every
        self._schema = _schema(said)
        self._rows: list[list[Any]] = []
        self._files: list[Path] = []
        self._last = -1
        self._closed = False
        self._due = clock.monotonic() + every
        if self.parts.exists() and not force:
            raise SinkError(
                f"{self.parts}: holds what an interrupted run wrote; pass --force to replace it or "
                "name another output"
            )
        self._clear()
        make_folder(self.parts)

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a row for each face of the frame at `time` seconds; `index` must grow."""
        if self._closed:
            raise InputError(f"{self.path}: is closed; open a new writer to write more")
        self._last = check_order(time, index, self._last)
        self._rows += [_cells(time, index, face) for face in faces]
        if len(self._rows) >= ROWS or clock.monotonic() >= self._due:
            self._write_part()

    def close(self) -> None:
        """Put the parts together; again is a no-op. What cannot be put together stays in parts."""
        if self._closed:
            return
        self._closed = True
        try:
            self._write_part()
            self._put_together()
        except SinkError as error:
            if self._files:
                raise SinkError(f"{error}; {self.parts} holds what could be written") from error
            raise
        self._clear()

    def _write_part(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._due = clock.monotonic() + self.every
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(list(c), f.type) for c, f in zip(columns, self._schema, strict=True)]
        target = self.parts / f"part-{len(self._files):06d}.parquet"
        self._rows = []  # if this fails it fails for good; close() still saves the earlier parts
        with _Whole(target) as beside:
            pq.write_table(pa.Table.from_arrays(arrays, schema=self._schema), beside, **STORED)
        self._files.append(target)

    def _put_together(self) -> None:
        import pyarrow.parquet as pq

        with (
            _Whole(self.path) as beside,
            pq.ParquetWriter(beside, self._schema, **STORED) as writer,
        ):
            for part in self._files:
                writer.write_table(pq.read_table(part, schema=self._schema))

    def _clear(self) -> None:
        """Take the parts away."""
        with reporting(self.parts):
            for part in self.parts.glob("*part-*.parquet*"):
                part.unlink()
            if self.parts.exists():
                self.parts.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Whole:
    """A name beside `target` to write to; put in its place at the end, or removed by an error."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._beside = target.with_name(f".{target.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        return self._beside

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                with reporting(self._target):
                    os.replace(self._beside, self._target)
        finally:
            with suppress(OSError):
                self._beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, SinkError):
            raise sink_error(self._target, error) from error


def _schema(header: str) -> pa.Schema:
    import pyarrow as pa

    kinds = {"frame": pa.int64(), "id": pa.int32(), "time": pa.float64()}
    fields = [pa.field(name, kinds.get(name, pa.float32())) for name in NUMBERS]
    fields += [pa.field(name, pa.list_(pa.float32(), size)) for name, size in LISTS.items()]
    return pa.schema(fields, metadata={"bauta": header})


def _cells(time: float, index: int, face: FaceState) -> list[Any]:
    """The values of the schema's columns; None for what is not known."""
    arrays: list[np.ndarray | None] = [face.points68, face.points68_3d, face.mesh]
    arrays += [face.pose.R_camera_head, face.pose.matrix]
    lists = [a.ravel() if a is not None and len(a) else None for a in arrays]
    return [*row(time, index, face)[: len(NUMBERS)], *lists]
