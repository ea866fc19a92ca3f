"""The options of `bauta track`, each declared once: how it is named, limited and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def list_cameras(asked: bool) -> None:
    """Print the webcams that there are, and stop."""
    if not asked:
        return
    from bauta.cli.app import say, talk
    from bauta.video import listing

    found = listing.list_cameras()
    for camera in found:
        size = "cannot be opened" if camera.size_wh is None else "{}x{}".format(*camera.size_wh)
        rate = f" {camera.rate:g}/s" if camera.size_wh and camera.rate else ""
        say(f"{camera.index}\t{camera.name}\t{size}{rate}")
    if not found:
        talk.print("no webcam was found")
    raise typer.Exit


# What is read.
Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="Videos, pictures, folders or globs of them, numbers of webcams, addresses "
        "(rtsp://, http://), or - for what is piped in.",
    ),
]
Sequence = Annotated[
    bool,
    typer.Option(
        help="Pictures are frames of one clip (--rate): follow and smooth as in a video. "
        "Otherwise each picture is looked at afresh."
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        help="Pictures a second, of --sequence (25) and of what is piped in without times "
        "(else timed as it comes)."
    ),
]
Live = Annotated[
    bool | None,
    typer.Option(
        "--live/--every-frame",
        help="Drop frames that there is no time for, so that the next one is the newest; or take "
        "every one. By default webcams and addresses without an end are live.",
    ),
]
Reconnect = Annotated[
    float,
    typer.Option(min=0, help="Seconds for which a webcam or address that vanished is tried again."),
]
Size = Annotated[
    str, typer.Option(help="WIDTHxHEIGHT of raw pictures piped in; else MJPEG or a container.")
]
PixelFormat = Annotated[
    str, typer.Option(help="Of raw pictures, in FFmpeg's words: rgb24, bgr24, gray, nv12 ...")
]
ListCameras = Annotated[
    bool,
    typer.Option("--list-cameras", callback=list_cameras, is_eager=True, help="Which there are."),
]

# What is written.
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Folder for the results; made if missing. `bauta track -o -` writes JSONL to stdout.",
    ),
]
Save = Annotated[
    str,
    typer.Option(
        help="What to write, separated by commas: video (with overlay), jsonl, csv, npz, parquet "
        "(needs the extra `parquet`), png (frames with overlay). By default video,jsonl, and "
        "png,jsonl for pictures; none for nothing."
    ),
]
CsvColumns = Annotated[
    str, typer.Option(help="Columns of csv: bauta, or openface (those of OpenFace 2).")
]
Draw = Annotated[
    str,
    typer.Option(
        help="What to draw: some of mesh, points, irises, axes, box, and of the fitted head "
        "wire, shaded (needs the extra `render`), gaze, bars (strongest expressions); none leaves "
        "the pictures as they are."
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        help="For many clips: leave out those whose results are whole, do over what was "
        "interrupted. Say it from the first run on."
    ),
]
Show = Annotated[
    bool, typer.Option(help="Show the overlay in a window; q or escape ends tracking.")
]
Page = Annotated[
    int | None,
    typer.Option(
        help="Show the overlay and numbers in a browser of this machine, at this port (0: any "
        "free one). Listens on 127.0.0.1 only."
    ),
]
Force = Annotated[bool, typer.Option(help="Write over existing results.")]

# How faces are followed.
Model = Annotated[
    str, typer.Option(help="A name that `bauta models` lists, or a path to a bauta .onnx.")
]
Faces = Annotated[int, typer.Option(min=1, help="How many faces to follow at most.")]
Far = Annotated[
    bool,
    typer.Option(
        "--far",
        help="Look for new faces twice as closely, for half as small ones (docs/detector.md); "
        "five times the work of a detection.",
    ),
]
Filter = Annotated[
    str,
    typer.Option(
        help="head (head and features apart), flow (the head carried by the pixels: steadier in "
        "motion, 0.7 ms more), kalman, one_euro, or none (as the network says)."
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Smooth each frame of a file with those after it, too: steadier, and without lag.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="What the networks run on: cpu, cuda (of several cards cuda:0, cuda:1), coreml, "
        "webgpu, or auto (the fastest there is)."
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="Threads of the networks.")]

# The head behind the points.
Fit = Annotated[
    bool, typer.Option(help="Fit the face model: centimetres, expressions, gaze, blinks.")
]
Camera = Annotated[
    Path | None,
    typer.Option(help="JSON file with K, distortion and size of the camera, as OpenCV finds them."),
]
Fov = Annotated[
    float | None,
    typer.Option(help="Degrees that the camera sees across the longer side; 60 if unknown."),
]
Ipd = Annotated[
    float | None,
    typer.Option(help="Centimetres between the pupils; else size is measured on the irises."),
]
Profile = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[ID=]FILE",
        help="What `bauta calibrate` learned of the person; of several, said for each by id.",
    ),
]
