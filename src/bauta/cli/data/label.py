"""`bauta data label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bauta.cli.app import INTERRUPTED, counting, say, talk
from bauta.cli.data.app import data

if TYPE_CHECKING:
    from bauta.data.label import Summary


@data.command()
def label(
    path: Annotated[Path, typer.Argument(help="Folder of pictures; those below are taken, too.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the labels; the pictures' own will do.")
    ] = Path("labels"),
    format: Annotated[
        str,
        typer.Option(help="What to write, separated by commas: pts, json (labels.jsonl), csv."),
    ] = "pts",
    scheme: Annotated[str, typer.Option(help="ibug68, ibug68-3d or mesh478.")] = "ibug68",
    model: Annotated[
        str, typer.Option(help="A name that `bauta models` lists, or a path to a bauta .onnx.")
    ] = "base",
    faces: Annotated[int, typer.Option(min=1, help="Faces of a picture at most.")] = 10,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the networks.")] = 1,
    force: Annotated[bool, typer.Option(help="Write over existing labels.")] = False,
) -> None:
    """Label pictures with a model that ships: a start for a training set of your own.

    Writes .pts files (pixel centres counted from 1, as in 300W's), which `bauta data check folder`
    reads back. The same command continues a run that was stopped. Pictures without a face are told
    on stderr; pictures that cannot be read, too, and then the exit code is 1.
    """
    from bauta.data.label import LabelSettings, pictures_to_label
    from bauta.data.label import label as run

    settings = LabelSettings(scheme, model, faces)
    formats = [name.strip() for name in format.split(",") if name.strip()]
    try:
        with counting(str(path), len(pictures_to_label(path))) as after:
            summary = run(path, out, formats, settings, force=force, threads=threads, after=after)
    except KeyboardInterrupt:
        talk.print("interrupted; start the same command again to continue")
        raise typer.Exit(INTERRUPTED) from None
    _report(summary)
    say(str(out))
    if summary.unreadable:
        raise typer.Exit(1)


def _report(summary: Summary) -> None:
    for name in summary.without:
        talk.print(f"no face: {name}")
    for line in summary.unreadable:
        talk.print(f"not read: {line}", style="red")
    kept = f", {summary.kept} had their labels" if summary.kept else ""
    talk.print(
        f"{summary.pictures} pictures looked at, {summary.faces} faces, "
        f"{len(summary.without)} pictures without one{kept}"
    )
