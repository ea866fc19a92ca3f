"""Beside a table that is only readable once it is finished: the folder NAME.parts it grows in.

A process that is killed leaves the folder, with all but the newest rows in it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bauta.checks import SinkError
from bauta.video.output import check_output, make_folder, reporting, sink_error


def parts_of(path: Path) -> Path:
    """The folder in which the table at `path` grows until it is finished."""
    return path.with_name(f"{path.name}.parts")


def check_table(path: str | os.PathLike[str], force: bool = False) -> Path:
    """`check_output`, which refuses the parts that an interrupted run left as well."""
    table = check_output(path, force)
    folder = parts_of(table)
    with reporting(folder):
        if not force and folder.is_dir() and any(folder.iterdir()):
            raise SinkError(
                f"{folder}: holds what an interrupted run wrote; pass --force to replace it or "
                "name another output"
            )
    return table


class Parts:
    """The folder of the parts of the table at `path`, whose names match `pattern`; made anew.

    SinkError when the table, or parts of an interrupted run, are there (without `force`), or when
    the folder cannot be made.
    """

    def __init__(self, path: str | os.PathLike[str], pattern: str, force: bool) -> None:
        self.path = check_table(path, force)
        self.folder = parts_of(self.path)
        self._pattern = pattern
        self.clear()
        with reporting(self.path):
            self.path.unlink(missing_ok=True)
        make_folder(self.folder)

    def clear(self) -> None:
        """Take the parts away, and the folder unless somebody else's files are in it."""
        with reporting(self.folder):
            for part in self.folder.glob(self._pattern):
                part.unlink()
            with suppress(OSError):
                self.folder.rmdir()

    def kept(self, error: SinkError) -> SinkError:
        """The error of a table that could not be finished, which says where its rows are."""
        return SinkError(f"{error}; {self.folder} holds what could be written")


class Whole:
    """A name beside `target` to write to; put in its place at the end, or removed by an error.

    An OSError becomes a SinkError.
    """

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
            number = error.errno  # pyarrow adds words of its own
            plain = OSError(number, os.strerror(number)) if number else error
            raise sink_error(self._target, plain) from error
