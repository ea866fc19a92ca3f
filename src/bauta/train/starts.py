"""Averaged weights that travel with the repository: where another run can start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


def write_start(path: Path, state: dict[str, Tensor]) -> None:
    """Write a state in 16 bits as `weights/<name>.npz`."""
    path.parent.mkdir(exist_ok=True)
    arrays: dict[str, Any] = {
        key: value.half().numpy() if value.is_floating_point() else value.numpy()
        for key, value in state.items()
    }
    np.savez_compressed(path, **arrays)


def read_start(path: Path) -> dict[str, Tensor]:
    """The state that `write_start` wrote."""
    with np.load(path) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays.files}
