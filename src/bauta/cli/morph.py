"""`bauta morph`: build, convert and look into face models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bauta.checks import InputError
from bauta.cli.app import app, say, talk

morph = typer.Typer(help="Face models: build, convert, look into.", no_args_is_help=True)
app.add_typer(morph, name="morph")

UNITS = {"um": 1e-4, "mm": 0.1, "cm": 1.0, "m": 100.0}
ROWS = (1, 2, 3, 5, 10, 20, 30, 50, 80, 100, 150, 199)
"""Numbers of modes for which the table of `build` tells the share of variance."""


@morph.command()
def build(
    meshes: Annotated[
        list[Path],
        typer.Argument(
            help=".obj or .ply, folders of them, or .npz with vertices (N, V, 3) and triangles."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write (.npz).")],
    alignment: Annotated[
        str,
        typer.Option("--align", help="rigid: turn and shift; similarity: also scale; none."),
    ] = "rigid",
    matrix: Annotated[
        str,
        typer.Option(help="Components of the covariance or correlation matrix."),
    ] = "covariance",
    modes: Annotated[int | None, typer.Option(help="Keep at most this many modes.")] = None,
    share: Annotated[
        float | None, typer.Option(help="Keep as many modes as explain this share, such as 0.98.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of the meshes: um, mm, cm or m.")] = "cm",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Make a linear model of registered meshes: the same vertices in the same order in each.

    Prints how much of the variance the modes explain.
    """
    from bauta.checks import check_choice
    from bauta.morphable.build import align, model_of, principal, read_registered
    from bauta.morphable.file import write_model
    from bauta.video.output import check_output

    check_choice(unit, UNITS, "unit")
    target = check_output(_npz(out), force)
    shapes, mesh = read_registered(meshes)
    built = principal(align(shapes * UNITS[unit], alignment), matrix, modes, share)
    write_model(target, model_of(built, mesh, target.stem))
    kept, explained = len(built.modes), built.explained
    say(f"{'modes':>6} {'variance':>10} {'explained':>10}")
    rows = {min(row, len(explained)) for row in ROWS} | {kept, len(explained)}
    for row in sorted(rows):
        mark = "  kept" if row == kept else ""
        say(f"{row:6} {built.variance[row - 1]:10.4g} {100 * explained[row - 1]:9.2f}%{mark}")
    talk.print(f"{target}: {len(shapes)} shapes of {shapes.shape[1]} vertices, {kept} modes")


@morph.command()
def info(
    path: Annotated[
        Path | None, typer.Argument(help="A model file; without one, the head that ships.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What a face model holds."""
    from bauta.assets.face import face_model
    from bauta.morphable import load

    facts = _facts(load(path) if path else face_model())
    if as_json:
        say(json.dumps(facts))
        return
    for key, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        say(f"{key:12} {text}")


@morph.command()
def convert(
    path: Annotated[Path, typer.Argument(help="ICT folder, .mat, .h5, .pkl, .bin or .npz.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write (.npz).")],
    blendshapes: Annotated[
        Path | None, typer.Option(help="File of eos' blend shapes, for a .bin without.")
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Bases in 16 bits: half the size, 0.1 % off.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a published face model in our format. Its own terms go on."""
    from bauta.morphable import load
    from bauta.morphable.eos import read_bin
    from bauta.morphable.file import write_model
    from bauta.video.output import check_output

    if blendshapes is not None and path.suffix.lower() != ".bin":
        raise InputError(f"--blendshapes: goes with an eos .bin, not with {path}")
    target = check_output(_npz(out), force)
    model = read_bin(path, blendshapes) if blendshapes else load(path)
    write_model(target, model, half)
    talk.print(f"{target}: {len(model.mean)} vertices, {target.stat().st_size / 1e6:.2f} MB")


def _npz(path: Path) -> Path:
    if path.suffix != ".npz":
        raise InputError(f"--out {path}: a face model is an .npz file")
    return path


def _facts(model: Any) -> dict[str, Any]:
    from bauta.morphable.arkit import ARKIT52

    size = model.mean.max(0) - model.mean.min(0)
    own = set(model.expression_names)
    return {
        "name": model.name,
        "vertices": len(model.mean),
        "triangles": len(model.triangles),
        "size_cm": [round(float(x), 2) for x in size],
        "identity": model.modes,
        "expressions": list(model.expression_names),
        "unsupported": [name for name in ARKIT52 if name not in own] if own & set(ARKIT52) else [],
        "albedo": 0 if model.albedo is None else len(model.albedo),
        "parts": list(model.part_names),
        "regions": sorted(model.regions),
        "points": sorted(model.embeddings) + (["ibug68 (contour)"] if model.contour else []),
        "eyes": sorted(model.eyes),
        "uv": model.uv is not None,
        "mirror": model.mirror is not None,
        "licence": model.licence,
        "notice": model.notice,
    }
