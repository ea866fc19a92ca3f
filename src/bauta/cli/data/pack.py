"""`bauta data pack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import counting, say, talk
from bauta.cli.data.app import data


@data.command()
def pack(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set (`bauta data check` lists them), or `negatives` or `lookalikes`: "
            "pictures without people, out of any folder."
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder of the unpacked set; ours lie where BAUTA_DATA points."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the pack; continued when interrupted.")
    ] = Path("packs"),
    subset: Annotated[str, typer.Option(help="Pack this part of the set only.")] = "",
    side: Annotated[int | None, typer.Option(help="Pixels of a crop: 192.")] = None,
    margin: Annotated[
        float | None, typer.Option(help="Side of a crop over the face's own square: 1.7.")
    ] = None,
    quality: Annotated[int | None, typer.Option(help="Quality of the crops: 92.")] = None,
    schemes: Annotated[str, typer.Option(help="Point orders to keep, with commas; all.")] = "",
    small: Annotated[
        bool,
        typer.Option(
            "--small", help="Unless said: 128 pixels, WebP of quality 80, points to 1/8 pixel."
        ),
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Pictures cut at once.")] = 2,
) -> None:
    """Cut every face of a data set once, with room around it, ready to train from."""
    from dataclasses import replace

    from bauta.checks import InputError
    from bauta.data import catalog
    from bauta.data.cutting import SMALL, PackSettings
    from bauta.data.lookalikes import NOBODY, licence_of
    from bauta.data.packing import pack as run
    from bauta.data.teachers import SETS, data_root

    dataset = NOBODY[name] if name in NOBODY else catalog.get(name)
    if path is None and name not in (*SETS, *NOBODY):
        raise InputError(f"PATH: missing; bauta data pack {name} FOLDER-OF-THE-UNPACKED-SET")
    given = {"side": side, "margin": margin, "quality": quality}
    given |= {"schemes": tuple(s.strip() for s in schemes.split(",") if s.strip())}
    settings = SMALL if small else PackSettings()
    settings = replace(settings, **{key: value for key, value in given.items() if value})
    root = data_root() if path is None else path
    samples = dataset.read(root, subset)
    with counting(name, dataset.counts.get(subset) or None) as after:
        report = run(samples, out, name, settings, subset, threads, after)
    for sample, why in list(report.unreadable.items())[:10]:
        talk.print(f"unreadable: {sample}: {why}", style="yellow")
    size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
    say(f"{out}: {report.rows} crops, {size / 1e6:.1f} MB")
    if report.unreadable or report.repeats:
        talk.print(
            f"left out: {len(report.unreadable)} unreadable (all named in {out}/pack.json), "
            f"{report.repeats} exact repeats"
        )
    talk.print(f"licence: {licence_of(root) if name in NOBODY else dataset.licence}")
