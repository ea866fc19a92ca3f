"""Tracks as lines of text, whole after every frame, and the choice of a writer by file ending."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

from bauta.checks import InputError, SinkError, check_choice
from bauta.records import columns, openface
from bauta.records.arrays import NpzWriter
from bauta.records.format import Header, TrackedFrame, as_line, check_order
from bauta.records.parquet import ParquetWriter
from bauta.types import FaceState
from bauta.video.output import open_output, reporting, sink_error


class Writer(Protocol):
    """What all writers do."""

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a frame: seconds, number of the frame, its faces."""
        ...

    def close(self) -> None:
        """Finish the file; again is a no-op."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class _FrameFile:
    """A file that grows by one block a frame: opened, checked, written and closed in one place.

    A block that cannot be written whole is taken back, so that the file ends with a whole one.
    """

    def __init__(self, path: str | os.PathLike[str], force: bool, opening: bytes) -> None:
        self.path = Path(path)
        self._last = -1
        self._file = open_output(self.path, force)
        self._good = 0
        try:
            self._append(opening)
        except SinkError:
            with suppress(OSError):
                self._file.close()
            raise

    def _append(self, block: bytes) -> None:
        left = memoryview(block)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._good)
            raise sink_error(self.path, error) from error
        self._good += len(block)

    def close(self) -> None:
        """Close the file; again is a no-op. SinkError when the last bytes cannot be written."""
        with reporting(self.path):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _in_order(self, time: float, index: int) -> None:
        if self._file.closed:
            raise InputError(f"{self.path}: is closed; open a new writer to write more")
        self._last = check_order(time, index, self._last)


class JsonlWriter(_FrameFile):
    """One JSON object a line: a header, then one a frame. The only format that is read back.

    Every line is flushed: a process that is killed loses at most the frame in flight.
    `read_tracks` tells a cut-off file. Raises SinkError when the file exists (without `force`) or
    cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        force: bool = False,
    ) -> None:
        super().__init__(path, force, as_line((header or Header()).as_json()))

    def write(self, time: float, index: int, faces: Sequence[FaceState], name: str = "") -> None:
        """Append a frame at `time` seconds; `index` must grow. `name`: file of the picture."""
        self._in_order(time, index)
        self._append(as_line(TrackedFrame(time, index, list(faces), name).to_dict()))


class CsvWriter(_FrameFile):
    """One row a face and frame, for pandas and spreadsheets; a video without faces has no rows.

    `columns`: "bauta", those of `columns.COLUMNS`; pixels with 2 decimals, degrees and centimetres
    with 3, weights with 4; what the fit gives is empty without one. Or "openface", those of
    OpenFace 2 (`records/openface.py`), without a row for a face without a fit: `left_out` counts.
    Whole after every frame.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        force: bool = False,
        columns: str = "bauta",
    ) -> None:
        names, self._row = COLUMN_SETS[check_choice(columns, COLUMN_SETS, "columns")]
        self.left_out = 0
        super().__init__(path, force, (",".join(names) + "\n").encode())

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a row for each face of the frame at `time` seconds; `index` must grow."""
        self._in_order(time, index)
        rows = [self._row(time, index, face) for face in faces]
        self.left_out += rows.count(None)
        self._append("".join(f"{row}\n" for row in rows if row is not None).encode())


def _own_row(time: float, index: int, face: FaceState) -> str:
    values = zip(columns.row(time, index, face), columns.DECIMALS, strict=True)
    return ",".join("" if value is None else f"{value:.{decimals}f}" for value, decimals in values)


COLUMN_SETS: dict[str, tuple[Sequence[str], Callable[[float, int, FaceState], str | None]]] = {
    "bauta": (columns.COLUMNS, _own_row),
    "openface": (openface.COLUMNS, openface.face_row),
}
"""Names of the columns, and what makes a row of a face."""


WRITERS: dict[str, Callable[..., Writer]] = {
    ".jsonl": JsonlWriter,
    ".csv": lambda path, header, **options: CsvWriter(path, **options),
    ".npz": NpzWriter,
    ".parquet": ParquetWriter,
}


def open_writer(
    path: str | os.PathLike[str], header: Header | None = None, *, force: bool = False
) -> Writer:
    """A writer by the ending of `path`: .jsonl, .csv (which has no header), .npz or .parquet."""
    ending = check_choice(Path(path).suffix.lower(), WRITERS, f"{path}: ending")
    return WRITERS[ending](path, header, force=force)
