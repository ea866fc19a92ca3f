"""`bauta render`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from bauta.cli import options
from bauta.cli.app import INTERRUPTED, app, progress, say, talk
from bauta.overlap import Ahead
from bauta.pipeline import Summary

KINDS = ("video", "png")


@app.command()
def render(
    clip: Annotated[
        str, typer.Argument(metavar="CLIP", help="The video or pictures that were tracked.")
    ],
    tracks: Annotated[
        Path, typer.Argument(metavar="TRACKS", help="The .jsonl that `bauta track` wrote of them.")
    ],
    out: options.Out = Path("."),
    save: Annotated[
        str, typer.Option(help="video, png or both; by default video, and png for pictures.")
    ] = "",
    draw: options.Draw = "mesh,points,irises,axes,box",
    force: options.Force = False,
) -> None:
    """Draw tracks on the clip they are of, without any network.

    Frames are matched by time, pictures by name. Tracks of another clip are an error; where the
    tracks end early (an interrupted run), so does the video.
    """
    from bauta import outputs
    from bauta.checks import InputError, check_choice
    from bauta.records import read_tracks
    from bauta.records.pairing import paired
    from bauta.video.output import STDOUT
    from bauta.video.source import open_video

    if out == STDOUT:
        raise InputError("--out -: pictures need a folder; name one")
    said, summary = read_tracks(tracks), Summary()
    try:
        with ExitStack() as stack:
            frames = stack.enter_context(open_video(clip, tell=talk.print))
            kinds = outputs.parse_kinds(save) if save else outputs.default_kinds(frames)[:1]
            for kind in kinds:
                check_choice(kind, KINDS, "--save")
            where = outputs.paths(out, outputs.stem_of(clip), kinds)
            layers = outputs.parse_names(draw)
            sinks = outputs.open_outputs(stack, where, frames, "", force, draw=layers)
            after = stack.enter_context(progress(frames.name, frames.frames))
            for frame, faces in stack.enter_context(Ahead(paired(frames, said))):
                for sink in sinks:
                    sink.write(frame, faces, None)
                summary.frames += 1
                summary.with_face += bool(faces)
                after(summary)
    except KeyboardInterrupt:
        talk.print("interrupted; what was drawn until now is kept")
        raise typer.Exit(INTERRUPTED) from None
    if said.truncated:
        talk.print(f"warning: {tracks}: the last line is cut off; drawn as far as it goes")
    for line in outputs.warnings(sinks):
        talk.print(f"warning: {line}")
    talk.print(f"{summary.frames} frames, a face in {summary.with_face}")
    for path in where.values():
        say(str(path))
