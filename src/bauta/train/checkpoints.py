"""What a run leaves on disk: its last state, its best weights, and a batch that broke it.

A run's folder holds `recipe.toml`, `last.pt` (everything needed to go on), `best.pt` (the weights
with the lowest score so far), `log.csv` and `errors.png`. Files are replaced at once, never half
written, and read without unpickling code.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import InputError, ModelError, SinkError
from bauta.train.starts import read_start

LAST, BEST, BAD_BATCH = "last.pt", "best.pt", "bad_batch.npz"
ASIDE = "aside."
"""Names of weights that only training needs, such as the adapters of a distilled student."""
HEADS = "heads."
"""Names of the weights of heads, which differ between networks for different points."""


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors and plain values) atomically; SinkError when the disk refuses."""
    part = path.with_suffix(".part")
    try:
        torch.save(state, part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # a full disk is a RuntimeError of torch
        raise SinkError(f"{path}: cannot write the checkpoint: {error}") from error


def read_state(path: Path) -> dict[str, Any]:
    """The state that `write_state` wrote; ModelError when the file is not one."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # whatever torch finds wrong with a damaged file
        raise ModelError(f"{path}: cannot be read as a checkpoint of a run") from error


def read_weights(source: Path) -> dict[str, Tensor]:
    """Weights to start from or to export: of `weights/<name>.npz`, of a checkpoint (.pt), or of a
    run's folder (its best ones, or its last when it kept no score)."""
    if source.suffix == ".npz" and source.is_file():
        return read_start(source)
    for path in (source, source / BEST, source / LAST):
        if path.is_file():
            state = read_state(path)
            found = state.get("weights") or state.get("average") or state.get("network")
            if found is None:
                raise ModelError(f"{path}: holds no weights of a network")
            return found
    raise InputError(f"{source}: neither weights (.npz, .pt) nor the folder of a run")


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Put `weights` into `network`; ModelError names the first that differs in name or shape.

    What only one of the two has under `ASIDE` is left alone.
    """
    own = network.state_dict()
    for name in sorted(own.keys() | weights.keys()):
        mine, theirs = (tuple(s[name].shape) if name in s else None for s in (own, weights))
        alone = mine is None or theirs is None
        if mine != theirs and not (alone and name.startswith(ASIDE)):
            raise ModelError(
                f"{where}: weights of another network: {name} is "
                f"{theirs or 'missing'} there and {mine or 'unknown'} in the recipe's"
            )
    network.load_state_dict(
        {**own, **{name: weights[name] for name in own.keys() & weights.keys()}}
    )


def begin_with(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> list[str]:
    """Put the weights of another run into `network`; returns the names that are left as they were.

    These are heads that the other network does not have, or has with other shapes: other points.
    ModelError when anything before the heads differs.
    """
    own = network.state_dict()
    fresh = [
        name
        for name, value in own.items()
        if name.startswith(HEADS) and (name not in weights or weights[name].shape != value.shape)
    ]
    unused = {name for name in weights if name.startswith(HEADS) and name not in own}
    taken = {name: w for name, w in weights.items() if name not in unused and name not in fresh}
    load_weights(network, {**taken, **{name: own[name] for name in fresh}}, where)
    return fresh


def write_batch(path: Path, batch: Any, step: int) -> None:
    """Keep a batch as arrays in an .npz, fields of nested parts joined by dots."""
    arrays: dict[str, Any] = {"step": np.array(step)}
    _collect("batch", batch, arrays)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)


def _collect(name: str, value: Any, arrays: dict[str, Any]) -> None:
    if dataclasses.is_dataclass(value):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        for key, item in value.items():
            _collect(f"{name}.{key}", item, arrays)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _collect(f"{name}.{index}", item, arrays)
    elif isinstance(value, Tensor):
        arrays[name] = value.detach().cpu().numpy()
    elif isinstance(value, np.ndarray | int | float | str | bool):
        arrays[name] = np.asarray(value)
