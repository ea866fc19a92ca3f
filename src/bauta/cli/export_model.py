"""`bauta export-model`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bauta.checks import InputError
from bauta.cli.app import app, say, talk
from bauta.cli.train import need_torch

if TYPE_CHECKING:
    from bauta.train.export import Exported


@app.command("export-model")
def export_model(
    run: Annotated[Path, typer.Argument(help="Folder of a run of `bauta train`.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write; its name ends in .onnx.")
    ],
    storage: Annotated[
        str,
        typer.Option(
            "--as",
            help="float16 (half the size, the same speed), weights8 (a quarter), int8 (a quarter, "
            "convolutions calculate in 8 bits; needs --pack) or float32.",
        ),
    ] = "float16",
    coarse: Annotated[
        Path | None,
        typer.Option(help="The run of the first stage, where RUN is the second of two stages."),
    ] = None,
    expert: Annotated[
        list[Path] | None,
        typer.Option(
            help="A run of an expert for a range of yaw, from the front to profile, where RUN is "
            "the router; said for each."
        ),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART=RUN", help="The run of the expert for `eye` or `mouth`; said for each."
        ),
    ] = None,
    pack: Annotated[
        Path | None,
        typer.Option(help="Pack whose training faces the files are compared and calibrated on."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name on the card; by default that of the file.")] = "",
    version: Annotated[str, typer.Option(help="Version on the card.")] = "1",
    licence: Annotated[str, typer.Option(help="Terms on the card.")] = "",
    force: Annotated[bool, typer.Option(help="Write over an existing file.")] = False,
) -> None:
    """Make a model file of a trained run: `bauta track VIDEO --model my.onnx` runs it.

    Beside it go a card, my.json, and a golden sample, my.golden.npz, for `bauta models my.onnx
    --check`. The best weights are taken. Of two stages (--coarse) both are written, the first as
    my.coarse.onnx, which has to stay beside my.onnx. How far the points of every kind of storage
    lie from the network's, in pixels of the crop, is printed and kept on the card. A warning says
    when a model of these points cannot be tracked with, only scored. Experts become one file with
    their router (--expert) or with the network of the whole face (--part).
    """
    need_torch()
    from bauta.train.export import coarse_of, export_experts, export_run, export_stages

    if bool(coarse) + bool(expert) + bool(part) > 1:
        raise InputError("--coarse, --expert, --part: one of them at a time")
    parts: dict[str, Path] = {}
    for text in part or ():
        name_of_part, its_run = _part(text)
        if name_of_part in parts:
            raise InputError(f"--part: {name_of_part} was given a run already; leave out {text}")
        parts[name_of_part] = its_run
    files = [coarse_of(out), out] if coarse else [out]
    beside = [path for file in files for path in _written(file)]
    if not force and (there := [path for path in beside if path.exists()]):
        raise InputError(f"{there[0]}: exists already; --force writes over it")
    how: dict[str, Any] = {"name": name, "version": version, "storage": storage}
    how |= {"pack": pack, "licence": licence}
    if coarse:
        done = export_stages(coarse, run, out, **how)
    elif expert or parts:
        done = (export_experts(run, out, experts=expert or (), parts=parts, **how),)
    else:
        done = (export_run(run, out, **how),)
    for each in done:
        _tell(each)
    _warn(out)
    for path in beside:
        say(str(path))


def _part(text: str) -> tuple[str, Path]:
    name, equals, run = text.partition("=")
    if not equals:
        raise InputError(f"--part: expected PART=RUN, such as eye=runs/part-eye, got {text}")
    return name, Path(run)


def _written(out: Path) -> list[Path]:
    return [out, out.with_suffix(".json"), out.with_suffix(".golden.npz")]


def _warn(out: Path) -> None:
    """Says when the model cannot be tracked with."""
    from bauta.faces import trackable
    from bauta.regress.opening import open_regressor

    names = list(open_regressor(out).schemes.values())
    if not trackable(names):
        talk.print(
            f"warning: {out}: cannot be tracked with: {', '.join(names)} alone does not give the "
            "68 points or the mesh that tracks hold; `bauta eval` scores it",
            style="yellow",
        )


def _tell(done: Exported) -> None:
    talk.print(f"{done.path}: difference from the network on {done.crops}, pixels of the crop:")
    for kind, found in done.differences.items():
        mark = "*" if kind == done.storage else " "
        talk.print(
            f"{mark} {kind:9} {found.bytes / 1000:8.0f} KB   mean {found.mean:.4f}   "
            f"99 % below {found.p99:.4f}   largest {found.largest:.4f}"
        )
