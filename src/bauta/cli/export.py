"""`bauta export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import app, say, talk

FORMATS = {
    "glb": "animated glTF 2.0: mesh, 52 morph targets, head and eye motion, optional texture",
    "obj": "mesh of one frame, with texture places and normals",
    "ply": "the same, binary",
    "livelink": "CSV of Epic's Live Link Face app",
    "openface": "CSV with OpenFace's columns: pose, gaze, 68 points in 2D and 3D",
    "bvh": "head motion as one joint",
}


@app.command(
    epilog="Formats: " + "; ".join(f"{name}: {what}" for name, what in FORMATS.items()) + "."
)
def export(
    tracks: Annotated[
        Path, typer.Argument(metavar="TRACKS", help="A .jsonl that `bauta track` wrote.")
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="glb, obj, ply, livelink, openface or bvh; else what the ending of --out says, "
            "else glb.",
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write; by default named after TRACKS, beside it."
        ),
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option(
            help="Number of the frame that obj and ply show, and whose picture is the texture; by "
            "default the one where the face looks most directly at the camera."
        ),
    ] = None,
    id: Annotated[
        int | None, typer.Option(help="Which person; by default the one who is seen longest.")
    ] = None,
    texture: Annotated[
        Path | None,
        typer.Option(help="The video that was tracked: its picture becomes the texture of a glb."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Write over an existing file.")] = False,
) -> None:
    """Write a followed head for other programs.

    Axes, units and signs of every format are in docs/export.md. The tracks must hold the face model
    (pose in centimetres, identity, expressions), as `bauta track` writes them unless told not to.
    The path written is printed to stdout.
    """
    from bauta.assets.face import face_model
    from bauta.checks import InputError
    from bauta.export import animation_of, formats
    from bauta.records import read_tracks
    from bauta.video.output import atomic_write, check_output

    format = formats.format_of(out, format)
    if texture is not None and format != "glb":
        raise InputError(f"--texture: only a glb holds one; {format} does not")
    if frame is not None and format not in ("obj", "ply") and texture is None:
        raise InputError("--frame: is for obj, ply and --texture; the others hold every frame")
    path = out or tracks.with_suffix(formats.ENDINGS[format])
    check_output(path, force)
    animation = animation_of(read_tracks(tracks), face_model(), id)
    row = animation.straightest() if frame is None else animation.index(frame)
    atomic_write(path, formats.write(animation, format, row, texture))
    talk.print(f"face {animation.id} in {len(animation.times)} frames")
    say(str(path))
