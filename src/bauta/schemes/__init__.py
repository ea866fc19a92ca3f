"""Point orders: counts, names, edges, mirror images, regions, and maps from one to another.

`get(name)` gives a `Scheme`; `convert(points, source, target)` changes the order. The tables lie in
`orders/*.toml` and `maps.toml` and are read when first asked for. docs/schemes.md shows them all.

`ibug68` and `ibug68-3d` share one order (iBUG / 300-W) and differ in what the jaw follows: the
visible outline, or the jaw bone. Left and right are the subject's own.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bauta.checks import InputError, check_choice
from bauta.schemes.embedding import Embedding, canonical478, embed
from bauta.schemes.maps import Map, listed, order_only, pick
from bauta.schemes.mesh import scheme478
from bauta.schemes.points68 import (
    CLOSED68,
    INNER51,
    LEFT_EYE478,
    LEFT_IRIS478,
    LIDS68,
    MIRROR68,
    OUTER_EYE_CORNERS68,
    OUTER_EYE_CORNERS478,
    REGIONS68,
    RIGHT_EYE478,
    RIGHT_IRIS478,
    eye_aspect_ratio,
)
from bauta.schemes.scheme import REGIONS, Scheme, derive, parse, read

__all__ = [
    "CLOSED68",
    "COUNTS",
    "INNER51",
    "LEFT_EYE478",
    "LEFT_IRIS478",
    "LIDS68",
    "MIRROR68",
    "OUTER_EYE_CORNERS68",
    "OUTER_EYE_CORNERS478",
    "REGIONS",
    "REGIONS68",
    "RIGHT_EYE478",
    "RIGHT_IRIS478",
    "Embedding",
    "Map",
    "Scheme",
    "convert",
    "embedding",
    "eye_aspect_ratio",
    "get",
    "layout",
    "mapping",
    "maps",
    "names",
]

COUNTS = {
    "celeba5": 5,
    "aflw19": 19,
    "bioid20": 20,
    "aflw21": 21,
    "lfpw29": 29,
    "cofw29": 29,
    "ibug51": 51,
    "ibug68": 68,
    "ibug68-3d": 68,
    "fs70": 70,
    "wflw96": 96,
    "wflw98": 98,
    "jd106": 106,
    "insightface106": 106,
    "helen192": 192,
    "helen194": 194,
    "mesh468": 468,
    "mesh478": 478,
}
"""Name and number of points of every scheme, without reading a table."""


def names() -> list[str]:
    """Names of the schemes."""
    return list(COUNTS)


@cache
def get(name: str) -> Scheme:
    """The scheme of that name; InputError when unknown."""
    if check_choice(name, COUNTS, "scheme") == "mesh478":
        return scheme478()
    table = read(name)
    return derive(name, table, get(table["of"])) if "of" in table else parse(name, table)


@cache
def embedding(name: str) -> Embedding:
    """Where the points of a scheme lie on the 478 vertices of the mesh (approximate: see docs)."""
    scheme = get(name)
    return embed(scheme, embedding(scheme.of) if scheme.of else None)


def layout(name: str) -> np.ndarray:
    """(count, 3) float64: the scheme on the canonical face, centimetres in head axes (y up)."""
    return embedding(name).apply(canonical478())


def _of_mesh(target: str) -> Map:
    at = embedding(target)
    note = "read off the mesh: as near as the nearest vertices, a map fitted to labels is nearer"
    return Map("mesh478", target, at.indices, at.weights, False, note)


@cache
def _steps() -> tuple[dict[tuple[str, str], Map], dict[tuple[str, str], Map]]:
    """The exact maps and the approximate ones, by (source, target)."""
    exact: dict[tuple[str, str], Map] = {}
    for name in COUNTS:
        scheme = get(name)
        if scheme.parents is None or name in order_only():
            continue
        exact[scheme.of, name] = pick(scheme.of, name, scheme.parents)
        if scheme.count == COUNTS[scheme.of]:
            exact[name, scheme.of] = pick(name, scheme.of, np.argsort(scheme.parents))
    near = {(step.source, step.target): step for step in listed()}
    for name in COUNTS:
        if not name.startswith("mesh"):
            near["mesh478", name] = step = _of_mesh(name)
            if step.indices.max() < COUNTS["mesh468"]:
                near["mesh468", name] = Map(
                    "mesh468", name, step.indices, step.weights, False, step.note
                )
    return exact, near


def _reach(start: dict[str, Map], steps: dict[tuple[str, str], Map]) -> dict[str, Map]:
    """`start` (target -> map) and what can be reached from it by any number of these steps."""
    reached, queue = dict(start), list(start)
    while queue:
        name = queue.pop(0)
        for (source, target), step in steps.items():
            if source == name and target not in reached:
                reached[target] = reached[name].then(step)
                queue.append(target)
    return reached


@cache
def _from(source: str) -> dict[str, Map]:
    """Every map out of `source`: exact steps, and at most one approximate step among them."""
    exact, near = _steps()
    same = pick(source, source, np.arange(COUNTS[check_choice(source, COUNTS, "scheme")]))
    first = _reach({source: same}, exact)
    second: dict[str, Map] = {}
    for name, begin in first.items():
        for (start, target), step in near.items():
            if start == name and target not in first:
                second.setdefault(target, begin.then(step))
    return {**_reach(second, exact), **first}


def maps() -> list[Map]:
    """Every map between two different schemes; each says whether it is exact."""
    return [step for a in COUNTS for b, step in _from(a).items() if b != a]


def mapping(source: str, target: str) -> Map:
    """The map from one scheme to another; InputError naming what exists when there is none."""
    check_choice(target, COUNTS, "scheme")
    if target not in _from(source):
        to = [name for name in _from(source) if name != source]
        of = [name for name in COUNTS if target in _from(name) and name != target]
        raise InputError(
            f"no map from {source} to {target}: {source} goes to {', '.join(to) or 'nothing'}; "
            f"{target} comes from {', '.join(of) or 'nothing'}"
        )
    return _from(source)[target]


def convert(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """Points (..., count of target, D) from points (..., count of source, D).

    NaN where a point that is needed is NaN. InputError when the shape is wrong or no map exists;
    `mapping(source, target).exact` says whether the same points come out.
    """
    step = mapping(source, target)
    points, count = np.asarray(points), COUNTS[source]
    if points.ndim < 2 or points.shape[-2] != count:
        raise InputError(
            f"points of {source}: expected shape (..., {count}, 2 or 3), got {points.shape}"
        )
    return step.apply(points)
