"""Fragmented mp4 files that were cut off in the middle of a fragment."""

from __future__ import annotations

import struct
from pathlib import Path


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
