"""The application that every verb joins, and how verbs talk: data to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Self

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


class Bars:
    """Bars on stderr, for what is counted side by side; one object a command at a time."""

    def __init__(self) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(
            *columns,
            console=talk,
            transient=True,
            redirect_stdout=False,  # data stays there, also where a person watches the bars
            disable=not talk.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Takes the bars away for a moment, so that lines on stdout and they do not mix."""
        self._progress.stop()
        yield
        self._progress.start()

    @contextmanager
    def counting(
        self, title: str, total: int | None, unit: str = ""
    ) -> Iterator[Callable[[int], None]]:
        """A bar; yields what is called with the number done so far. `total` None when it is not
        known; with a `unit` the bar shows how many a second."""
        bar = self._progress
        task = bar.add_task(escape(title), total=total, rate="")

        def after(done: int) -> None:
            speed = next(one.speed for one in bar.tasks if one.id == task)
            rate = f"{speed:.0f} {unit}/s" if speed and unit else ""
            bar.update(task, completed=done, rate=rate)

        try:
            yield after
        finally:
            bar.remove_task(task)


@contextmanager
def counting(title: str, total: int | None, unit: str = "") -> Iterator[Callable[[int], None]]:
    """The only bar of a command, as of `Bars.counting`."""
    with Bars() as bars, bars.counting(title, total, unit) as after:
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
    except SystemExit as stop:
        # where a command says nothing itself, typer ends it so, in silence
        cause = getattr(stop.__context__, "__cause__", None)
        if isinstance(cause, KeyboardInterrupt):
            talk.print("interrupted")
            stop.code = INTERRUPTED
        raise
