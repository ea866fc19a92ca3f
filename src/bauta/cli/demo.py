"""`bauta demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.checks import BautaError
from bauta.cli.app import app, progress, say, talk


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for demo.mp4, demo.jsonl and demo.png.")
    ] = Path("."),
    model: Annotated[str, typer.Option(help="base, small or nano.")] = "base",
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
