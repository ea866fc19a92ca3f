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


def card_names() -> list[str]:
    """Names of the models that ship."""
    return sorted(
        item.name.removesuffix(".json") for item in _FOLDER.iterdir() if item.name.endswith(".json")
    )


def load_card(name: str) -> Card:
    """Card of a model that ships; InputError when there is none of that name."""
    if name not in card_names():
        known = ", ".join(card_names())
        raise InputError(f"model: unknown {name!r}; choose one of {known}, or give a path to .onnx")
    return Card(**json.loads(_FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8")))


def read_model(name_or_path: str | Path) -> bytes:
    """Bytes of a model that ships (checked against its card), or of a file that ends in `.onnx`."""
    path = Path(name_or_path)
    if path.suffix == ".onnx":
        try:
            return path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot read the model ({error.strerror})") from error
    card = load_card(str(name_or_path))
    data = _FOLDER.joinpath(card.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelError(f"{card.file}: the file differs from its card (sha256); reinstall bauta")
    return data
