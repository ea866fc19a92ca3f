"""A small writer of glTF 2.0 in one binary file (.glb): buffers, accessors, images, chunks.

Khronos, glTF 2.0 specification (ISO/IEC 12113): 3.6 (accessors), 4.4 (GLB).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

FLOAT, UINT16, UINT32 = 5126, 5123, 5125
VERTICES, INDICES = 34962, 34963
MAGIC, VERSION, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
KINDS = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4"}


class GltfWriter:
    """Collects binary data; `finish` joins it with the scene, a dictionary as glTF defines it."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def view(self, data: bytes, target: int | None = None) -> int:
        """Index of a buffer view over `data`, which begins at a multiple of four bytes."""
        self._data += bytes(-len(self._data) % 4)
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)}
        self._views.append(view | ({} if target is None else {"target": target}))
        self._data += data
        return len(self._views) - 1

    def floats(self, values: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Index of an accessor of floats (N,) or (N, 2..4); `bounds`: with least and largest."""
        table = np.ascontiguousarray(values, "<f4")
        accessor = {
            "bufferView": self.view(table.tobytes(), target),
            "componentType": FLOAT,
            "count": len(table),
            "type": KINDS[table.shape[1:]],
        }
        return self._add(accessor, table if bounds else None)

    def indices(self, values: np.ndarray) -> int:
        """Index of an accessor of whole numbers (N,), in 16 bits where they fit."""
        wide = int(values.max(initial=0)) >= 65535  # 65535 restarts a primitive
        table = np.ascontiguousarray(values, "<u4" if wide else "<u2")
        accessor = {
            "bufferView": self.view(table.tobytes(), INDICES),
            "componentType": UINT32 if wide else UINT16,
            "count": table.size,
            "type": "SCALAR",
        }
        return self._add(accessor, None)

    def sparse(self, values: np.ndarray, bounds: bool = False) -> int:
        """Index of an accessor of vectors (N, 3) of which only those that are not 0 are stored."""
        table = np.ascontiguousarray(values, "<f4")
        accessor: dict[str, Any] = {"componentType": FLOAT, "count": len(table), "type": "VEC3"}
        rows = np.flatnonzero(table.any(1))
        if len(rows):
            wide = rows[-1] >= 65536
            accessor["sparse"] = {
                "count": len(rows),
                "indices": {
                    "bufferView": self.view(rows.astype("<u4" if wide else "<u2").tobytes()),
                    "componentType": UINT32 if wide else UINT16,
                },
                "values": {"bufferView": self.view(table[rows].tobytes())},
            }
        return self._add(accessor, table if bounds else None)

    def _add(self, accessor: dict[str, Any], bounded: np.ndarray | None) -> int:
        if bounded is not None:
            low, high = np.atleast_1d(bounded.min(0)), np.atleast_1d(bounded.max(0))
            accessor |= {"min": low.tolist(), "max": high.tolist()}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def finish(self, scene: dict[str, Any]) -> bytes:
        """The file: header, the scene as JSON, and the binary data."""
        data = bytes(self._data) + bytes(-len(self._data) % 4)
        document = scene | {
            "buffers": [{"byteLength": len(data)}],
            "bufferViews": self._views,
            "accessors": self._accessors,
        }
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(data)
        return b"".join(
            [
                struct.pack("<III", MAGIC, VERSION, total),
                struct.pack("<II", len(text), JSON_CHUNK) + text,
                struct.pack("<II", len(data), BIN_CHUNK) + data,
            ]
        )
