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
def counting(title: str, total: int | None, unit: str = "") -> Iterator[Callable[[int], None]]:
    """A bar on stderr; yields what is called with the number done so far. `total` None when it is
    not known; with a `unit` the bar shows how many a second."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=talk, transient=True) as bar:
        task = bar.add_task(escape(title), total=total, rate="")

        def after(done: int) -> None:
            speed = bar.tasks[task].speed
            rate = f"{speed:.0f} {unit}/s" if speed and unit else ""
            bar.update(task, completed=done, rate=rate)

        yield after


@contextmanager
def progress(title: str, frames: int | None) -> Iterator[Callable[[Summary], None]]:
    """`counting` of the frames of a summary."""
    with counting(title, frames, "frames") as count:
        yield lambda summary: count(summary.frames)


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
