"""Tracks as lines of text, whole after every frame, and the choice of a writer by file ending."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

from bauta.checks import InputError, SinkError, check_choice
from bauta.records import columns
from bauta.records.arrays import NpzWriter
from bauta.records.format import Header, TrackedFrame, as_line, check_order
from bauta.types import FaceState
from bauta.video.output import check_output, reporting


class Writer(Protocol):
    """What all three writers do."""

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a frame: seconds, number of the frame, its faces."""
        ...

    def close(self) -> None:
        """Finish the file; again is a no-op."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class _FrameFile:
    """A file that grows by one block a frame: opened, checked, flushed and closed in one place."""

    def __init__(self, path: str | os.PathLike[str], force: bool, opening: bytes) -> None:
        self.path = check_output(path, force)
        self._last = -1
        with reporting(self.path):
            self._file = open(self.path, "wb")  # noqa: SIM115
        try:
            self._append(opening)
        except SinkError:
            with suppress(OSError):
                self._file.close()
            raise

    def _append(self, block: bytes) -> None:
        with reporting(self.path):
            self._file.write(block)
            self._file.flush()

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

    Columns: `COLUMNS`. Pixels with 2 decimals, degrees and centimetres with 3, weights with 4; what
    the fit gives is empty without one. Flushed after every frame.
    """

    COLUMNS = columns.COLUMNS

    def __init__(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        super().__init__(path, force, (",".join(self.COLUMNS) + "\n").encode())

    def write(self, time: float, index: int, faces: Sequence[FaceState]) -> None:
        """Append a row for each face of the frame at `time` seconds; `index` must grow."""
        self._in_order(time, index)
        self._append("".join(self._row(time, index, face) for face in faces).encode())

    @staticmethod
    def _row(time: float, index: int, face: FaceState) -> str:
        values = zip(columns.row(time, index, face), columns.DECIMALS, strict=True)
        cells = ("" if value is None else f"{value:.{decimals}f}" for value, decimals in values)
        return ",".join(cells) + "\n"


def open_writer(
    path: str | os.PathLike[str], header: Header | None = None, *, force: bool = False
) -> Writer:
    """A writer by the ending of `path`: .jsonl, .csv (which has no header) or .npz."""
    ending = check_choice(Path(path).suffix.lower(), (".jsonl", ".csv", ".npz"), f"{path}: ending")
    if ending == ".csv":
        return CsvWriter(path, force=force)
    return (JsonlWriter if ending == ".jsonl" else NpzWriter)(path, header, force=force)
