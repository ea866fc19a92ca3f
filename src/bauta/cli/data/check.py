"""`bauta data check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bauta.cli.app import counting, say, talk
from bauta.cli.data.app import data

if TYPE_CHECKING:
    from bauta.data.catalog import Dataset
    from bauta.data.check import Report


@data.command()
def check(
    name: Annotated[
        str, typer.Argument(help="A data set; without one, those that can be read are listed.")
    ] = "",
    path: Annotated[
        Path | None, typer.Argument(help="Folder of the unpacked set.", show_default=False)
    ] = None,
    subset: Annotated[str, typer.Option(help="Look at this part of the set only.")] = "",
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for NAME_check.png, faces with their points."),
    ] = Path("."),
    most: Annotated[
        int, typer.Option(min=0, help="Read about this many pictures, not all of them.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="What was found as JSON.")] = False,
) -> None:
    """Is this copy of a data set whole and sane?

    Counts faces against a whole copy's, reads the pictures, looks at points, boxes and poses, and
    draws a sheet of faces to look at, which replaces an older one. Exit code 1 when something is
    wrong.
    """
    from bauta.data import catalog
    from bauta.data.check import check as run
    from bauta.video.output import atomic_write, make_folder

    if not name:
        _list(list(catalog.CATALOG.values()), as_json)
        return
    dataset = catalog.get(name)
    folder = _folder(name, path)
    with counting(name, dataset.counts.get(subset) or None) as after:
        report = run(dataset, folder, subset, most=most, after=after)
    sheet = ""
    if report.sheet is not None:
        make_folder(out)
        sheet = str(out / f"{name}_check.png")
        atomic_write(sheet, _png(report.sheet))
    found = _as_json(dataset, report, sheet)
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        for line in _lines(dataset, report, sheet):
            say(line)
    for problem in report.problems:
        talk.print(f"wrong: {problem}", style="red")
    if report.problems:
        raise typer.Exit(1)


def _folder(name: str, path: Path | None) -> Path:
    from bauta.checks import InputError
    from bauta.data.teachers import SETS, data_root

    if path is None and name not in SETS:
        raise InputError(f"PATH: missing; bauta data check {name} FOLDER-OF-THE-UNPACKED-SET")
    return data_root() if path is None else path


def _list(datasets: list[Dataset], as_json: bool) -> None:
    for dataset in datasets:
        if as_json:
            found = {key: getattr(dataset, key) for key in ("name", "title", "schemes", "counts")}
            found |= {key: getattr(dataset, key) for key in ("licence", "citation", "url")}
            say(json.dumps(found))
        else:
            count = dataset.counts[""] or "-"
            say(f"{dataset.name:15} {count!s:>7}  {dataset.title}")
    if not as_json:
        talk.print("`bauta data check NAME PATH` looks at a copy; none of them ships with bauta")


def _png(image: Any) -> bytes:
    import cv2

    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def _as_json(dataset: Dataset, report: Report, sheet: str) -> dict[str, Any]:
    """Everything of the report but the picture, and the set's terms."""
    found = {key: value for key, value in vars(report).items() if key != "sheet"}
    found["counts"] = {
        part: {"found": counted, "expected": expected or None}
        for part, (counted, expected) in report.counts.items()
    }
    terms = {key: getattr(dataset, key) for key in ("licence", "citation", "url")}
    return found | terms | {"sheet": sheet, "whole": not report.problems}


def _lines(dataset: Dataset, report: Report, sheet: str) -> list[str]:
    """The report as a table of two columns."""
    rows = [("set", f"{report.name}: {dataset.title}"), ("folder", report.folder)]
    for part, (found, expected) in report.counts.items():
        of = f" of {expected}" if expected else ""
        rows.append((part or "faces", f"{found}{of}"))
    rows.append(("people", str(report.people or "not told")))
    rows.append(("points", ", ".join(f"{name} {count}" for name, count in report.schemes.items())))
    rows.append(("unknown points", str(report.unknown)))
    rows.append(("coinciding", f"two points at one place in {report.coinciding} faces"))
    if report.face_sizes:
        low, middle, high = report.face_sizes
        rows.append(("face size", f"{low:.0f} to {high:.0f}, median {middle:.0f} pixels"))
    if report.picture_sizes:
        (w1, h1), (w2, h2) = report.picture_sizes
        rows.append(("pictures", f"{report.pictures} read, {w1} x {h1} to {w2} x {h2}"))
        far, whose = report.farthest
        worst = f", at most {far:.1f} pixels ({whose})" if report.outside else ""
        rows.append(("outside", f"a point of {report.outside} faces{worst}"))
    rows.append(("boxes", str(report.boxes)))
    for name, (low, high) in report.angles.items():
        rows.append((name, f"{low:+.0f} to {high:+.0f} degrees"))
    rows += [("licence", dataset.licence), ("cite", dataset.citation), ("see", dataset.url)]
    rows.append(("sheet", sheet))
    return [f"{name:15} {value.strip()}" for name, value in rows if value]
