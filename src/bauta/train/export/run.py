"""From the folder of a run, or from weights, to a model that `bauta track --model` runs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bauta.assets.golden import Golden
from bauta.checks import InputError, check_choice
from bauta.data.packs import read_pack
from bauta.regress.opening import COARSE, COARSE_HASH
from bauta.regress.two_stage import FIVE
from bauta.train import checkpoints, config
from bauta.train.augment import NONE, BoxJitter
from bauta.train.dataset import DataSettings, FaceCrops
from bauta.train.export.card import keep_golden, make_golden, write_model
from bauta.train.export.compare import Difference, difference
from bauta.train.export.drawn import drawn_crops
from bauta.train.export.graph import finish
from bauta.train.export.landmarks import WHOLE, landmark_graph, metadata_of, output_of
from bauta.train.export.storage import STORAGES, stored
from bauta.train.lineage import data_of_run
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig

GOLDEN_CROPS = 1
CALIBRATION_CROPS = 200
"""Crops of a pack that ranges are measured on, and files compared on."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how near every kind of storage comes to the network."""

    path: Path
    storage: str
    differences: dict[str, Difference]
    crops: str
    """What the differences were taken on."""


def read_network(folder: Path) -> LandmarkNetwork:
    """The network of a run in `folder` with its best weights. InputError when the run trained
    something else than points of faces."""
    recipe = config.read_recipe(folder / "recipe.toml")
    if "network" not in recipe.table or recipe.task == "detector":
        raise InputError(f"{folder}: a run of the task {recipe.task!r} has no landmark network")
    network = LandmarkNetwork(recipe.section("network", NetworkConfig))
    checkpoints.load_weights(network, checkpoints.read_weights(folder), str(folder))
    return network.eval()


def pack_crops(pack: Path, size: int, count: int = CALIBRATION_CROPS) -> np.ndarray:
    """(count, size, size, 3) uint8 of the training faces of a pack, framed as by our detector."""
    rows = read_pack(pack)
    scheme = next(iter(rows.schemes))
    data = DataSettings(packs=(pack,), schemes=(scheme,), map68=False)
    crops = FaceCrops(data, replace(NONE, box=BoxJitter(share=1)), size, "train", rows)
    return crops.batch(0, 0, count).images


def export_network(
    network: LandmarkNetwork,
    out: Path,
    card: dict[str, Any],
    *,
    storage: str = "float16",
    crops: np.ndarray | None = None,
    calibrated: bool = False,
    untrained: Collection[str] = (),
    ibug68_offset: tuple[float, float] = (0.0, 0.0),
    watched: bool = True,
    said: Mapping[str, str] | None = None,
) -> Exported:
    """Write `out` (.onnx), its card (.json) and golden sample (.golden.npz).

    Every kind of storage is compared with the network on `crops` (drawn faces when there are none);
    `int8` needs real ones (`calibrated`). `card` holds what the caller knows; the rest is added.
    `untrained`: heads to leave out. `watched`: see `metadata_of`. `said`: what the file says
    besides.
    """
    check_choice(storage, STORAGES, "storage")
    if out.suffix != ".onnx":
        raise InputError(f"{out}: a model's file ends in .onnx")
    if storage == "int8" and not calibrated:
        raise InputError("int8: needs faces to calibrate with; name a pack of them")
    size = network.config.size
    shown = drawn_crops(size) if crops is None else crops
    metadata = metadata_of(network, card["name"], card["version"], ibug68_offset, watched)
    metadata |= said or {}
    graph, files = landmark_graph(network, untrained), {}
    for kind in STORAGES:
        if kind != "int8" or calibrated:
            files[kind] = finish(stored(graph, kind, shown), dict(metadata))
    differences = {kind: difference(network, data, shown) for kind, data in files.items()}
    data = files[storage]
    golden = make_golden(data, {"crop": drawn_crops(size, GOLDEN_CROPS)}, storage)
    what = f"{len(shown)} {'drawn faces' if crops is None else 'crops of a pack'}"
    card |= {
        "task": "landmarks",
        "input": _input(size),
        "outputs": _outputs(network, golden),
        "export": {
            "storage": storage,
            "compared_on": what,
            "difference_px": {kind: d.as_json() for kind, d in differences.items()},
            **(said or {}),
        },
    }
    write_model(out.parent, card | {"name": out.stem}, data)
    keep_golden(out.with_suffix(".golden.npz"), golden)
    return Exported(out, storage, differences, what)


