"""The options of `bauta track`, each declared once: how it is named, limited and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# What is read.
Input = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="Video, picture, folder or glob of pictures, or the number of a webcam.",
    ),
]
Sequence = Annotated[
    bool,
    typer.Option(
        help="Pictures are frames of one clip, 25 a second: follow and smooth as in a video. "
        "Otherwise each picture is looked at afresh."
    ),
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
        "png,jsonl for pictures."
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
Force = Annotated[bool, typer.Option(help="Write over existing results.")]

# How faces are followed.
Model = Annotated[
    str, typer.Option(help="A name that `bauta models` lists, or a path to a bauta .onnx.")
]
Faces = Annotated[int, typer.Option(min=1, help="How many faces to follow at most.")]
Filter = Annotated[str, typer.Option(help="one_euro (steady) or none (as the network says).")]
Device = Annotated[
    str,
    typer.Option(
        help="What the networks run on: cpu, cuda, coreml, webgpu, or auto (the fastest there is)."
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="Threads of the networks.")]

# The head behind the points.
Fit = Annotated[
    bool, typer.Option(help="Fit the face model: centimetres, expressions, gaze, blinks.")
]
Camera = Annotated[
    Path | None,
    typer.Option(help="JSON file with K and distortion of the camera, as OpenCV finds them."),
]
Fov = Annotated[
    float | None,
    typer.Option(help="Degrees that the camera sees across the longer side; 60 if unknown."),
]
Ipd = Annotated[
    float | None,
    typer.Option(help="Centimetres between the pupils; else size is measured on the irises."),
]
Profile = Annotated[Path | None, typer.Option(help="What `bauta calibrate` learned of the person.")]
