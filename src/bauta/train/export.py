"""From trained weights to the file that ships: one ONNX graph with its pre- and post-processing.

Weights are stored in 16 or 8 bits and widened to 32 when the session loads (ONNX Runtime folds the
casts), which shrinks the file and costs nothing per frame.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bauta.data.readers.own import LABEL_OFFSET68
from bauta.train.networks.landmarks import LandmarkNet
from bauta.train.starts import write_start

FLOAT = onnx.TensorProto.FLOAT
KEEP = 16
"""Initialisers of fewer numbers stay in 32 bits."""


def fuse(module: nn.Module) -> nn.Module:
    """Fold every batch normalisation into the convolution before it, in place."""
    for name, child in module.named_children():
        if (
            isinstance(child, nn.Sequential)
            and len(child) >= 2
            and isinstance(child[0], nn.Conv2d)
            and isinstance(child[1], nn.BatchNorm2d)
        ):
            fused = fuse_conv_bn_eval(child[0], child[1])
            setattr(module, name, nn.Sequential(fused, *child[2:]))
        else:
            fuse(child)
    return module


class LandmarkExport(nn.Module):
    """uint8 crops (B, size, size, 3) to points and sigma in pixels of the crop, and presence."""

    names = ("mesh", "ibug68", "ibug68_3d")
    outputs = (*names, *(f"{name}_sigma" for name in names), "presence")

    def __init__(self, net: LandmarkNet) -> None:
        super().__init__()
        self.net = net
        self.percent = net.config.size / 100

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        out = self.net(crop.permute(0, 3, 1, 2).float() / 127.5 - 1)
        points = [out["mesh"], out["points68"], out["points3d"]]
        centred = [
            p
            if p.shape[-1] == 2
            else p - p[..., 2:].mean(1, keepdim=True) * p.new_tensor([0, 0, 1])
            for p in points
        ]
        keys = ("mesh", "points68", "points3d")
        sigma = [torch.exp(out[f"{key}_log_sigma"]) * self.percent for key in keys]
        return (*centred, *sigma, torch.sigmoid(out["presence"]))


def store_weights(model: onnx.ModelProto, bits: int) -> None:
    """Store every float32 initialiser in 16 bits, or matrices and kernels in 8 with one scale an
    output channel, in place. Nodes that widen them to 32 bits go first; the session folds them."""
    before = []
    for tensor in list(model.graph.initializer):
        values, name = numpy_helper.to_array(tensor), tensor.name
        if values.dtype != np.float32 or values.size < KEEP:
            continue
        if bits == 8 and values.ndim >= 2:
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


def shorten_names(model: onnx.ModelProto, keep: set[str]) -> None:
    """Number everything but `keep`: names are a tenth of a small file. In place."""
    short: dict[str, str] = {}

    def rename(names: Any) -> None:
        for i, name in enumerate(names):
            if name and name not in keep:
                names[i] = short.setdefault(name, f"t{len(short)}")

    for node in model.graph.node:
        node.name, node.doc_string = "", ""
        rename(node.input)
        rename(node.output)
    for tensor in model.graph.initializer:
        tensor.name = short.get(tensor.name, tensor.name)
    del model.graph.value_info[:]


def _output_axis(model: onnx.ModelProto, name: str) -> int:
    """Axis of the output channels of a weight: 0, but 1 for the right side of a plain MatMul."""
    for node in model.graph.node:
        if name in node.input:
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            return 1 if node.op_type in ("MatMul", "Gemm") and not transposed else 0
    return 0


def to_onnx(
    wrapper: nn.Module,
    example: Tensor,
    inputs: list[str],
    outputs: list[str],
    dynamic: dict[str, dict[int, str]],
    metadata: dict[str, str],
    bits: int = 16,
) -> bytes:
    """Serialized graph of a module in evaluation mode, weights in 16 or 8 `bits`."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapper.eval(),
            (example,),
            buffer,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    store_weights(model, bits)
    model.producer_name = "bauta"
    onnx.helper.set_model_props(model, metadata)
    shorten_names(model, {*inputs, *outputs})
    onnx.checker.check_model(model)
    return model.SerializeToString()


def export_landmarks(net: LandmarkNet, name: str, version: str, bits: int = 16) -> bytes:
    """The file of a landmark regressor."""
    size = net.config.size
    fuse(net.eval())
    wrapper = LandmarkExport(net)
    names = list(wrapper.outputs)
    return to_onnx(
        wrapper,
        torch.zeros(1, size, size, 3, dtype=torch.uint8),
        ["crop"],
        names,
        {key: {0: "batch"} for key in ["crop", *names]},
        {
            "bauta_task": "landmarks",
            "bauta_model": name,
            "version": version,
            "size": str(size),
            "ibug68_offset": ",".join(map(str, LABEL_OFFSET68)),
        },
        bits,
    )


def write_model(folder: Path, card: dict, data: bytes) -> None:
    """`<name>.onnx` and its card `<name>.json`, hash and size filled in."""
    name = card["name"]
    model = onnx.load_from_string(data)
    count = sum(int(np.prod(t.dims)) for t in model.graph.initializer)
    card |= {
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": count,
    }
    for path, content in (
        (folder / f"{name}.onnx", data),
        (folder / f"{name}.json", (json.dumps(card, indent=2) + "\n").encode()),
    ):
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(content)
        os.replace(temporary, path)


def main() -> None:
    """Export the averaged weights of a run into the package; the card keeps what it said."""
    from bauta.train.landmarks import Run, read_recipe

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", help="base or nano: recipes/<name>.toml, runs/<name>")
    parser.add_argument("--version", default="1")
    parser.add_argument("--run", type=Path, help="folder of the run, else runs/<name>")
    options = parser.parse_args()
    recipe = read_recipe(Path("recipes") / f"{options.name}.toml")
    net = LandmarkNet(recipe.network)
    net.load_state_dict(Run.read_average(options.run or Path("runs") / options.name))
    folder = Path(__file__).resolve().parents[1] / "assets" / "models"
    write_start(Path("weights") / f"{options.name}.npz", net.state_dict())
    path = folder / f"{options.name}.json"
    card = json.loads(path.read_text())
    card["version"] = options.version
    write_model(folder, card, export_landmarks(net, options.name, options.version, recipe.bits))


if __name__ == "__main__":
    main()
