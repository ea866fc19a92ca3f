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
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bauta.checks import InputError, SinkError
from bauta.records.columns import COLUMNS, row
from bauta.records.format import Header, check_order
from bauta.records.parts import Parts, Whole
from bauta.types import FaceState

if TYPE_CHECKING:
    import pyarrow as pa

NUMBERS = COLUMNS[: -2 * 68]
"""The columns of CSV but for the points, which are lists here."""
LISTS = {"points68": 204, "points68_3d": 204, "mesh": 1434, "rotation": 9, "matrix": 16}
"""Columns of numbers a face, row by row of the array: x y z x y z ..."""
PART_ROWS, GROUP_ROWS = 128, 1024
"""Faces from which on a part, and a group of rows of the whole, is full."""

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

    The part at hand is written anew with all of its rows every `every` seconds, until it has
    `PART_ROWS`. Raises SinkError when the file, or the parts of an interrupted run, exist (without
    `force`), or cannot be written; InputError without pyarrow.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        force: bool = False,
        every: float = 1.0,
    ) -> None:
        check_pyarrow()
        said = json.dumps((header or Header()).as_json(), allow_nan=False)
        self._parts = Parts(path, "*part-*.parquet*", force)
        self.path = self._parts.path
        self.every = every
        self._schema = _schema(said)
        self._rows: list[list[Any]] = []
        self._at_hand: list[pa.Table] = []
        self._files: list[Path] = []
        self._last = -1
        self._closed = False
        self._due = clock.monotonic() + every

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a row for each face of the frame at `time` seconds; `index` must grow."""
        if self._closed:
            raise InputError(f"{self.path}: is closed; open a new writer to write more")
        self._last = check_order(time, index, self._last)
        self._rows += [_cells(time, index, face) for face in faces]
        if len(self._rows) >= PART_ROWS or clock.monotonic() >= self._due:
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
                raise self._parts.kept(error) from error
            self._parts.clear()
            raise
        self._parts.clear()

    def _write_part(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._due = clock.monotonic() + self.every
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(list(c), f.type) for c, f in zip(columns, self._schema, strict=True)]
        self._rows = []  # if this fails it fails for good; close() still saves the earlier parts
        if sum(map(len, self._at_hand)) >= PART_ROWS:
            self._at_hand = []
        if fresh := not self._at_hand:
            target = self._parts.folder / f"part-{len(self._files):06d}.parquet"
        else:
            target = self._files[-1]
        self._at_hand.append(pa.Table.from_arrays(arrays, schema=self._schema))
        with Whole(target) as beside:
            pq.write_table(pa.concat_tables(self._at_hand), beside, **STORED)
        if fresh:
            self._files.append(target)

    def _put_together(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with Whole(self.path) as beside, pq.ParquetWriter(beside, self._schema, **STORED) as writer:
            group: list[pa.Table] = []
            for part in self._files:
                group.append(pq.read_table(part, schema=self._schema))
                if sum(map(len, group)) >= GROUP_ROWS:
                    writer.write_table(pa.concat_tables(group))
                    group = []
            if group:
                writer.write_table(pa.concat_tables(group))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


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
