"""`bauta track`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from bauta.cli.app import INTERRUPTED, app, progress, say, talk
from bauta.pipeline import Summary


def _report(summary: Summary, files: list[Path], warnings: list[str]) -> None:
    for warning in warnings:
        talk.print(f"warning: {warning}")
    talk.print(
        f"{summary.frames} frames, a face in {summary.with_face}, {len(summary.ids)} id(s), "
        f"tracking {summary.percentile(50):.1f} ms a frame (p95 {summary.percentile(95):.1f})"
    )
    for path in files:
        if path.exists():
            say(str(path))


@app.command()
def track(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Video, picture, folder or glob of pictures, or the number of a webcam.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results; made if missing.")
    ] = Path("."),
    save: Annotated[
        str,
        typer.Option(
            help="What to write, separated by commas: video (with overlay), jsonl, csv, npz, png "
            "(frames with overlay). By default video,jsonl, and png,jsonl for pictures."
        ),
    ] = "",
    draw: Annotated[
        str,
        typer.Option(
            help="What to draw: some of mesh, points, irises, axes, box, and of the fitted head "
            "wire, shaded (needs the extra `render`), gaze, bars (strongest expressions)."
        ),
    ] = "mesh,points,irises,axes,box",
    model: Annotated[
        str, typer.Option(help="A name that `bauta models` lists, or a path to a bauta .onnx.")
    ] = "base",
    faces: Annotated[int, typer.Option(min=1, help="How many faces to follow at most.")] = 1,
    filter: Annotated[
        str, typer.Option(help="one_euro (steady) or none (as the network says).")
    ] = "one_euro",
    sequence: Annotated[
        bool,
        typer.Option(
            help="Pictures are frames of one clip, 25 a second: follow and smooth as in a video. "
            "Otherwise each picture is looked at afresh."
        ),
    ] = False,
    camera: Annotated[
        Path | None,
        typer.Option(help="JSON file with K and distortion of the camera, as OpenCV finds them."),
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(help="Degrees that the camera sees across the longer side; 60 if unknown."),
    ] = None,
    ipd: Annotated[
        float | None,
        typer.Option(help="Centimetres between the pupils; else size is measured on the irises."),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="What `bauta calibrate` learned of the person.")
    ] = None,
    fit: Annotated[
        bool, typer.Option(help="Fit the face model: centimetres, expressions, gaze, blinks.")
    ] = True,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the networks.")] = 1,
    force: Annotated[bool, typer.Option(help="Write over existing results.")] = False,
) -> None:
    """Follow the faces of a video, picture or webcam.

    Results are named after the input (clip_faces.mp4, clip_faces.jsonl ...) and written as frames
    come: what was written before an interruption (Ctrl-C) or a broken input stays good. The paths
    written are printed to stdout.
    """
    from bauta import outputs
    from bauta.heads import read_options
    from bauta.pipeline import track as run
    from bauta.tracker import Tracker
    from bauta.video.source import open_video

    summary, where, warnings = Summary(), {}, []
    try:
        with ExitStack() as stack:
            frames = stack.enter_context(open_video(source))
            kinds = outputs.parse_kinds(save) if save else outputs.default_kinds(frames)
            stem = outputs.stem_of(source)
            where = outputs.paths(out, stem, kinds)
            head = read_options(camera, fov, ipd, profile)
            tracker = stack.enter_context(
                Tracker(
                    model,
                    faces,
                    threads=threads,
                    filter=filter,  # type: ignore[arg-type]
                    fit=fit,
                    camera=head.camera,
                    fov=head.fov,
                    ipd=head.ipd,
                    profile=head.profile,
                )
            )
            stills = frames.kind == "images" and not sequence
            settings = {"faces": faces, "filter": filter, "stills": stills, "fit": fit}
            settings |= head.as_json()
            sinks = outputs.open_outputs(
                stack, where, frames, model, force, settings, outputs.parse_names(draw)
            )
            after = stack.enter_context(progress(frames.name, frames.frames))
            run(frames, tracker, sinks, stills=stills, summary=summary, after=after)
            warnings = outputs.warnings(sinks)
    except KeyboardInterrupt:
        talk.print("interrupted; what was written until now is kept")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if summary.frames:
            _report(summary, list(where.values()), warnings)
