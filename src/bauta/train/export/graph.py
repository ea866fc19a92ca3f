"""From a module to an ONNX graph: batch norms folded, names short, dynamic sizes."""

from __future__ import annotations

import io
import warnings
from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 17


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


def trace(
    wrapper: nn.Module,
    example: Tensor,
    inputs: list[str],
    outputs: list[str],
    dynamic: dict[str, dict[int, str]],
) -> onnx.ModelProto:
    """Graph of a module in evaluation mode, weights in 32 bits."""
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
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def finish(model: onnx.ModelProto, metadata: dict[str, str]) -> bytes:
    """Serialized graph with its metadata; everything but inputs and outputs gets a short name."""
    model.producer_name = "bauta"
    onnx.helper.set_model_props(model, metadata)
    shorten_names(model, {item.name for item in (*model.graph.input, *model.graph.output)})
    onnx.checker.check_model(model)
    return model.SerializeToString()


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
