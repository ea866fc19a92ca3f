"""Every weight: one file (ONNX, or npz for the face model) and one card (JSON): what it is, and of
what it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from bauta.checks import InputError, ModelError

_FOLDER = files("bauta.assets.models")


@dataclass(frozen=True)
class Card:
    """What a model is: where it came from, on which terms, and how well it does."""

    name: str
    task: str
    """`landmarks`, `detection` or `face model`."""
    version: str
    file: str
    sha256: str
    bytes: int
    parameters: int
    input: dict[str, Any]
    outputs: dict[str, str]
    licence: str
    data: list[str]
    recipe: str
    scores: dict[str, Any] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    export: dict[str, Any] = field(default_factory=dict)
    """How the file holds its weights, and how far its points lie from the trained network's."""


def card_names(task: str = "") -> list[str]:
    """Names of the models that ship, of all tasks or of one."""
    names = sorted(
        item.name.removesuffix(".json") for item in _FOLDER.iterdir() if item.name.endswith(".json")
    )
    return [name for name in names if not task or _read_card(name).task == task]


def load_card(name: str, task: str = "") -> Card:
    """Card of a model that ships; InputError when there is none of that name, or of that task."""
    known = card_names(task)
    if name not in known:
        what = f"unknown {name!r}"
        if name in card_names():
            what = f"{name!r} is for another task ({_read_card(name).task}, not {task})"
        raise InputError(
            f"model: {what}; choose one of {', '.join(known)}, or give a path to .onnx"
        )
    return _read_card(name)


def _read_card(name: str) -> Card:
    return Card(**json.loads(_FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8")))


def read_model(name_or_path: str | Path, task: str = "") -> bytes:
    """Bytes of a model that ships (checked against its card), or of a file that ends in `.onnx`.

    InputError for a name that is unknown or, with `task`, is that of a model for another one.
    """
    path = Path(name_or_path)
    if path.suffix == ".onnx":
        try:
            return path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot read the model ({error.strerror})") from error
    card = load_card(str(name_or_path), task)
    data = _FOLDER.joinpath(card.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelError(f"{card.file}: the file differs from its card (sha256); reinstall bauta")
    return data
