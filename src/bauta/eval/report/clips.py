"""The page of what was measured on clips."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from bauta.eval.environment import environment
from bauta.eval.report import page as pages
from bauta.eval.report import plots, tables
from bauta.eval.report.plots import Axis, Line
from bauta.eval.video import ClipScore

TITLE = "Steadiness, lag, lids and blinks on clips"
COUNTS = ("blinks found", "blinks marked", "blinks matched")
"""Measures that are whole numbers."""


def as_json(scores: Sequence[ClipScore]) -> dict[str, Any]:
    """Everything that the page shows."""
    return {"made": environment(), "clips": [score.as_json() for score in scores]}


def page(scores: Sequence[ClipScore]) -> str:
    """A table with a column a clip, the lids of each over time, and all settings."""
    names = list(dict.fromkeys(key for score in scores for key in score.values))
    rows = []
    for name in names:
        digits = 0 if name in COUNTS else 3
        cells = "".join(
            f"<td>{tables.number(score.values.get(name, np.nan), digits)}</td>" for score in scores
        )
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    head = ["measure", *(score.name for score in scores)]
    note = (
        "Percent of the distance of the outer eye corners where the name says no more. Filtered: "
        "as the tracker gives it; unfiltered: as the network says."
    )
    parts = [f"<p class='note'>{note}</p>", tables.table(head, rows)]
    parts.append('<h2>Lids</h2><div class="cards">')
    parts += [_lids(score) for score in scores]
    parts.append("</div><h2>Settings</h2>")
    labels = [score.name for score in scores]
    parts.append(tables.headers_table(labels, [score.settings | environment() for score in scores]))
    return pages.document(TITLE, "".join(parts))


def _lids(score: ClipScore) -> str:
    frames = np.arange(len(score.gap))
    lines = [Line("lid gap", frames, score.gap), Line("open", frames, score.open_gap)]
    known = score.gap[np.isfinite(score.gap)]
    x = Axis("frame", 0, max(len(frames) - 1, 1))
    y = Axis("lid gap over eye width", 0, float(known.max()) * 1.1 if len(known) else 1.0)
    marks = score.marked if len(score.marked) else score.blinks
    kind = "marked" if len(score.marked) else "found"
    plot = plots.line_plot(lines, x, y, marks.tolist())
    return (
        f'<div class="card"><h3>{escape(score.name)}</h3>{plot}'
        f"<p class='note'>Upright lines: blinks {kind} ({len(marks)}).</p></div>"
    )
