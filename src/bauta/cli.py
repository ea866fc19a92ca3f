"""The command line. Data goes to stdout, talk to stderr; an error is one line and exit code 1."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

import bauta
from bauta.checks import BautaError
from bauta.pipeline import Summary

app = typer.Typer(
    help="Follow human faces in 3D, in real time, on an ordinary CPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
talk = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

INTERRUPTED = 130


def say(line: str) -> None:
    """One line of data on stdout."""
    sys.stdout.write(line + "\n")


@contextmanager
def progress(title: str, frames: int | None) -> Iterator[Callable[[Summary], None]]:
    """A bar on stderr with the rate; yields what updates it once a frame."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=talk, transient=True) as bar:
        task = bar.add_task(escape(title), total=frames, rate="")

        def after(summary: Summary) -> None:
            speed = bar.tasks[task].speed
            rate = f"{speed:.0f} frames/s" if speed else ""
            bar.update(task, completed=summary.frames, rate=rate)

        yield after


def _report(summary: Summary, files: list[Path], warnings: list[str]) -> None:
    for warning in warnings:
        talk.print(f"warning: {warning}")
    talk.print(
        f"{summary.frames} frames, a face in {summary.with_face}, {len(summary.ids)} id(s), "
        f"tracking {summary.percentile(50):.1f} ms a frame (p95 {summary.percentile(95):.1f})"
    )
    for path in files:
        if path.exists():
            say(str(path))


@app.command()
def track(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Video, picture, folder or glob of pictures, or the number of a webcam.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results; made if missing.")
    ] = Path("."),
    save: Annotated[
        str,
        typer.Option(
            help="What to write, separated by commas: video (with overlay), jsonl, csv, npz, png "
            "(frames with overlay). By default video,jsonl, and png,jsonl for pictures."
        ),
    ] = "",
    model: Annotated[
        str, typer.Option(help="A name that `bauta models` lists, or a path to a bauta .onnx.")
    ] = "base",
    faces: Annotated[int, typer.Option(min=1, help="How many faces to follow at most.")] = 1,
    filter: Annotated[
        str, typer.Option(help="one_euro (steady) or none (as the network says).")
    ] = "one_euro",
    sequence: Annotated[
        bool,
        typer.Option(
            help="Pictures are frames of one clip, 25 a second: follow and smooth as in a video. "
            "Otherwise each picture is looked at afresh."
        ),
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the networks.")] = 1,
    force: Annotated[bool, typer.Option(help="Write over existing results.")] = False,
) -> None:
    """Follow the faces of a video, picture or webcam.

    Results are named after the input (clip_faces.mp4, clip_faces.jsonl ...) and written as frames
    come: what was written before an interruption (Ctrl-C) or a broken input stays good. The paths
    written are printed to stdout.
    """
    from bauta import outputs
    from bauta.pipeline import track as run
    from bauta.tracker import Tracker
    from bauta.video.source import open_video

    summary, where, warnings = Summary(), {}, []
    try:
        with ExitStack() as stack:
            frames = stack.enter_context(open_video(source))
            kinds = outputs.parse_kinds(save) if save else outputs.default_kinds(frames)
            stem = outputs.stem_of(source)
            where = outputs.paths(out, stem, kinds)
            tracker = stack.enter_context(
                Tracker(model, faces, threads=threads, filter=filter)  # type: ignore[arg-type]
            )
            stills = frames.kind == "images" and not sequence
            settings = {"faces": faces, "filter": filter, "stills": stills}
            sinks = outputs.open_outputs(stack, where, frames, model, force, settings)
            after = stack.enter_context(progress(frames.name, frames.frames))
            run(frames, tracker, sinks, stills=stills, summary=summary, after=after)
            warnings = outputs.warnings(sinks)
    except KeyboardInterrupt:
        talk.print("interrupted; what was written until now is kept")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if summary.frames:
            _report(summary, list(where.values()), warnings)


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for demo.mp4, demo.jsonl and demo.png.")
    ] = Path("."),
    model: Annotated[str, typer.Option(help="base or nano.")] = "base",
    force: Annotated[bool, typer.Option(help="Write over existing results.")] = False,
) -> None:
    """Follow the face in the clip that ships, and print the error against its known motion."""
    from bauta.demo import motion
    from bauta.demo import run as demo_run

    with progress("demo", motion.FRAMES) as after:
        result = demo_run.run(out, model, force=force, after=after)
    for line in demo_run.lines(result):
        say(line)
    if not result.score.presence.found:
        raise BautaError(f"demo: {model} found no face in the clip; is the model whole?")
    talk.print("look at " + ", ".join(str(path) for path in result.files))


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="Print the whole card of one model.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Cards as JSON, one a line.")] = False,
) -> None:
    """List the models that ship: size, terms, and what was measured."""
    from dataclasses import asdict

    from bauta.assets.store import card_names, load_card

    cards = [load_card(name)] if name else [load_card(item) for item in card_names()]
    if as_json:
        for card in cards:
            say(json.dumps(asdict(card)))
    elif name:
        say(json.dumps(asdict(cards[0]), indent=2))
    else:
        for card in cards:
            say(f"{card.name:10} {card.task:10} {card.bytes / 1000:7.0f} KB  {card.licence}")
        talk.print("`bauta models NAME` prints the whole card")


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Follow human faces in 3D, in real time, on an ordinary CPU."""
    if version:
        say(bauta.__version__)
        raise typer.Exit


def main() -> None:
    """Entry point of the command."""
    try:
        app()
    except BautaError as error:
        talk.print(f"bauta: {error}", style="red")
        sys.exit(1)
    except KeyboardInterrupt:
        talk.print("interrupted")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
