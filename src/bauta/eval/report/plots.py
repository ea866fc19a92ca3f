"""Plots as SVG text. Colours are CSS classes of the page, so they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 12, 46
SERIES = 6
"""Colours of the page, `s0` .. `s5`; more series take them again, dashed."""


@dataclass(frozen=True, eq=False)
class Line:
    """A series of a line plot."""

    name: str
    x: np.ndarray
    """(n,)"""
    y: np.ndarray
    """(n,), NaN breaks the line."""


@dataclass(frozen=True)
class Axis:
    """A labelled axis from `low` to `high`, unit in the label."""

    label: str
    low: float
    high: float

    def ticks(self, about: int = 6) -> list[float]:
        """Round numbers between both ends: steps of 1, 2 or 5 times a power of ten."""
        span = max(self.high - self.low, 1e-9)
        power = 10.0 ** np.floor(np.log10(span / about))
        step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= about)
        first = np.ceil(self.low / step - 1e-9)
        count = int(np.floor((self.high - first * step) / step + 1e-6)) + 1
        return [round(float((first + i) * step), 10) for i in range(count)]


def class_of(number: int) -> str:
    """CSS classes of series `number`."""
    return f"s{number % SERIES}" + (" dashed" if number >= SERIES else "")


def line_plot(lines: Sequence[Line], x: Axis, y: Axis, marks: Sequence[float] = ()) -> str:
    """Lines over labelled axes with a legend; `marks` are upright lines at values of x."""
    at_x, at_y = _scales(x, y)
    parts = [_frame(x, y)]
    parts += [
        f'<line class="mark" x1="{at_x(m):.1f}" x2="{at_x(m):.1f}" y1="{TOP}" '
        f'y2="{HEIGHT - BOTTOM}"/>'
        for m in marks
    ]
    for number, line in enumerate(lines):
        path = _path(at_x(line.x), at_y(np.clip(line.y, y.low, y.high)))
        parts.append(f'<path class="line {class_of(number)}" d="{path}"/>')
    return _svg("".join(parts)) + legend([line.name for line in lines])


def bar_plot(
    groups: Sequence[str],
    values: Sequence[Sequence[tuple[float, float, float]]],
    names: Sequence[str],
    label: str,
) -> str:
    """Grouped bars with intervals: `values[series][group]` is (value, low, high)."""
    known = [v for row in values for each in row for v in each if np.isfinite(v)]
    y = Axis(label, 0.0, max(known, default=1.0) * 1.05)
    _, at_y = _scales(Axis("", 0, 1), y)
    slot = (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    width = min(0.8 * slot / max(len(values), 1), 34)
    parts = [_y_axis(y)]
    for place, group in enumerate(groups):
        middle = LEFT + slot * (place + 0.5)
        parts.append(
            f'<text class="tick" text-anchor="end" transform="translate({middle + 4:.1f} '
            f'{HEIGHT - BOTTOM + 12}) rotate(-28)">{escape(group.replace("_", " "))}</text>'
        )
        for number, row in enumerate(values):
            left = middle + (number - len(values) / 2) * width
            parts.append(_bar(row[place], left, width, at_y, class_of(number)))
    return _svg("".join(parts), extra=34) + legend(names)


def face_plot(points: np.ndarray, errors: np.ndarray, edges: np.ndarray, unit: str) -> str:
    """Mean face with a disc at each point whose radius grows with its error.

    `points` (K, 2) in any unit, y down; `errors` (K,) of `unit`; `edges` (E, 2).
    """
    low, high = points.min(0), points.max(0)
    scale = 300 / float(max(high - low))
    xy = (points - low) * scale + 30
    width, height = (high - low) * scale + 60
    largest = float(np.nanmax(errors)) if np.isfinite(errors).any() else 1.0
    size = 10.0 if len(points) < 200 else 5.0
    parts = [
        f'<line class="edge" x1="{xy[a, 0]:.1f}" y1="{xy[a, 1]:.1f}" '
        f'x2="{xy[b, 0]:.1f}" y2="{xy[b, 1]:.1f}"/>'
        for a, b in edges
    ]
    for index, (place, error) in enumerate(zip(xy, errors, strict=True)):
        if np.isfinite(error):
            radius = size * float(error / largest)
            parts.append(
                f'<circle class="disc" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:.1f}">'
                f"<title>point {index}: {error:.2f} {escape(unit)}</title></circle>"
            )
    note = f"largest disc {largest:.1f} {unit}; the radius grows with the error"
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" class="face" role="img">'
        + "".join(parts)
        + f"</svg><p class='note'>{escape(note)}</p>"
    )


def legend(names: Sequence[str]) -> str:
    """Names of the series in their colours; nothing for a single one without a name."""
    items = [
        f'<span><i class="key {class_of(number)}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
        if name
    ]
    return f'<p class="legend">{"".join(items)}</p>' if items else ""


def _scales(x: Axis, y: Axis):
    def at_x(value):
        return LEFT + (value - x.low) / max(x.high - x.low, 1e-9) * (WIDTH - LEFT - RIGHT)

    def at_y(value):
        tall = HEIGHT - TOP - BOTTOM
        return TOP + tall - (value - y.low) / max(y.high - y.low, 1e-9) * tall

    return at_x, at_y


def _frame(x: Axis, y: Axis) -> str:
    at_x, _ = _scales(x, y)
    parts = [_y_axis(y)]
    for tick in x.ticks():
        parts.append(
            f'<line class="grid" x1="{at_x(tick):.1f}" x2="{at_x(tick):.1f}" y1="{TOP}" '
            f'y2="{HEIGHT - BOTTOM}"/><text class="tick" text-anchor="middle" '
            f'x="{at_x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}">{tick:g}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="label" text-anchor="middle" x="{middle}" y="{HEIGHT - 8}">'
        f"{escape(x.label)}</text>"
    )
    return "".join(parts)


def _y_axis(y: Axis) -> str:
    _, at_y = _scales(Axis("", 0, 1), y)
    parts = []
    for tick in y.ticks():
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at_y(tick):.1f}" '
            f'y2="{at_y(tick):.1f}"/><text class="tick" text-anchor="end" x="{LEFT - 6}" '
            f'y="{at_y(tick) + 4:.1f}">{tick:g}</text>'
        )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text class="label" text-anchor="middle" '
        f'transform="translate(14 {middle}) rotate(-90)">{escape(y.label)}</text>'
    )
    return "".join(parts)


def _bar(each: tuple[float, float, float], left: float, width: float, at_y, style: str) -> str:
    value, low, high = each
    if not np.isfinite(value):
        return ""
    top, foot = at_y(value), at_y(0.0)
    bar = (
        f'<rect class="bar {style}" x="{left:.1f}" y="{top:.1f}" width="{width * 0.92:.1f}" '
        f'height="{max(foot - top, 0):.1f}"><title>{value:.3g} ({low:.3g} to {high:.3g})</title>'
        "</rect>"
    )
    if np.isfinite(low) and np.isfinite(high):
        middle = left + width * 0.46
        bar += (
            f'<line class="whisker" x1="{middle:.1f}" x2="{middle:.1f}" y1="{at_y(low):.1f}" '
            f'y2="{at_y(high):.1f}"/>'
        )
    return bar


def _path(x: np.ndarray, y: np.ndarray) -> str:
    parts, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if np.isfinite(a) and np.isfinite(b):
            parts.append(f"{pen}{a:.1f} {b:.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(parts)


def _svg(body: str, extra: int = 0) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT + extra}" class="plot" role="img">{body}</svg>'
