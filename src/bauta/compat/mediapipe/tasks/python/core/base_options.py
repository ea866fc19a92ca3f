"""`BaseOptions`: which model, and where it runs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class _Delegate(IntEnum):
    CPU = 0
    GPU = 1


@dataclass
class BaseOptions:
    """`model_asset_path`: a MediaPipe `.task` is not opened and need not exist, `base` takes its
    place; the name of a model of ours or a bauta `.onnx` is used. `model_asset_buffer` is not
    looked at. Everything runs on the CPU: a warning says so to who asks for a GPU."""

    model_asset_path: str | None = None
    model_asset_buffer: bytes | None = None
    delegate: _Delegate | None = None

    Delegate = _Delegate

    def __post_init__(self) -> None:
        if self.delegate == _Delegate.GPU:
            warnings.warn("bauta runs on the CPU; the GPU delegate is left out", stacklevel=3)

    def model(self) -> str:
        """The model of ours that is to run."""
        path = "" if self.model_asset_path is None else str(self.model_asset_path)
        return "base" if Path(path).suffix in (".task", ".tflite") or not path else path
