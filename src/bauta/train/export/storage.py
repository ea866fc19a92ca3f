"""How a file holds its weights, and with how many bits its convolutions calculate.

| storage | weights | convolutions calculate in | needs |
|---|---|---|---|
| `float32` | 32 bits | 32 bits | |
| `float16` | 16 bits | 32 bits | |
| `weights8` | 8 bits, one scale an output channel | 32 bits | |
| `int8` | 8 bits, one scale an output channel | 8 bits | crops to calibrate with |

Vectors stay in 32 bits: biases of points are pixels, which need more than the eleven bits of a
float16. 16- and 8-bit weights are widened when the session loads (ONNX Runtime folds the casts):
the file shrinks, and a frame costs what it cost before. With `int8` the ranges of all maps are
fixed by what the network shows on the calibration crops; linear layers stay as in `weights8`, since
positions need more than 256 steps.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from bauta.checks import InputError

STORAGES = ("float32", "float16", "weights8", "int8")
FLOAT = onnx.TensorProto.FLOAT
KEEP = 16
"""Matrices and kernels of fewer numbers stay in 32 bits."""
PART = 8
"""Crops that calibration feeds at once."""


def stored(
    model: onnx.ModelProto, storage: str, calibration: np.ndarray | None = None
) -> onnx.ModelProto:
    """A copy of a float32 model as `storage` holds it; `calibration` (N, S, S, 3) uint8 crops."""
    if storage == "int8":
        if calibration is None or not len(calibration):
            raise InputError("int8: needs crops to calibrate with; name a pack")
        model = quantise(model, calibration)
        store_weights(model, 8)
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if storage != "float32":
        store_weights(copy, {"float16": 16, "weights8": 8}[storage])
    return copy


def store_weights(model: onnx.ModelProto, bits: int) -> None:
    """Store float32 matrices and kernels in 16 bits, or in 8 with one scale an output channel, in
    place. Nodes that widen them to 32 bits go first; the session folds them."""
    before = []
    ranges = _quantisation_ranges(model)
    for tensor in list(model.graph.initializer):
        values, name = numpy_helper.to_array(tensor), tensor.name
        vector = values.ndim < 2 or values.size < KEEP
        if values.dtype != np.float32 or vector or name in ranges:
            continue
        if bits == 8:
            axis = _output_axis(model, name)
            others = tuple(a for a in range(values.ndim) if a != axis)
            scale = np.maximum(np.abs(values).max(others, keepdims=True), 1e-3) / 127
            scale = scale.astype(np.float16).astype(np.float32)
            tensor.CopyFrom(
                numpy_helper.from_array(np.round(values / scale).astype(np.int8), f"{name}_8")
            )
            model.graph.initializer.append(
                numpy_helper.from_array(scale.astype(np.float16), f"{name}_scale_16")
            )
            before += [
                onnx.helper.make_node("Cast", [f"{name}_scale_16"], [f"{name}_scale"], to=FLOAT),
                onnx.helper.make_node("Cast", [f"{name}_8"], [f"{name}_wide"], to=FLOAT),
                onnx.helper.make_node("Mul", [f"{name}_wide", f"{name}_scale"], [name]),
            ]
        else:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_16"))
            before.append(onnx.helper.make_node("Cast", [f"{name}_16"], [name], to=FLOAT))
    for index, node in enumerate(before):
        model.graph.node.insert(index, node)


def _quantisation_ranges(model: onnx.ModelProto) -> set[str]:
    """Names of the scales and zero points of a quantised graph."""
    kinds = ("QuantizeLinear", "DequantizeLinear")
    return {name for node in model.graph.node if node.op_type in kinds for name in node.input[1:]}


def _output_axis(model: onnx.ModelProto, name: str) -> int:
    """Axis of the output channels of a weight: 0, but 1 for the right side of a plain MatMul."""
    for node in model.graph.node:
        if name in node.input:
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            return 1 if node.op_type in ("MatMul", "Gemm") and not transposed else 0
    return 0


def quantise(model: onnx.ModelProto, calibration: np.ndarray) -> onnx.ModelProto:
    """Convolutions in 8 bits (QDQ): weights by output channel, maps by the ranges that they take on
    the `calibration` crops (N, S, S, 3) uint8."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Crops(CalibrationDataReader):
        """Feeds the crops in parts."""

        def __init__(self) -> None:
            self.parts = iter(np.array_split(calibration, -(-len(calibration) // PART)))

        def get_next(self) -> dict[str, np.ndarray] | None:  # type: ignore[override]
            part = next(self.parts, None)
            return None if part is None else {"crop": part}

    logging.getLogger().disabled, was = True, logging.getLogger().disabled
    try:
        with tempfile.TemporaryDirectory() as folder:
            before, path = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
            onnx.save(model, before)
            quantize_static(
                before,
                path,
                Crops(),
                op_types_to_quantize=["Conv"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(path)
    finally:
        logging.getLogger().disabled = was
