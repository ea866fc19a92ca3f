"""The whole page of a result, and results.json beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from bauta import schemes
from bauta.checks import SinkError
from bauta.eval import bootstrap, metrics, pose
from bauta.eval.environment import environment
from bauta.eval.report import pictures, plots, tables
from bauta.eval.report.plots import Axis, Line
from bauta.eval.score import CURVE, Result, Scored
from bauta.eval.views import View

ENDS = (5.0, 10.0, 15.0)
"""Percent up to which curves are drawn: the first that holds `MOST` of the faces found."""
MOST = 0.98


def as_json(result: Result) -> dict[str, Any]:
    """Everything that the page shows, without the pictures."""
    return {
        "protocol": result.protocol.name,
        "title": result.protocol.title,
        "headline": result.protocol.headline,
        "notes": list(result.protocol.notes),
        "intervals": f"{bootstrap.LEVEL:g} % of {bootstrap.DRAWS} draws of people",
        "made": environment(),
        "predictions": result.headers,
        "views": [_view_json(view, scored) for view, scored in result.views],
        "differences": {
            title: [_difference_json(each) for each in differences]
            for title, differences in result.differences.items()
        },
        "pose": {label: _estimates(values) for label, values in result.poses.items()},
        "lids": {
            label: {key: round(v, 4) if np.isfinite(v) else None for key, v in values.items()}
            for label, values in result.lids.items()
        },
        "skipped": result.skipped,
    }


def page(result: Result, picture_of: Callable[[str], np.ndarray] | None) -> str:
    """The page. `picture_of` reads the picture of a name; None leaves the pictures out."""
    labels = [each.errors.label for each in result.views[0][1]]
    notes = [*_sets(result), *result.protocol.notes]
    parts = [f"<p class='note'>{escape(note)}</p>" for note in notes]
    parts.append(
        "<p class='note'>Small figures: 95 % intervals, people (not pictures) drawn anew "
        f"{bootstrap.DRAWS} times. Errors are percent of the length named above a table; means are "
        "over the faces found. AUC@a is the area under the curve up to a percent (0 to 1), FR@a "
        "the percent of faces above it: there, and in the curves, a face not found is a failure. "
        "Bins of yaw without faces have no column.</p>"
    )
    parts += [f"<p class='note'>Left out: {escape(line)}</p>" for line in result.skipped]
    for view, scored in result.views:
        parts.append(_view(view, scored, result))
    if any(result.poses.values()):
        parts.append("<h2>Head rotation</h2>" + _pose(result))
    if any(result.lids.values()):
        parts.append("<h2>Lids</h2>" + _lids(result))
    if picture_of is not None:
        parts.append(_pictures(result.views[0][1], picture_of))
    parts.append("<h2>How this was made</h2>")
    parts.append(tables.headers_table(labels, result.headers))
    made = ", ".join(f"{key} {value}" for key, value in environment().items())
    parts.append(f"<p class='note'>Scored with {escape(made)}.</p>")
    return document(result.protocol.title, "".join(parts))


def _sets(result: Result) -> list[str]:
    """Which sets and subsets were scored, as the files of predictions say."""
    known = [h for h in result.headers if h.get("dataset")]
    said = [f"{h['dataset']}, {h.get('subset') or 'all of it'}" for h in known]
    return [f"Set: {name}." for name in dict.fromkeys(said)]


def document(title: str, body: str) -> str:
    """A whole HTML document that needs nothing from outside."""
    style = files("bauta.eval.report").joinpath("style.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def write(folder: Path, html: str, results: dict[str, Any]) -> list[Path]:
    """`report.html` and `results.json` in `folder`, each replaced whole. SinkError on failure."""
    texts = {
        "report.html": html,
        "results.json": json.dumps(_known(results), indent=1, allow_nan=False) + "\n",
    }
    paths = []
    for name, text in texts.items():
        path = folder / name
        beside = folder / f".{name}.{os.getpid()}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, path)
        except OSError as error:
            raise SinkError(f"{path}: cannot be written: {error.strerror}") from error
        paths.append(path)
    return paths


def _known(value: Any) -> Any:
    """The same with None for what is not finite: a model that found nothing has no mean."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _view(view: View, scored: Sequence[Scored], result: Result) -> str:
    what = f"truth {view.truth}, predicted {view.predicted}, in {view.dimensions}D"
    parts = [f"<h2>{escape(view.title)}</h2><p class='note'>{escape(what)}</p>"]
    for number, norm in enumerate(view.norms):
        title = f"Errors over the {tables.TITLES[norm]}"
        body = tables.rows_table(scored, norm)
        if number:
            parts.append(f"<details><summary>{escape(title)}</summary>{body}</details>")
        else:
            parts.append(f"<h3>{escape(title)}</h3>{body}")
    both = tables.trapezoid_table(scored)
    parts.append(f"<details><summary>AUC, two ways to add it up</summary>{both}</details>")
    if result.differences.get(view.title):
        parts.append("<h3>Differences, people drawn in pairs</h3>")
        parts.append("<p class='note'>Where the interval holds 0, nothing has been shown.</p>")
        parts.append(tables.difference_table(result.differences[view.title]))
    seen = {each.errors.label: each.visibility for each in scored if each.visibility}
    if seen:
        parts.append("<h3>By visibility</h3>" + tables.estimates_table(seen, "percent"))
    parts.append('<div class="cards">' + "".join(_cards(view, scored)) + "</div>")
    return "".join(parts)


