"""What stands beside a model's file: its card, and a golden sample that any machine can repeat."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from bauta.assets.golden import Golden, write_golden
from bauta.checks import SinkError
from bauta.engine.session import Session

TOLERANCE = {"float32": 0.02, "float16": 0.02, "weights8": 0.02, "int8": 1.0}
"""Largest difference of a golden sample from one machine to another, in the units of the outputs:
sums in another order, and with `int8` maps that round the other way."""


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Replace `path` at once by what `write` puts into the file that it is given; SinkError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot write: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def write_model(folder: Path, card: dict[str, Any], data: bytes) -> None:
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
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_file(folder / f"{name}.onnx", lambda path: path.write_bytes(data))
    write_file(folder / f"{name}.json", lambda path: path.write_text(text, encoding="utf-8"))


def make_golden(data: bytes, inputs: dict[str, np.ndarray], storage: str) -> Golden:
    """What a file says of `inputs` here and now."""
    return Golden(inputs, Session(data).run(inputs), TOLERANCE[storage])


def keep_golden(path: Path, golden: Golden) -> None:
    """Write a golden sample as `path`, an npz."""
    write_file(path, lambda part: write_golden(part, golden))
