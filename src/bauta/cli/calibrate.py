"""`bauta calibrate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import app, progress, say, talk

LISTED = 0.05
"""Smallest weight of the blank face that is listed."""


@app.command()
def calibrate(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="Video, or the number of a webcam.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON file to write.")] = Path(
        "profile.json"
    ),
    seconds: Annotated[
        float, typer.Option(min=2.0, help="How much of the input to look at, at most.")
    ] = 30.0,
    model: Annotated[str, typer.Option(help="As for `bauta track`.")] = "base",
    camera: Annotated[Path | None, typer.Option(help="As for `bauta track`.")] = None,
    fov: Annotated[float | None, typer.Option(help="As for `bauta track`.")] = None,
    ipd: Annotated[float | None, typer.Option(help="As for `bauta track`.")] = None,
    force: Annotated[bool, typer.Option(help="Write over an existing file.")] = False,
) -> None:
    """Learn a person's blank face, and how far each shape goes, from seconds of video.

    Look blank for half of the time or more, turn the head a little, and show what your face can do.
    `bauta track --profile FILE` then knows who it is from the first frame, and gives 0 for the
    blank face and 1 for the utmost that was shown. The path written is printed to stdout.
    """
    from bauta import heads
    from bauta.checks import InputError, ModelError
    from bauta.pipeline import Summary
    from bauta.tracker import Tracker
    from bauta.video.output import atomic_write, check_output
    from bauta.video.source import open_video

    check_output(out, force)
    head, states, summary = heads.read_options(camera, fov, ipd), [], Summary()
    with (
        open_video(source, tell=talk.print) as frames,
        Tracker(model, camera=head.camera, fov=head.fov, ipd=head.ipd) as tracker,
        progress(frames.name, frames.frames) as after,
    ):
        for frame in frames:
            faces = tracker(frame)
            if faces and not len(faces[0].mesh):
                raise ModelError(f"{model}: does not predict the mesh, which calibration needs")
            states += [face for face in faces if face.fit]
            summary.frames += 1
            after(summary)
            if frame.time >= seconds:
                break
    if not states:
        raise InputError(f"{source}: no face was found that the face model explains")
    profile = heads.calibrate(states, states[-1].fit.camera)
    atomic_write(out, json.dumps(profile.as_json(), indent=1).encode() + b"\n")
    shown = sum(profile.reach < 1)
    blank = {n: v for n, v in zip(profile.names, profile.neutral, strict=True) if v >= LISTED}
    talk.print(f"{len(states)} frames; range of {shown} shapes; the blank face has")
    for name, value in sorted(blank.items(), key=lambda item: -item[1]):
        talk.print(f"  {name:22} {value:.2f}")
    say(str(out))