def _cards(view: View, scored: Sequence[Scored]) -> list[str]:
    out = [_card("Cumulative error distribution", _ced(view, scored))]
    if any(np.isfinite(next(iter(each.yaws.values()))).any() for each in scored):
        out.append(_card("Error over yaw", _yaw(view, scored)))
    if scored[0].regions:
        out.append(_card("Error by region", _regions(scored)))
    out += [_card(f"Error by point: {each.errors.label}", _face(each)) for each in scored]
    return out


def _card(title: str, body: str) -> str:
    return f'<div class="card"><h3>{escape(title)}</h3>{body}</div>'


def _ced(view: View, scored: Sequence[Scored]) -> str:
    norm = view.norms[0]
    lines = [
        Line(each.errors.label, CURVE, metrics.ced(each.errors.mean[norm], CURVE) * 100)
        for each in scored
    ]
    known = np.concatenate([each.errors.mean[norm] for each in scored])
    known = known[np.isfinite(known)]
    end = next((end for end in ENDS if (known <= end).mean() >= MOST), ENDS[-1])
    x = Axis(f"error, % of the {tables.TITLES[norm]}", 0, end)
    shown = end >= CURVE
    lines = [Line(line.name, line.x[shown], line.y[shown]) for line in lines]
    return plots.line_plot(lines, x, Axis("pictures, %", 0, 100))


def _yaw(view: View, scored: Sequence[Scored]) -> str:
    lines, ends, top = [], [30.0], 1.0
    for each in scored:
        split, yaw = next(iter(each.yaws.items()))
        curve = pose.error_over_yaw(each.errors.mean[view.norms[0]], yaw)
        name = each.errors.label + (f" ({split})" if split else "")
        lines.append(Line(name, curve.centers, curve.mean))
        known = curve.mean[np.isfinite(curve.mean)]
        ends += np.abs(curve.centers[np.isfinite(curve.mean)]).tolist()
        top = max(top, float(known.max()) if len(known) else 1.0)
    x = Axis("yaw, degrees (> 0: to the subject's left)", -max(ends), max(ends))
    y = Axis("mean error, %", 0, top * 1.1)
    note = "<p class='note'>Bins of 10 degrees with at least five faces.</p>"
    return plots.line_plot(lines, x, y) + note


