"""The command line. Data goes to stdout, talk to stderr; an error is one line and exit code 1.

One file a verb; importing it adds the verb to the application.
"""

from bauta.cli import (
    bench,
    calibrate,
    data,
    demo,
    eval,
    export,
    export_model,
    fit,
    models,
    morph,
    render,
    synth,
    track,
    train,
)
from bauta.cli.app import main

__all__ = [
    "bench",
    "calibrate",
    "data",
    "demo",
    "eval",
    "export",
    "export_model",
    "fit",
    "main",
    "models",
    "morph",
    "render",
    "synth",
    "track",
    "train",
]
