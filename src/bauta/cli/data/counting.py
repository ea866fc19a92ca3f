"""A bar on stderr for whatever is counted one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from bauta.cli.app import talk


@contextmanager
def counting(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yields what is called with the number done so far; `total` None when it is not known."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=talk, transient=True) as bar:
        task = bar.add_task(escape(title), total=total)
        yield lambda done: bar.update(task, completed=done)
