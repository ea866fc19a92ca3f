"""Places to write to: refuse to overwrite unasked, and leave no half files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bauta.checks import SinkError

STDOUT = Path("-")
"""Stands for standard output where a file is named."""


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


def open_output(path: Path, force: bool = False) -> IO[bytes]:
    """Open a file for writing, empty and without a buffer; `STDOUT` is a handle of its own on
    standard output. SinkError as in `check_output`, and when it cannot be opened."""
    with reporting(path):
        if path == STDOUT:
            return open(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        return open(check_output(path, force), "wb", buffering=0)


@contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn an OSError while writing `path` into a SinkError."""
    try:
        yield
    except SinkError:
        raise
    except OSError as error:
        raise sink_error(path, error) from error


def sink_error(path: Path, error: Exception) -> SinkError:
    """Return the SinkError for a failed write: which file, why, what to do."""
    name = "stdout" if path == STDOUT else path
    if isinstance(error, BrokenPipeError):
        return SinkError(f"{name}: was closed by the program that reads it; stopped there")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SinkError(
        f"{name}: cannot be written: {reason}; "
        "free some space, check permissions or write elsewhere"
    )
