"""Golden samples: a small input and what the file said of it when it was made.

They lie beside the file as `<name>.golden.npz` and hold drawn faces, never training data.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import ModelError

_FOLDER = files("bauta.assets.models")


@dataclass(frozen=True, eq=False)
class Golden:
    """An input by name, the outputs by name, and how far another machine may differ."""

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    tolerance: float
    """Largest difference of a number, in the units of the outputs: pixels for points."""

    def differences(
        self, run: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]
    ) -> dict[str, float]:
        """Output -> largest difference of what `run` says of the inputs now; infinite when it is
        missing or of another shape."""
        now, found = run(self.inputs), {}
        for name, before in self.outputs.items():
            same = name in now and now[name].shape == before.shape
            found[name] = float(np.abs(now[name] - before).max()) if same else float("inf")
        return found


def write_golden(path: Path, golden: Golden) -> None:
    """Write to `path`, whatever its ending."""
    arrays: dict[str, Any] = {"tolerance": np.array(golden.tolerance)}
    arrays |= {f"input/{name}": value for name, value in golden.inputs.items()}
    arrays |= {f"output/{name}": value for name, value in golden.outputs.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_golden(name_or_path: str | Path) -> Golden:
    """Of a model that ships, or of a file that ends in `.onnx`; ModelError when there is none."""
    path = Path(name_or_path)
    ours = path.suffix != ".onnx"
    where = _FOLDER.joinpath(f"{path}.golden.npz") if ours else path.with_suffix(".golden.npz")
    try:
        with np.load(io.BytesIO(where.read_bytes())) as arrays:
            parts = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError) as error:
        raise ModelError(f"{name_or_path}: no golden sample beside it to check by") from error

    def group(prefix: str) -> dict[str, np.ndarray]:
        return {key.removeprefix(prefix): v for key, v in parts.items() if key.startswith(prefix)}

    return Golden(group("input/"), group("output/"), float(parts["tolerance"]))
