"""`bauta train`."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bauta.checks import InputError
from bauta.cli.app import app, say, talk

if TYPE_CHECKING:
    from bauta.train.loop import Outcome

NO_TORCH = (
    "training needs PyTorch: pip install 'bauta[train]' --extra-index-url "
    "https://download.pytorch.org/whl/cpu (without that option pip takes the large build for GPUs)"
)


def need_torch() -> None:
    """InputError that says how to install what training needs."""
    if find_spec("torch") is None:
        raise InputError(NO_TORCH)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as recipes/founding.toml.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run; made if missing.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Pack to learn from instead of the recipe's; may be given often."),
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(help="Begin with these weights: weights/NAME.npz, or another run's folder."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")] = "",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: as the recipe says.")] = 0,
    stop_after: Annotated[
        float, typer.Option(min=0, help="Save and stop after so many minutes, to go on later.")
    ] = math.inf,
    lr_sweep: Annotated[
        bool,
        typer.Option("--lr-sweep", help="Do not train: try rising learning rates and suggest one."),
    ] = False,
    finetune: Annotated[
        list[Path] | None,
        typer.Option(help="Video without labels to learn steadiness from; may be given often."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: KEY=VALUE, such as train.rate=3e-4."),
    ] = None,
) -> None:
    """Train a model from a recipe.

    The folder gets last.pt (the state to go on from), best.pt (the weights that did best on people
    who were held out), log.csv, errors.png and recipe.toml, the recipe with every default filled
    in. The same command goes on with a run that was stopped: by Ctrl-C or SIGTERM, which save
    first, by --stop-after, or by a crash. `torchrun --nproc-per-node 2 -m bauta train ...` shares
    each batch among two processes.
    """
    need_torch()
    from bauta.train import config
    from bauta.train.tasks import make_task, registration

    changes = list(change or [])
    changes += [f'train.device="{device}"'] if device else []
    changes += [f"train.threads={threads}"] if threads else []
    read = config.read_recipe(recipe, changes)
    read = registration.finetune(read, finetune) if finetune else read
    task, settings = make_task(read, tuple(data or ()))
    if lr_sweep:
        _sweep(task, settings.train, out, init)
        return
    first = os.environ.get("RANK", "0") == "0"
    if first:
        _keep_recipe(out, read.task, settings)
    from bauta.train.loop import run

    with _bar(first) as watch:
        outcome = run(task, settings.train, out, init, stop_after, watch)
    if first:
        _report(out, outcome)
    if outcome.signal:
        raise typer.Exit(128 + outcome.signal)


def _keep_recipe(out: Path, task: str, settings: Any) -> None:
    """Save the resolved recipe; say what changed since the run began."""
    from bauta.train import config

    path = out / "recipe.toml"
    if path.exists():
        before = config.read_recipe(path)
        if before.task != task:
            raise InputError(f"{out}: holds a run of the task {before.task!r}, not {task!r}")
        for line in config.differences(before.table, config.to_table(settings)):
            talk.print(f"changed since this run began: {line}")
    out.mkdir(parents=True, exist_ok=True)
    config.write_recipe(path, task, settings)


@contextmanager
def _bar(shown: bool) -> Iterator[Callable[[Any], None]]:
    """A bar on stderr with the loss and the last score; yields what updates it once a step."""
    columns = ("{task.description}", "{task.fields[state]}")
    bar = Progress(
        TextColumn(columns[0]),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn(columns[1]),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=talk,
        transient=True,
        disable=not shown,
        refresh_per_second=2,
    )
    with bar:
        task = bar.add_task("training", total=1.0, state="")

        def watch(progress: Any) -> None:
            score = progress.scores.get("val_score")
            held_out = f", held out {score:.3f}" if score is not None else ""
            state = f"epoch {progress.epoch:.2f}, loss {progress.loss:.4g}{held_out}, "
            state += f"{progress.examples_per_s:.0f}/s"
            bar.update(task, completed=progress.done, state=state)

        yield watch


def _report(out: Path, outcome: Outcome) -> None:
    best = f", best score {outcome.best:.3f}" if math.isfinite(outcome.best) else ""
    if outcome.finished:
        talk.print(f"done after {outcome.step} steps{best}")
    else:
        why = signal.Signals(outcome.signal).name if outcome.signal else "the time limit"
        talk.print(f"stopped by {why} at step {outcome.step}{best}; the same command goes on")
    kept = [out / name for name in ("best.pt", "last.pt", "log.csv", "errors.png")]
    for path in kept:
        if path.exists():
            say(str(path))


def _sweep(task: Any, settings: Any, out: Path, init: Path | None) -> None:
    from bauta.train.sweep import sweep

    with Progress(console=talk, transient=True) as bar:
        shown = bar.add_task("learning-rate sweep", total=1.0)
        found = sweep(
            task, settings, out, init, watch=lambda done, loss: bar.update(shown, completed=done)
        )
    if math.isnan(found.suggested):
        talk.print("no clear fall of the loss at any rate: look at the picture, and at the data")
    else:
        until = f"the loss falls steepest there, and until {found.lowest:.2g}"
        talk.print(f"suggested peak rate: {found.suggested:.2g} (--set train.rate=...); {until}")
        say(f"{found.suggested:.3g}")
    say(str(out / "sweep.csv"))
    say(str(out / "sweep.png"))
