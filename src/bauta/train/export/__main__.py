"""Export a model that ships: `python -m bauta.train.export base --run runs/base`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from bauta.data.readers.own import LABEL_OFFSET68
from bauta.regress.landmarks import Doubt
from bauta.train import checkpoints, config
from bauta.train.export.card import keep_golden, make_golden, write_model
from bauta.train.export.detector import export_detector
from bauta.train.export.drawn import drawn_crops
from bauta.train.export.run import export_network, pack_crops, untrained_heads
from bauta.train.networks.detector import DetectorNetwork, DetectorShape
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig
from bauta.train.starts import write_start

STORAGE = {"base": "float16", "small": "weights8", "nano": "weights8"}
"""How the landmark models that ship hold their weights."""
DOUBT = {"base": Doubt(), "small": Doubt(), "nano": Doubt(most=14.0, surely_found=0.75)}
"""How sure their points must be of a new face: chosen on `val`, and so that nothing but the face in
the demo clip is one (docs/detector.md)."""
DETECTOR_SIDE = 96
"""Pixels of the detector's golden sample."""


def main() -> None:
    """Put the best weights of a run into the package and into `weights/`; the card keeps what was
    said of the model: run `bauta eval` and write its figures there."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", choices=["detector", *STORAGE], help="recipes/<name>.toml")
    parser.add_argument("--version", default="1")
    parser.add_argument("--run", type=Path, help="folder of the run or .npz, else runs/<name>")
    parser.add_argument("--pack", type=Path, help="faces that the files are compared on")
    options = parser.parse_args()
    name, source = options.name, options.run or Path("runs") / options.name
    recipe = config.read_recipe(Path("recipes") / f"{name}.toml")
    network: nn.Module = (
        DetectorNetwork(recipe.section("network", DetectorShape))
        if name == "detector"
        else LandmarkNetwork(recipe.section("network", NetworkConfig))
    )
    checkpoints.load_weights(network, checkpoints.read_weights(source), str(source))
    folder = Path(__file__).resolve().parents[2] / "assets" / "models"
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    card["version"] = options.version
    if isinstance(network, LandmarkNetwork):
        own = source / "recipe.toml"
        untrained = untrained_heads(config.read_recipe(own)) if own.is_file() else []
        _landmarks(network, folder / f"{name}.onnx", card, options.pack, untrained)
    elif isinstance(network, DetectorNetwork):
        _detector(network, folder, card)
    write_start(Path("weights") / f"{name}.npz", network.state_dict())


def _landmarks(
    network: LandmarkNetwork,
    out: Path,
    card: dict[str, Any],
    pack: Path | None,
    untrained: Sequence[str],
) -> None:
    crops = pack_crops(pack, network.config.size) if pack else None
    done = export_network(
        network,
        out,
        card,
        storage=STORAGE[card["name"]],
        crops=crops,
        calibrated=crops is not None,
        ibug68_offset=LABEL_OFFSET68,
        untrained=untrained,
        watched=False,
        said={"doubt": str(DOUBT[card["name"]])},
    )
    for kind, found in done.differences.items():
        sys.stdout.write(f"{kind:9} {found}\n")


def _detector(network: DetectorNetwork, folder: Path, card: dict[str, Any]) -> None:
    data = export_detector(network, card["version"])
    golden = make_golden(data, {"image": drawn_crops(DETECTOR_SIDE, 1)}, "float16")
    write_model(folder, card, data)
    keep_golden(folder / "detector.golden.npz", golden)


if __name__ == "__main__":
    main()
