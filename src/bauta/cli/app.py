"""The application that every verb joins, and how verbs talk: data to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
