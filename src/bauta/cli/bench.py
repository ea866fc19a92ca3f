"""`bauta bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import app, counting, say, talk


@app.command()
def bench(
    clip: Annotated[
        str,
        typer.Argument(help="Video of one face; its first frame shows it. Default: the demo's."),
    ] = "",
    model: Annotated[
        list[str], typer.Option("--model", help="A name or a path to a .onnx; may be repeated.")
    ] = ["base", "small", "nano"],  # noqa: B006
    peers: Annotated[
        bool, typer.Option("--peers", help="Also trackers that are installed here: mediapipe.")
    ] = False,
    peer: Annotated[
        list[str],
        typer.Option("--peer", help="A .py file that opens another tracker; may be repeated."),
    ] = [],  # noqa: B006
    frames: Annotated[int, typer.Option(min=30, help="Frames of the clip at most.")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="Times that trackers take turns.")] = 3,
    blinks: Annotated[
        Path | None, typer.Option(help="CSV with a column `frame`: shut eyes, marked by hand.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path(
        "bench"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Compare trackers on a clip: speed, memory, jitter, lag, stillness, lids.

    Each runs in a process of its own on one processor, in turns, with its default settings.
    Points are read as `ibug68` (off a mesh by a fitted map), lids off the mesh where there is
    one. The tracks and results.json lie in the folder; `bauta eval video` says more of each.
    """
    from bauta.bench import run as racing
    from bauta.bench.trackers import installed_peers
    from bauta.checks import InputError
    from bauta.eval.environment import environment

    found = installed_peers() if peers else []
    if peers and not found:
        talk.print("no peer is installed here; pip install mediapipe==0.10.14 for one")
    trackers = [*model, *found, *peer]
    if len({Path(name).stem for name in trackers}) < len(trackers):
        raise InputError("bench: two trackers have the same name; rename a file")
    clip = clip or _demo()
    with counting("comparing", len(racing.plan(trackers, rounds))) as after:
        racing.run(clip, trackers, frames, rounds, out, after)
    rows = list(racing.rows(trackers, rounds, out, blinks))
    settings = {"clip": Path(clip).name, "frames": frames, "rounds": rounds}
    record = {"made": environment(), "settings": settings, "columns": racing.COLUMNS}
    record |= {"trackers": {row.tracker: _known(row.values) for row in rows}}
    (out / "results.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    if as_json:
        say(json.dumps(record))
        return
    say("".join([f"{'':12}", *(f"{name:>13}" for name in racing.COLUMNS)]))
    for row in rows:
        values = (row.values[name] for name in racing.COLUMNS)
        cells = (f"{value:13.2f}" if value == value else f"{'-':>13}" for value in values)
        say("".join([f"{Path(row.tracker).stem:12}", *cells]))
    for name, meaning in racing.COLUMNS.items():
        talk.print(f"{name}: {meaning}")


def _demo() -> str:
    from bauta.demo.run import CLIP

    return str(CLIP)


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: round(value, 4) if value == value else None for name, value in values.items()}