def _regions(scored: Sequence[Scored]) -> str:
    names = list(scored[0].regions)
    values = [
        [(e.value, e.low, e.high) for e in (each.regions[name] for name in names)]
        for each in scored
    ]
    return plots.bar_plot(names, values, [each.errors.label for each in scored], "mean error, %")


def _face(each: Scored) -> str:
    errors = each.errors
    view = errors.view
    scheme = schemes.get(view.scheme)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(errors.points)
        mean = np.where(known, errors.points, 0).sum(0) / known.sum(0)
    place = np.full(scheme.count, -1)
    place[view.indices] = np.arange(len(view.indices))
    edges = place[scheme.edges]
    return plots.face_plot(_mean_face(errors.expected), mean, edges[(edges >= 0).all(1)], "%")


def _mean_face(points: np.ndarray) -> np.ndarray:
    """(K, 2) mean of faces (N, K, 2), each with its mean at 0 and its size 1."""
    whole = points[np.isfinite(points).all((1, 2))]
    if not len(whole):
        whole = np.nan_to_num(points[:1])
    centred = whole - whole.mean(1, keepdims=True)
    size = np.sqrt((centred**2).mean((1, 2), keepdims=True))
    return (centred / np.maximum(size, 1e-9)).mean(0)


def _pose(result: Result) -> str:
    note = (
        "<p class='note'>Mean absolute errors in degrees, over pictures whose true angles are all "
        "within 99 degrees; bias is the mean of predicted minus true; rotation the angle between "
        "both rotations, whatever the order of axes.</p>"
    )
    return note + tables.estimates_table(result.poses, "degrees")


def _lids(result: Result) -> str:
    note = (
        "<p class='note'>Correlation of the eyes' opening (distance of the lids over the eye's "
        "width), predicted and labelled, over both eyes of all faces with a sure label.</p>"
    )
    rows = [
        f"<tr><td>{escape(label)}</td><td>{tables.number(value)}</td></tr>"
        for label, values in result.lids.items()
        for value in values.values()
    ]
    return note + tables.table(["predictions", "correlation"], rows)


def _pictures(scored: Sequence[Scored], picture_of: Callable[[str], np.ndarray]) -> str:
    parts = [
        f"<h2>Worst {pictures.WORST} pictures</h2><p class='note'>"
        "<span class='ours'>Orange: predicted</span>, <span class='theirs'>blue: labelled</span>; "
        "the number is the error in the first table.</p>"
    ]
    for each in scored:
        faces = "".join(
            f'<figure><img src="{uri}" alt=""><figcaption>{escape(caption)}</figcaption></figure>'
            for caption, uri in pictures.gallery(each.errors, picture_of)
        )
        parts.append(
            f"<details open><summary>{escape(each.errors.label)}</summary>"
            f'<div class="faces">{faces}</div></details>'
        )
    return "".join(parts)


def _estimates(values: dict[str, bootstrap.Estimate]) -> dict[str, Any]:
    return {key: value.as_json() for key, value in values.items()}


def _difference_json(each: Any) -> dict[str, Any]:
    head = {"first": each.first, "second": each.second, "count": each.count}
    return head | {"values": _estimates(each.values)}


def _view_json(view: View, scored: Sequence[Scored]) -> dict[str, Any]:
    norm = view.norms[0]
    return {
        "title": view.title,
        "truth": view.truth,
        "predicted": view.predicted,
        "part": view.part,
        "dimensions": view.dimensions,
        "ced_percent": CURVE.tolist(),
        "scored": [
            {
                "label": each.errors.label,
                "rows": [row.as_json() for row in each.rows],
                "regions": _estimates(each.regions),
                "visibility": _estimates(each.visibility),
                "points": np.round(metrics.mean_of_points(each.errors.points.T), 4).tolist(),
                "ced": np.round(metrics.ced(each.errors.mean[norm], CURVE), 5).tolist(),
            }
            for each in scored
        ],
    }