def export_run(
    folder: Path,
    out: Path,
    *,
    name: str = "",
    version: str = "1",
    storage: str = "float16",
    pack: Path | None = None,
    licence: str = "",
    said: Mapping[str, str] | None = None,
) -> Exported:
    """Export the best weights of the run in `folder` as `out`; `pack`: faces to calibrate and
    compare with. The card says what the run's recipe and packs say of themselves, and
    what the weights that it began with had learned from."""
    network = read_network(folder)
    recipe = config.read_recipe(folder / "recipe.toml")
    if recipe.table.get("stage") == "fine" and not said:
        raise InputError(
            f"{folder}: learned the second of two stages; name the run of the first: --coarse RUN"
        )
    crops = pack_crops(pack, network.config.size) if pack else None
    card = card_of([folder], name or out.stem, version, licence)
    return export_network(
        network,
        out,
        card,
        storage=storage,
        crops=crops,
        calibrated=bool(pack),
        untrained=untrained_heads(recipe),
        said=said,
    )


def card_of(folders: Sequence[Path], name: str, version: str, licence: str) -> dict[str, Any]:
    """What the runs in `folders`, the main one first, say of the file that they become."""
    recipes = [config.read_recipe(folder / "recipe.toml") for folder in folders]
    pairs = list(zip(folders, recipes, strict=True))
    data = [line for folder, recipe in pairs for line in data_of_run(folder, recipe)]
    texts = [config.to_toml({"task": recipe.task, **recipe.table}) for recipe in recipes]
    if len(texts) > 1:
        texts = [f"# {where.name}\n{text}" for where, text in zip(folders, texts, strict=True)]
    return {
        "name": name,
        "version": version,
        "licence": licence or "as the data below allow: nobody has said more",
        "data": list(dict.fromkeys(data)),
        "recipe": "\n".join(texts),
        "scores": _scores(folders[0]) if len(folders) == 1 else {},
        "limits": [],
    }


def export_stages(
    coarse: Path, folder: Path, out: Path, *, storage: str = "float16", **more: Any
) -> tuple[Exported, Exported]:
    """Export two stages: the run `coarse` beside `out` as `<name>.coarse.onnx`, and that in
    `folder` as `out`, which names it; `more` is that of `export_run`."""
    if FIVE not in read_network(coarse).config.schemes:
        raise InputError(f"{coarse}: a first stage predicts {FIVE} (recipes/two-stage-1.toml)")
    first = coarse_of(out)
    alike: dict[str, Any] = more | {"name": first.stem}
    before = export_run(coarse, first, storage=storage, **alike)
    said = {COARSE: first.name, COARSE_HASH: hashlib.sha256(first.read_bytes()).hexdigest()}
    return before, export_run(folder, out, storage=storage, said=said, **more)


def coarse_of(out: Path) -> Path:
    """The file of the first stage that belongs to that of the second."""
    return out.with_suffix(f".coarse{out.suffix}")


def untrained_heads(recipe: config.Recipe) -> list[str]:
    """Heads of a recipe's network that nothing was told: what they say means nothing.

    Presence needs its loss and crops without a face, doubt a likelihood. Where only a part learned,
    the others are as another run left them.
    """
    loss, data = recipe.table.get("loss", {}), recipe.table.get("data", {})
    untrained = []
    if not loss.get("presence") or not data.get("absent"):
        untrained.append("presence")
    if not loss.get("sigma") and loss.get("points") not in ("gaussian", "laplace"):
        untrained.append("uncertainty")
    if not loss.get("expression"):
        untrained.append("expression")
    if only := recipe.table.get("train", {}).get("only"):
        untrained = [head for head in untrained if only.startswith(f"heads.{head}")]
    return untrained


def _scores(folder: Path) -> dict[str, Any]:
    """Scores on the held-out people when the best weights were kept."""
    best = folder / checkpoints.BEST
    if not best.is_file():
        return {}
    state = checkpoints.read_state(best)
    scores = {key: round(float(value), 4) for key, value in state["scores"].items()}
    return {"how": "held-out people of the run's packs, in training", **scores}


def _input(size: int) -> dict[str, Any]:
    return {
        "name": "crop",
        "shape": ["batch", size, size, 3],
        "dtype": "uint8",
        "colour": "RGB, upright square around the face",
    }


def _outputs(network: LandmarkNetwork, golden: Golden) -> dict[str, str]:
    shapes = {name: tuple(value.shape[1:]) for name, value in golden.outputs.items()}
    said = {output_of(scheme): scheme for scheme in network.config.schemes}
    found = {}
    for name, shape in shapes.items():
        inner = ", ".join(map(str, ("batch", *shape))) if shape else "batch,"
        if name in said:
            found[name] = f"({inner}) pixels of the crop, scheme {said[name]}"
        elif name in WHOLE:
            found[name] = f"({inner}) {WHOLE[name]}"
        elif name == "presence":
            found[name] = "(batch,) 0..1, the crop holds a well-framed face"
        else:
            found[name] = f"({inner}) expected distance, pixels of the crop"
    return found
