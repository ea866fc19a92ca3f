"""`bauta track`."""

from __future__ import annotations

from pathlib import Path

import typer

from bauta.cli import options
from bauta.cli.app import INTERRUPTED, app, talk


@app.command()
def track(
    source: options.Input,
    out: options.Out = Path("."),
    save: options.Save = "",
    csv_columns: options.CsvColumns = "bauta",
    draw: options.Draw = "mesh,points,irises,axes,box",
    model: options.Model = "base",
    faces: options.Faces = 1,
    filter: options.Filter = "one_euro",
    sequence: options.Sequence = False,
    camera: options.Camera = None,
    fov: options.Fov = None,
    ipd: options.Ipd = None,
    profile: options.Profile = None,
    fit: options.Fit = True,
    threads: options.Threads = 1,
    device: options.Device = "cpu",
    force: options.Force = False,
) -> None:
    """Follow the faces of a video, picture or webcam.

    Results are named after the input (clip_faces.mp4, clip_faces.jsonl ...) and written as frames
    come: what was written before an interruption (Ctrl-C) or a broken input stays good. The paths
    written are printed to stdout.
    """
    from bauta.cli import jobs
    from bauta.heads import read_options

    head = read_options(camera, fov, ipd, profile)
    following = jobs.Following(model, faces, filter, fit, threads, device, head)
    results = jobs.Results(out, save, draw, force, csv_columns)
    done = jobs.Done()
    try:
        jobs.follow(source, following, results, done, sequence=sequence)
    except KeyboardInterrupt:
        talk.print("interrupted; what was written until now is kept")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        done.report()
