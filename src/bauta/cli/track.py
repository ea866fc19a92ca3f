"""`bauta track`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import typer

from bauta.cli import options
from bauta.cli.app import INTERRUPTED, app, talk


@app.command()
def track(
    sources: options.Inputs,
    out: options.Out = Path("."),
    save: options.Save = "",
    csv_columns: options.CsvColumns = "bauta",
    draw: options.Draw = "mesh,points,irises,axes,box",
    model: options.Model = "base",
    faces: options.Faces = 1,
    far: options.Far = False,
    filter: options.Filter = "head",
    offline: options.Offline = False,
    sequence: options.Sequence = False,
    rate: options.Rate = None,
    live: options.Live = None,
    reconnect: options.Reconnect = 30.0,
    size: options.Size = "",
    pixel_format: options.PixelFormat = "rgb24",
    list_cameras: options.ListCameras = False,
    camera: options.Camera = None,
    fov: options.Fov = None,
    ipd: options.Ipd = None,
    profile: options.Profile = None,
    fit: options.Fit = True,
    threads: options.Threads = 1,
    device: options.Device = "cpu",
    show: options.Show = False,
    page: options.Page = None,
    resume: options.Resume = False,
    force: options.Force = False,
) -> None:
    """Follow the faces of videos, pictures, webcams and streams.

    Results are named after the input (clip_faces.mp4, clip_faces.jsonl ...) and written as frames
    come: what was written before an interruption (Ctrl-C) or a broken input stays good. The paths
    written are printed to stdout. Several files come one after another, and beside them each
    webcam, address and pipe.
    """
    from bauta import outputs
    from bauta.cli import jobs, lanes
    from bauta.cli.journal import Journal
    from bauta.heads import read_options
    from bauta.view.window import WindowClosedError

    head = read_options(camera, fov, ipd, profile or ())
    head.check_faces(faces)
    following = jobs.Following(model, faces, filter, fit, threads, device, head, offline, far)
    asked = following.as_json() | {"save": save, "draw": draw}
    asked |= {"csv_columns": csv_columns, "sequence": sequence, "rate": rate}
    try:
        with ExitStack() as stack:
            layers = outputs.parse_names(draw)
            views = outputs.open_views(stack, layers, show, page, talk.print)
            journal = Journal(out, asked | following.made_of()) if resume else None
            request = jobs.Request(
                jobs.Reading(sequence, rate, live, reconnect, size, pixel_format),
                following,
                jobs.Results(out, save, draw, force, csv_columns, views, journal),
            )
            failures = lanes.follow_all(sources, request)
    except WindowClosedError:
        talk.print("the window was closed; what was written until now is kept")
        raise typer.Exit from None
    except KeyboardInterrupt:
        talk.print("interrupted; what was written until now is kept")
        raise typer.Exit(INTERRUPTED) from None
    if failures:
        talk.print(f"{len(failures)} of the sources failed")
        raise typer.Exit(1)
