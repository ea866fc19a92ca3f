"""Texture coordinates of the small head: one picture, cut from the layout of the ICT head.

The ICT head has a texture for each part, and its skin is cut into charts. A triangle of the small
head may reach over a cut. It is put into one chart, and a corner that has no place there gets one
by continuing the chart. Eyeballs are laid out anew, as seen from the front and from behind: angle
from the gaze axis to distance from the middle.
"""

from __future__ import annotations

import numpy as np

from bauta.morphable.ict import IctHead

FACE = (0.0, 0.3, 0.7)
HEAD = (0.7, 0.7, 0.3)
TEETH = (0.7, 0.4, 0.3)
EYES = {"eyeball_left": (0.02, 0.02, 0.26), "eyeball_right": (0.32, 0.02, 0.26)}
BACKS = {"eyeball_left": (0.62, 0.02, 0.16), "eyeball_right": (0.82, 0.02, 0.16)}
"""Left, lower edge and side of a part's square in the picture."""
WIDEST = 130.0
"""Degrees from the axis at the rim of an eyeball's circle."""
TILES = {0: FACE, 1: HEAD, 3: TEETH}
"""Squares of the original's tiles, one unit wide each: face; head, neck and sockets; teeth."""
NEIGHBOURS = 8
"""Places of a chart from which it is continued."""
FRONT, BACK = -1, -2
"""Charts of the eyeballs."""
Chart = dict[int, np.ndarray]
Places = dict[int, Chart]
"""uv (2,) in the original's tiles, by vertex; and that by chart."""
Corner = tuple[int, int]
"""Vertex and chart: a vertex on a cut has a place in several."""


def charts(head: IctHead) -> np.ndarray:
    """(U,) number of the connected piece of the layout in which a place lies; places at the same
    spot are one."""
    spots = np.unique(np.round(head.uv, 4), axis=0, return_inverse=True)[1].ravel()
    corners = spots[head.uv_triangles]
    chart = np.arange(spots.max() + 1)
    while True:
        least = chart[corners].min(1)
        new = chart.copy()
        for k in range(3):
            np.minimum.at(new, corners[:, k], least)
        if (new == chart).all():
            return chart[spots]
        chart = new


def atlas(head: IctHead, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uv (U, 2) in 0..1, v upwards, and corners (T, 3), for triangles between original vertices."""
    places = _places(head)
    charts_of: dict[int, set[int]] = {}
    for chart, known in places.items():
        for vertex in known:
            charts_of.setdefault(vertex, set()).add(chart)
    eyes = {head.part_names.index(name): name for name in EYES}
    corners: list[list[Corner]] = []
    for triangle in triangles.tolist():
        part = int(head.part[triangle[0]])
        if part in eyes:
            ball = head.mean[head.rows(eyes[part])]
            front = head.mean[triangle, 2].mean() > (ball[:, 2].min() + ball[:, 2].max()) / 2
            corners.append([(v, FRONT if front else BACK) for v in triangle])
            for v in triangle:
                places[corners[-1][0][1]][v] = _on_eye(head, eyes[part], v, bool(front))
        else:
            chart = _chart_of(head, triangle, charts_of, places)
            corners.append([(v, chart) for v in triangle])
    used = sorted({corner for triple in corners for corner in triple})
    uv = np.stack([_in_picture(head, corner, places[corner[1]]) for corner in used])
    number = {corner: k for k, corner in enumerate(used)}
    return uv.astype(np.float32), np.array([[number[c] for c in t] for t in corners], np.int32)


def _in_picture(head: IctHead, corner: Corner, chart: Chart) -> np.ndarray:
    """Where a corner lies in the picture: in its chart's tile, moved to the tile's square."""
    vertex, number = corner
    if number in (FRONT, BACK):
        return chart[vertex]
    place = chart[vertex] if vertex in chart else _continued(head, vertex, chart)
    tile = int(np.mean([known[0] for known in chart.values()]))
    left, low, side = TILES[tile]
    return np.array([left, low]) + side * np.clip(place - (tile, 0), 0, 1)


def _continued(head: IctHead, vertex: int, chart: Chart) -> np.ndarray:
    """uv (2,) of a vertex by the affine map that fits a chart near it; in the directions that the
    chart's surface does not have, nothing changes."""
    rows = np.array(list(chart))
    away = np.linalg.norm(head.mean[rows] - head.mean[vertex], axis=1)
    near = rows[away.argsort()[:NEIGHBOURS]]
    X, U = head.mean[near].astype(np.float64), np.stack([chart[int(k)] for k in near])
    linear = np.linalg.lstsq(X - X.mean(0), U - U.mean(0), rcond=0.1)[0]
    return U.mean(0) + (head.mean[vertex] - X.mean(0)) @ linear


def _chart_of(
    head: IctHead, triangle: list[int], charts_of: dict[int, set[int]], places: Places
) -> int:
    """The chart in which most corners have a place; of several, the one that is nearer."""
    votes = [chart for vertex in triangle for chart in charts_of[vertex]]
    best = max(votes.count(chart) for chart in votes)
    even = sorted({chart for chart in votes if votes.count(chart) == best})
    middle = head.mean[triangle].mean(0)

    def away(chart: int) -> float:
        rows = np.array(list(places[chart]))
        return float(np.linalg.norm(head.mean[rows] - middle, axis=1).min())

    return even[0] if len(even) == 1 else min(even, key=away)


def _places(head: IctHead) -> Places:
    """uv (2,) of the original by chart and vertex; those of the eyes are still empty."""
    chart, result = charts(head), {FRONT: {}, BACK: {}}
    pairs = zip(head.triangles.ravel().tolist(), head.uv_triangles.ravel().tolist(), strict=True)
    for vertex, place in pairs:
        result.setdefault(int(chart[place]), {})[vertex] = head.uv[place].astype(np.float64)
    return result


def _on_eye(head: IctHead, part: str, vertex: int, front: bool) -> np.ndarray:
    left, low, side = (EYES if front else BACKS)[part]
    ball = head.mean[head.rows(part)]
    x, y, z = (head.mean[vertex] - (ball.min(0) + ball.max(0)) / 2) * (1, 1, 1 if front else -1)
    across = max(float(np.hypot(x, y)), 1e-9)
    off = min(np.degrees(np.arctan2(across, z)) / WIDEST, 1.0) / 2
    way = np.array([x if front else -x, y]) / across
    return np.array([left, low]) + side * (0.5 + off * way)
