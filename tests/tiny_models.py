"""Models of a stranger: little `.onnx` files that need neither torch nor onnx to be written.

Each draws the canonical face of its schemes into the middle of its crop, wherever the face is, and
a little lower the brighter the crop: what a network knows before it has learned anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.crop import MARGIN
from bauta.regress.landmarks import BLENDSHAPES, OUTPUTS
from bauta.tables import mesh478

SIZE = 64
"""Pixels of the crop."""
FLOAT, UINT8 = 1, 2
OPSET = 13
SOLID = ("ibug68-3d", "mesh478")
"""Schemes whose points have z."""


def write(
    path: Path, *names: str, shapes: Mapping[str, float] | None = None, **metadata: str
) -> Path:
    """A landmark model of those schemes at `path`, with more `metadata` if there is any; it
    believes in `shapes`, whatever it sees."""
    said = {"bauta_task": "landmarks", "bauta_model": path.stem, "version": "1"}
    said |= {"size": str(SIZE), "schemes": ",".join(names)} | metadata
    if shapes is not None:
        said = {BLENDSHAPES: ",".join(shapes)} | said
    path.write_bytes(_model(list(names), said, shapes))
    return path


def mean_face(scheme: str) -> np.ndarray:
    """(K, 2 or 3) float32 pixels of the crop: the canonical face as `bauta.crop` frames it."""
    face = mesh478()["canonical"][:, :2].astype(np.float64)
    low, high = face.min(0), face.max(0)
    scale = SIZE / (MARGIN * float(max(high - low)))
    points = schemes.layout(scheme) * [scale, -scale, -scale]
    points[:, :2] += SIZE / 2 - (low + high) / 2 * [scale, -scale]
    points[:, 2] -= points[:, 2].mean()
    return points[:, : 3 if scheme in SOLID else 2].astype(np.float32)


def _model(names: list[str], metadata: dict[str, str], shapes: Mapping[str, float] | None) -> bytes:
    """The bytes of a ModelProto; the numbers of its fields are those of onnx.proto."""
    outputs = {name: mean_face(name)[None] for name in names}
    called = {scheme: output for output, scheme in OUTPUTS.items()}
    nodes = [_node("Cast", ["crop"], ["float"], _attribute("to", FLOAT))]
    nodes += [_node("ReduceMean", ["float"], ["grey"], _attribute("keepdims", 0))]
    values = []
    for name, points in outputs.items():
        down = np.array([0, 0.01, 0], np.float32)[: points.shape[2]]
        values += [_tensor(f"{name}_mean", points), _tensor(f"{name}_down", down)]
        nodes += [_node("Mul", ["grey", f"{name}_down"], [f"{name}_shift"])]
        nodes += [_node("Add", [f"{name}_mean", f"{name}_shift"], [called.get(name, name)])]
    if shapes is not None:
        outputs[BLENDSHAPES] = np.array([list(shapes.values())], np.float32)
        values += [_tensor("shapes", outputs[BLENDSHAPES])]
        nodes += [_node("Identity", ["shapes"], [BLENDSHAPES])]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"tiny")
    graph += b"".join(_bytes(5, value) for value in values)
    graph += _bytes(11, _value("crop", UINT8, (1, SIZE, SIZE, 3)))
    for name, points in outputs.items():
        graph += _bytes(12, _value(called.get(name, name), FLOAT, points.shape))
    model = _int(1, 8) + _bytes(7, graph) + _bytes(8, _int(2, OPSET))
    for key, text in metadata.items():
        model += _bytes(14, _bytes(1, key.encode()) + _bytes(2, text.encode()))
    return model


def _node(kind: str, inputs: list[str], outputs: list[str], attribute: bytes = b"") -> bytes:
    named = b"".join(_bytes(1, name.encode()) for name in inputs)
    named += b"".join(_bytes(2, name.encode()) for name in outputs)
    return named + _bytes(4, kind.encode()) + (_bytes(5, attribute) if attribute else b"")


def _attribute(name: str, value: int) -> bytes:
    integer = 2
    return _bytes(1, name.encode()) + _int(3, value) + _int(20, integer)


def _tensor(name: str, value: np.ndarray) -> bytes:
    shape = b"".join(_int(1, side) for side in value.shape)
    return shape + _int(2, FLOAT) + _bytes(8, name.encode()) + _bytes(9, value.tobytes())


def _value(name: str, kind: int, shape: tuple[int, ...]) -> bytes:
    sides = b"".join(_bytes(1, _int(1, side)) for side in shape)
    tensor = _int(1, kind) + _bytes(2, sides)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _bytes(field: int, payload: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(payload)) + payload


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
