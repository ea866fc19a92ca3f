"""Reads a .glb back for tests: written from the specification, not from our writer."""

import json
import struct

import numpy as np

PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}


class Glb:
    """`scene`: the JSON; `values(k)`: accessor k as (count, parts)."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data, 0)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        assert size % 4 == 0
        self.scene = json.loads(data[20 : 20 + size])
        start = 20 + size
        size, kind = struct.unpack_from("<I4s", data, start)
        assert kind == b"BIN\0"
        assert start + 8 + size == len(data)
        self.bytes = data[start + 8 :]

    def view(self, number: int) -> bytes:
        view = self.scene["bufferViews"][number]
        assert view["byteOffset"] % 4 == 0
        return self.bytes[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def values(self, number: int) -> np.ndarray:
        a = self.scene["accessors"][number]
        shape = (a["count"], PARTS[a["type"]])
        out = np.zeros(shape, TYPES[a["componentType"]])
        if "bufferView" in a:
            out[:] = np.frombuffer(self.view(a["bufferView"]), out.dtype).reshape(shape)
        if "sparse" in a:
            s = a["sparse"]
            rows = np.frombuffer(
                self.view(s["indices"]["bufferView"]), TYPES[s["indices"]["componentType"]]
            )
            assert len(rows) == s["count"]
            assert (np.diff(rows.astype(int)) > 0).all()
            out[rows] = np.frombuffer(self.view(s["values"]["bufferView"]), out.dtype).reshape(
                -1, shape[1]
            )
        if "min" in a:
            np.testing.assert_allclose(out.min(0), a["min"], rtol=1e-6)
            np.testing.assert_allclose(out.max(0), a["max"], rtol=1e-6)
        return out

    def curve(self, node: int, path: str) -> np.ndarray:
        """(T, parts) of an animated property of a node."""
        animation = self.scene["animations"][0]
        (channel,) = [
            c for c in animation["channels"] if c["target"] == {"node": node, "path": path}
        ]
        return self.values(animation["samplers"][channel["sampler"]]["output"])


def turned(xyzw: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 3) turned by a quaternion, as the specification orders it."""
    u, w = xyzw[:3].astype(float), float(xyzw[3])
    return points + 2 * w * np.cross(u, points) + 2 * np.cross(u, np.cross(u, points))
