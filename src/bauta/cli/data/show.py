"""`bauta data show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import say, talk
from bauta.cli.data.app import data


@data.command()
def show(
    recipe: Annotated[Path, typer.Argument(help="A recipe with the tables data and augment.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write.")] = Path("show.png"),
    size: Annotated[int, typer.Option(help="Pixels of a crop; 0: the recipe's.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="Crops to show.")] = 48,
    columns: Annotated[int, typer.Option(min=1, help="Crops in a row.")] = 8,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
    seed: Annotated[int, typer.Option(min=0, help="Another number, other draws.")] = 0,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A change to the recipe, data.absent=0.2.")
    ] = None,
) -> None:
    """What the network sees: crops of a recipe as they are drawn, with their points.

    Hidden points are rings, a red border is a crop without a face.
    """
    from dataclasses import replace

    import cv2

    from bauta.train.augment import Augment
    from bauta.train.config import read_recipe
    from bauta.train.dataset import DataSettings, FaceCrops
    from bauta.train.show import sheet
    from bauta.video.output import atomic_write, make_folder

    read = read_recipe(recipe, set_ or [])
    network = read.table.get("network", {})
    size = size or int(network.get("size", 112))
    settings, augment = read.section("data", DataSettings), read.section("augment", Augment)
    if not settings.schemes:
        settings = replace(settings, schemes=tuple(network.get("schemes", ())))
    crops = FaceCrops(settings, augment, size, split)
    batch = crops.batch(seed, 0, count)
    make_folder(out.parent)
    picture = sheet(batch, min(columns, count))
    atomic_write(out, cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())
    say(str(out))
    talk.print(f"{len(crops)} faces in {split}; points: {', '.join(batch.points)}")
