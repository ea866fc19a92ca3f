"""Tables of a result as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from bauta.eval.bootstrap import Estimate
from bauta.eval.score import Difference, Scored
from bauta.eval.summary import Row

TITLES = {
    "outer_eyes": "distance of the outer eye corners",
    "pupils": "distance of the pupils",
    "box": "sqrt(width height) of the true points",
    "diagonal": "diagonal of the true points' box",
    "own_box": "sqrt(width height) of the set's own box",
}
LAST = ("crops", "dataset", "subset", "sha256", "detector_sha256", "commit", "machine")
"""Keys of a header that stand after the others, in this order."""


def number(value: float, digits: int = 2) -> str:
    """A number, or a dash for none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def cell(estimate: Estimate | None, digits: int = 2) -> str:
    """Value with its interval below."""
    if estimate is None or not np.isfinite(estimate.value):
        return "<td>–</td>"
    spread = ""
    if np.isfinite(estimate.low):
        spread = f"<small>{number(estimate.low, digits)} to {number(estimate.high, digits)}</small>"
    return f"<td>{number(estimate.value, digits)}{spread}</td>"


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """A table that scrolls sideways; `rows` are whole `<tr>`."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="scroll"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'


def title_of(key: str) -> str:
    """Column heading of a key of `Row.values`."""
    name, _, limit = key.partition("@")
    if limit:
        return f"AUC@{limit}" if name == "auc" else f"FR@{limit}, %"
    if key.startswith("bins"):
        return key.replace("bins", "mean of yaw bins", 1)
    if key.startswith("yaw"):
        return key.replace("yaw", "|yaw|", 1)
    return {"mean": "mean per picture", "median": "median"}[key]


def rows_table(scored: Sequence[Scored], norm: str) -> str:
    """Every variant, a row for each file of predictions and group of pictures."""
    chosen = [(each, row) for each in scored for row in each.rows if row.norm == norm]
    groups = list(dict.fromkeys(row.group for _, row in chosen))
    keys = _known(row.values for _, row in chosen)
    body = [
        _row(each.errors.label, row, keys)
        for group in groups
        for each, row in chosen
        if row.group == group
    ]
    head = ["predictions", "pictures", "faces", "found, %", *map(title_of, keys)]
    return table(head, body)


def _row(label: str, row: Row, keys: Sequence[str]) -> str:
    style = ' class="first"' if row.group == "full" else ""
    first = f'<td>{escape(label)}</td><td class="text">{escape(row.group)}</td>'
    counts = f"<td>{row.count}</td><td>{number(100 * row.found / row.count)}</td>"
    cells = "".join(cell(row.values.get(key), 3 if key.startswith("auc") else 2) for key in keys)
    return f"<tr{style}>{first}{counts}{cells}</tr>"


def trapezoid_table(scored: Sequence[Scored]) -> str:
    """AUC by both rules, all pictures, first length."""
    rows, keys = [], []
    for each in scored:
        row = each.row()
        keys = list(row.trapezoid)
        exact = "".join(f"<td>{row.values[key].value:.4f}</td>" for key in keys)
        grid = "".join(f"<td>{row.trapezoid[key]:.4f}</td>" for key in keys)
        rows.append(f"<tr><td>{escape(each.errors.label)}</td>{exact}{grid}</tr>")
    heads = [title_of(key) for key in keys]
    both = [f"{head}, exact" for head in heads] + [f"{head}, trapezoid" for head in heads]
    return table(["predictions", *both], rows)


def estimates_table(named: dict[str, dict[str, Estimate]], first: str, digits: int = 2) -> str:
    """Label -> name -> estimate: a row a label."""
    keys = _known(named.values())
    rows = [
        f"<tr><td>{escape(label)}</td>{''.join(cell(v.get(key), digits) for key in keys)}</tr>"
        for label, v in named.items()
    ]
    return table([first, *keys], rows)


def difference_table(differences: Sequence[Difference]) -> str:
    """First minus second; an interval without 0 is a difference."""
    keys = _known(each.values for each in differences)
    rows = []
    for each in differences:
        cells = "".join(cell(each.values.get(key), 3) for key in keys)
        title = f"{each.first} minus {each.second}"
        rows.append(f"<tr><td>{escape(title)}</td><td>{each.count}</td>{cells}</tr>")
    return table(["difference", "faces found by both", *map(title_of, keys)], rows)


def headers_table(labels: Sequence[str], headers: Sequence[dict[str, Any]]) -> str:
    """How each file of predictions came about."""
    names = {key for header in headers for key in header}
    keys = [*sorted(names - set(LAST)), *(key for key in LAST if key in names)]
    rows = []
    for key in keys:
        cells = "".join(
            f'<td class="text">{escape(str(header.get(key, "–")))}</td>' for header in headers
        )
        rows.append(f"<tr><td>{escape(key.replace('_', ' '))}</td>{cells}</tr>")
    return table(["", *labels], rows).replace("<table>", '<table class="words">')


def _known(named: Iterable[dict[str, Estimate]]) -> list[str]:
    """Names that are a number anywhere: bins of yaw that nobody is in get no column."""
    everything = [(key, each) for values in named for key, each in values.items()]
    return list(dict.fromkeys(key for key, each in everything if np.isfinite(each.value)))
