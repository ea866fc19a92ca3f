"""The orientation that cameras write beside a picture (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

JPEG_MARK = b"\xff\xd8"
PNG_MARK = b"\x89PNG\r\n\x1a\n"
ORIENTATION_TAG = 0x0112
UPRIGHT = (1, 0, 0, 1)
# Orientation -> (a, b, c, d) of `pixels.turn`.
MATRICES = {
    1: UPRIGHT,
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def display_matrix(data: bytes) -> tuple[int, int, int, int]:
    """Return (a, b, c, d) for `pixels.turn` from the bytes of a JPEG, PNG or WebP file.

    Upright when there is no EXIF or it cannot be read. TIFF is left out because OpenCV applies
    its orientation itself.
    """
    try:
        return MATRICES.get(_orientation(_exif_block(data)), UPRIGHT)
    except struct.error:
        return UPRIGHT


def is_cut_off(data: bytes) -> bool:
    """Say whether a JPEG or PNG ends before its end mark: some decoders fill the rest with grey.

    JPEG's is looked for after the start of scan, since an EXIF thumbnail carries its own. PNG's is
    reached from chunk to chunk: OpenCV spends half a minute on one that promises gigabytes.
    """
    if data.startswith(PNG_MARK):
        return not _reaches_end(data)
    if not data.startswith(JPEG_MARK):
        return False
    scan = next((end for code, _, end in _jpeg_segments(data) if code == 0xDA), len(data))
    return data.find(b"\xff\xd9", scan) < 0


def _exif_block(data: bytes) -> bytes:
    if data.startswith(JPEG_MARK):
        for code, start, end in _jpeg_segments(data):
            if code == 0xE1 and data[start : start + 6] == b"Exif\0\0":
                return data[start + 6 : end]
    elif data.startswith(PNG_MARK):
        return _chunk(data, 8, b"eXIf", ">", length_first=True)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        block = _chunk(data, 12, b"EXIF", "<", length_first=False)
        return block.removeprefix(b"Exif\0\0")
    return b""


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker code, start, end) of each segment's content, up to the start of scan."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        code = data[position + 1]
        if code == 0xFF:  # fill byte
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield code, position + 4, position + 2 + length
        if code == 0xDA:
            return
        position += 2 + length


def _chunk(data: bytes, position: int, name: bytes, order: str, length_first: bool) -> bytes:
    """Return the content of a PNG or RIFF chunk, or nothing."""
    while position + 8 <= len(data):
        first, second = data[position : position + 4], data[position + 4 : position + 8]
        kind, size = (second, first) if length_first else (first, second)
        (length,) = struct.unpack(f"{order}I", size)
        if kind == name:
            return data[position + 8 : position + 8 + length]
        # PNG: a checksum follows; RIFF: padded to an even length.
        position += 8 + length + (4 if length_first else length % 2)
    return b""


def _reaches_end(data: bytes) -> bool:
    """Say whether the chunks of a PNG lead to its last one."""
    position = len(PNG_MARK)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if name == b"IEND":
            return position <= len(data)
    return False


def _orientation(block: bytes) -> int:
    """Read tag 0x0112 from the first directory of a TIFF block; 1 when it is not there."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    (directory,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", block, entry)
        if tag == ORIENTATION_TAG:
            return value
    return 1
