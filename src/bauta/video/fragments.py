"""Fragmented mp4 files that were cut off."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

BLOCK = bytes(1 << 16)


def cut_to_whole(path: Path) -> None:
    """Shorten a file to its last whole fragment (ISO/IEC 14496-12: boxes of size,
    type and content; the last one of a fragment is `mdat`).

    A no-op where it ends with one, and where it has none at all.
    """
    with open(path, "r+b") as file:
        size = path.stat().st_size
        here = whole = 0
        while here + 16 <= size:
            file.seek(here)
            length, kind, large = struct.unpack(">I4sQ", file.read(16))
            length = large if length == 1 else length
            if length < 8 or here + length > size:
                break
            here += length
            if kind == b"mdat":
                whole = here
        if 0 < whole < size:
            file.truncate(whole)


def check_end(path: Path) -> None:
    """OSError when the end of a finished file is missing (its last box, `mfro`): FFmpeg is silent
    about writes that fail when it closes a file."""
    with open(path, "rb") as file:
        file.seek(max(path.stat().st_size - 16, 0))
        if file.read(16)[4:8] == b"mfro":
            return
    with open(path, "ab", buffering=0) as file:  # why not? A disk without room says so
        for _ in range(2):
            file.write(BLOCK)
    raise OSError(errno.EIO, os.strerror(errno.EIO))
