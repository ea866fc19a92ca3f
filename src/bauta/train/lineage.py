"""Whose pictures the weights of a run have learned from: packs, what it began with, teachers.

A run that begins with other weights keeps `origin.json`, so that the card of what is exported from
it says what these had learned from: a model fine-tuned on free pictures is not free of the others.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from bauta.assets.store import card_names, load_card
from bauta.checks import SinkError, SourceError
from bauta.data.packs import Pack, read_pack
from bauta.train.config import Recipe, read_recipe

ORIGIN = "origin.json"
RECIPE = "recipe.toml"


def keep_origin(folder: Path, init: Path | None) -> None:
    """Note in the folder of a run that it begins with `init`; None: with fresh weights."""
    path = folder / ORIGIN
    try:
        if init is None:
            path.unlink(missing_ok=True)
            return
        text = json.dumps({"init": str(init), "data": data_of(init)}, indent=1, ensure_ascii=False)
        part = path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot write: {error.strerror}") from error


def data_of(weights: Path) -> list[str]:
    """What weights learned from: of `<name>.npz` as the card of that name says, of a run's folder
    or checkpoint its packs and what it had begun with. Says so where it is not known."""
    if weights.suffix == ".npz":
        if weights.stem in card_names():
            card = load_card(weights.stem)
            return [f"weights of {card.name} {card.version}: {line}" for line in card.data]
        return [f"whatever the weights {weights.name} learned from: not known"]
    folder = weights if weights.is_dir() else weights.parent
    if not (folder / RECIPE).is_file():
        return [f"whatever the run {folder.name} learned from: not known"]
    return data_of_run(folder, read_recipe(folder / RECIPE))


def data_of_run(folder: Path, recipe: Recipe) -> list[str]:
    """A line a set that the run of `recipe` in `folder` has seen, itself or by way of others."""
    table = recipe.table
    packs = [Path(path) for path in table.get("data", {}).get("packs", [])]
    lines = _sets([path for path in packs if path.exists()])
    lines += [f"pack {path.name}: no longer there" for path in packs if not path.exists()]
    videos = table.get("video", {}).get("files", [])
    lines += [f"video {Path(path).name} (terms unknown)" for path in videos]
    if "teacher" in table:
        lines += data_of(Path(table["teacher"]["weights"]))
    return list(dict.fromkeys([*lines, *_begun_with(folder)]))


def _begun_with(folder: Path) -> list[str]:
    path = folder / ORIGIN
    if not path.is_file():
        return []
    try:
        return [str(line) for line in json.loads(path.read_text(encoding="utf-8"))["data"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path}: cannot be read ({error}); delete or mend it") from error


def _sets(packs: list[Path]) -> list[str]:
    """`name (licence)` of every set in the packs of a run that are still there."""
    found: set[str] = set()
    for pack in map(read_pack, packs):
        found |= _licences(pack)
    return sorted(found)


def _licences(pack: Pack) -> set[str]:
    pairs = set(zip(pack.source.tolist(), pack.licence.tolist(), strict=True))
    return {f"{name} ({licence or 'terms unknown'})" for name, licence in pairs}
