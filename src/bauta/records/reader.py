"""Tracks read back from JSONL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bauta.checks import InputError, SourceError
from bauta.records.format import FORMAT, VERSION, Header, TrackedFrame, frame_of_json

if TYPE_CHECKING:
    import pandas as pd


class Tracks:
    """A JSONL file of tracks: `header`, and its frames by iterating, as often as wanted.

    `truncated` is known once an iteration has come to the end: True when the last line was cut
    off (a writer that was killed or still writes). All whole frames before it are delivered.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.truncated = False

    def __iter__(self) -> Iterator[TrackedFrame]:
        self.truncated = False
        with _open(self.path) as file:
            next(file)
            for number, line in enumerate(file, start=2):
                where = f"{self.path}, line {number}"
                try:
                    record = json.loads(line)
                except ValueError as error:
                    if not line.endswith(b"\n"):
                        self.truncated = True
                        return
                    raise InputError(f"{where}: not JSON; the file is damaged there") from error
                yield frame_of_json(record, where)

    def to_dataframe(self) -> pd.DataFrame:
        """All frames as one pandas table, a row a face and frame: `bridges.to_dataframe`."""
        from bauta.records.bridges import to_dataframe

        return to_dataframe(self)


def read_tracks(path: str | os.PathLike[str]) -> Tracks:
    """Open a JSONL file of tracks and read its header.

    Raises SourceError when there is no such file, InputError when it is of another kind or of a
    newer version. Frames are checked as they are read; an InputError names the line.
    """
    path = Path(path)
    with _open(path) as file:
        first = file.readline(1 << 20)
    try:
        header = json.loads(first)
    except ValueError as error:
        raise InputError(
            f"{path}: not a file of tracks: expected a JSON header in its first line"
        ) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InputError(f'{path}: not a file of tracks: expected "format": "{FORMAT}" at its head')
    if header.get("version") != VERSION:
        raise InputError(
            f"{path}: version {header.get('version')} of the format; this bauta reads {VERSION}, "
            "use the one that wrote it or a newer one"
        )
    known = {key: header.pop(key, "") for key in ("source", "size", "model", "bauta")}
    size = known.pop("size")
    details = {key: value for key, value in header.items() if key not in ("format", "version")}
    return Tracks(path, Header(size=tuple(size) if size else None, details=details, **known))


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; check the name") from error
    with file:
        yield file
