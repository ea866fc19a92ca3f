"""`bauta synth`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import app, counting, say, talk


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder of the pack; continued when interrupted.")],
    kind: Annotated[str, typer.Option(help="What to make: profile, rendered, free, clips.")],
    count: Annotated[int, typer.Option(min=1, help="How many samples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other pictures.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the training data; where BAUTA_DATA points.")
    ] = None,
    sets: Annotated[
        str, typer.Option(help="Sets to take photographs from, with commas; the kind's own choice.")
    ] = "",
    side: Annotated[int | None, typer.Option(help="Pixels of a crop: 192.")] = None,
    small: Annotated[
        bool, typer.Option("--small", help="128 pixels, WebP of quality 80, points to 1/8 pixel.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Pictures drawn at once.")] = 2,
    preview: Annotated[
        Path | None, typer.Option(help="Write a sheet of faces with their points to this picture.")
    ] = None,
) -> None:
    """Make labelled training pictures in 3D, as a pack to train from.

    The same kind, count, seed and data give the same pack; the same call continues one that was
    interrupted.
    """
    from dataclasses import replace

    from bauta.checks import InputError, check_choice
    from bauta.data.cutting import SMALL, PackSettings
    from bauta.data.packing import pack
    from bauta.data.packs import MADE
    from bauta.synth.kinds import KINDS, Series
    from bauta.synth.preview import check_ending, write_sheet

    check_choice(kind, KINDS, "kind")
    if sets and not KINDS[kind].of_sets:
        raise InputError(f"--sets: {kind} is not made of photographs of a set; leave it out")
    if preview is not None:
        check_ending(preview)
    names = tuple(name.strip() for name in sets.split(",") if name.strip())
    settings = replace(SMALL if small else PackSettings(), shard=SHARD)
    settings = replace(settings, side=side) if side else settings
    series = Series(KINDS[kind].open(data, names), count, seed)
    title = MADE + "-".join([kind, *names])
    with counting(title, count) as after:
        report = pack(series, out, title, settings, f"seed {seed}, {count}", threads, after)
    for sample, why in list(report.unreadable.items())[:10]:
        talk.print(f"unreadable: {sample}: {why}", style="yellow")
    size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
    say(f"{out}: {report.rows} crops, {size / 1e6:.1f} MB")
    if preview is not None:
        write_sheet(series, preview)
        say(str(preview))


SHARD = 500
"""Samples of a shard: what was made of them waits in memory until it is written."""
