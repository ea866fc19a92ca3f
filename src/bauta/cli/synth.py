"""`bauta synth`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bauta.cli.app import INTERRUPTED, app, counting, say, talk

if TYPE_CHECKING:
    from bauta.synth.kinds import Kind

SHARD = 100
"""Samples of a shard: what was made of them waits in memory until it is written."""


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder of the pack; continued when interrupted.")],
    kind: Annotated[
        str,
        typer.Option(help="What to make: profile, profile-clips, rendered, free, clips."),
    ],
    count: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many samples, those that are there included; of clips how many frames: 90 a "
            "clip, 45 of profile-clips.",
        ),
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other pictures.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the training data; where BAUTA_DATA points.")
    ] = None,
    sets: Annotated[
        str, typer.Option(help="Sets to take photographs from, with commas; the kind's own choice.")
    ] = "",
    side: Annotated[
        int | None, typer.Option(min=32, max=256, help="Pixels of a crop: 192. 256 are drawn.")
    ] = None,
    small: Annotated[
        bool, typer.Option("--small", help="128 pixels, WebP of quality 80, points to 1/8 pixel.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Pictures drawn at once.")] = 2,
    preview: Annotated[
        Path | None, typer.Option(help="Write a sheet of faces with their points to this picture.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the picture of --preview.")
    ] = False,
) -> None:
    """Make labelled training pictures in 3D, as a pack to train from.

    The same kind, count, seed and data give the same pack; the same call continues one that was
    interrupted, a larger --count makes one larger.
    """
    from dataclasses import replace

    from bauta.checks import InputError, check_choice
    from bauta.data.cutting import SMALL, PackSettings
    from bauta.data.manifest import check_continues
    from bauta.data.packing import pack
    from bauta.data.packs import MADE
    from bauta.synth.kinds import KINDS, Series
    from bauta.synth.preview import check_ending, write_sheet
    from bauta.video.output import check_output

    check_choice(kind, KINDS, "kind")
    if sets and not KINDS[kind].of_sets:
        raise InputError(f"--sets: {kind} is not made of photographs of a set; leave it out")
    if data is not None and not data.is_dir():
        raise InputError(f"--data: no folder at {data}; name the one that holds the training data")
    if preview is not None:
        check_ending(preview)
        check_output(preview, force)
    names = tuple(name.strip() for name in sets.split(",") if name.strip())
    settings = replace(SMALL if small else PackSettings(), shard=SHARD)
    settings = replace(settings, side=side) if side else settings
    title = MADE + "-".join([kind, *names])
    with _keeping(out, count):
        check_continues(out, title, f"seed {seed}", settings, count)
        _learn(KINDS[kind], data)
        make = KINDS[kind].open(data, names)
        talk.print(f"{kind}: {', '.join(f'{key} {value}' for key, value in make.maker.items())}")
        series = Series(make, count, seed)
        with counting(title, count) as after:
            report = pack(series, out, title, settings, f"seed {seed}", threads, after, make.maker)
        for sample, why in list(report.unreadable.items())[:10]:
            talk.print(f"unreadable: {sample}: {why}", style="yellow")
        if report.of_unknown_maker:
            first = f"the first {report.of_unknown_maker} samples"
            talk.print(f"{first} are from before packs kept what made them", style="yellow")
        size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
        say(f"{out}: {report.rows} crops, {size / 1e6:.1f} MB")
        if preview is not None:
            write_sheet(series, preview)
            say(str(preview))


def _learn(kind: Kind, data: Path | None) -> None:
    """What the kind learns once a machine, with a bar; nothing when that is done."""
    learn = None if kind.learn is None else kind.learn(data)
    if learn is not None:
        with counting("learning skin, once", 100) as after:
            learn(after)


@contextmanager
def _keeping(out: Path, count: int) -> Iterator[None]:
    """When interrupted, say what of a pack in the making is there."""
    from bauta.data.manifest import kept

    try:
        yield
    except KeyboardInterrupt:
        talk.print(f"interrupted: {kept(out)} of {count} are kept in {out}; the same call goes on")
        raise typer.Exit(INTERRUPTED) from None
