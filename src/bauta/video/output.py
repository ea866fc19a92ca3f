"""Places to write to: refuse to overwrite unasked, and leave no half files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bauta.checks import SinkError


def check_output(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Return `path` as a file that may be written, with its folder made.

    Raises SinkError when it exists and `force` is not set, when it is a folder, and when its
    folder cannot be made. That it can be written is known only by opening it.
    """
    target = Path(path)
    if os.path.isdir(target):
        raise SinkError(f"{target}: is a folder; name a file in it")
    if os.path.lexists(target) and not force:
        raise SinkError(f"{target}: exists already; pass --force to replace it or name another")
    make_folder(target.parent)
    return target


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; SinkError when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise SinkError(f"{folder}: is a file; name a folder for the results") from error
    except OSError as error:
        raise sink_error(folder, error) from error


def atomic_write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all: beside it first, then under its name.

    Replaces what is there. Raises SinkError when it cannot be written, leaving the old file.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, target)
    except OSError as error:
        raise sink_error(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn an OSError while writing `path` into a SinkError."""
    try:
        yield
    except OSError as error:
        raise sink_error(path, error) from error


def sink_error(path: Path, error: Exception) -> SinkError:
    """Return the SinkError for a failed write: which file, why, what to do."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SinkError(
        f"{path}: cannot be written: {reason}; "
        "free some space, check permissions or write elsewhere"
    )
