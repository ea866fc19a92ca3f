"""A point order, read from its table in `orders/` when it is first asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np

from bauta.schemes.spans import indices

REGIONS = (
    "jaw", "right_brow", "left_brow", "nose", "right_eye", "left_eye", "outer_lips", "inner_lips",
    "pupils", "right_ear", "left_ear", "face",
)  # fmt: skip
"""Every name a region may have, in the order reports print them. A scheme has some of them."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """A point order. Left and right are the subject's own."""

    name: str
    count: int
    edges: np.ndarray
    """(E, 2) int, pairs of points to join by a line."""
    mirror: np.ndarray
    """(count,) int: in the mirrored picture point i is where point mirror[i] was."""
    regions: dict[str, np.ndarray] = field(default_factory=dict)
    """Name, one of `REGIONS`, to indices; disjoint, together all points."""
    names: tuple[str, ...] = ()
    """Name of each point, left and right the subject's own; empty where the field only counts."""
    outer_eye_corners: tuple[int, int] | None = None
    """Right, left: what the inter-ocular norm is measured between; None where there are none."""
    pupils: tuple[np.ndarray, np.ndarray] | None = None
    """Right, left: the mean of these points is the eye's centre for the inter-pupil norm."""
    mesh: Mapping[str, str] = field(default_factory=dict)
    """Points to paths over the mesh's vertices; see `bauta.schemes.embedding`."""
    of: str = ""
    """The scheme that this one takes its points from."""
    parents: np.ndarray | None = None
    """(count,) int: index in `of` of each point."""
    title: str = ""
    source: str = ""
    """Where order and mirror are taken from."""


def read(name: str) -> dict[str, Any]:
    """The table of that name."""
    return tomllib.loads(files("bauta.schemes").joinpath(f"orders/{name}.toml").read_text("utf-8"))


def chain(line: np.ndarray) -> np.ndarray:
    """The edges (n - 1, 2) of a line of n points."""
    return np.stack([line[:-1], line[1:]], axis=1)


def _edges(lines: list[str]) -> np.ndarray:
    return np.concatenate([np.zeros((0, 2), int), *(chain(indices(line)) for line in lines)])


def _mirror(pairs: list[str], count: int) -> np.ndarray:
    mirror = np.arange(count)
    for pair in pairs:
        right, left = map(indices, pair.split("="))
        mirror[right], mirror[left] = left, right
    return mirror


def _pupils(table: dict[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
    if "pupils" not in table:
        return None
    right, left = map(indices, table["pupils"])
    return right, left


def parse(name: str, table: dict[str, Any]) -> Scheme:
    """The scheme of a table that lists its own points."""
    corners = table.get("outer_eye_corners")
    return Scheme(
        name,
        table["count"],
        _edges(table["edges"]),
        _mirror(table["mirror"], table["count"]),
        {key: indices(text) for key, text in table["regions"].items()},
        tuple(table.get("names", "").split()),
        None if corners is None else (corners[0], corners[1]),
        _pupils(table),
        table["mesh"],
        title=table["title"],
        source=table["source"],
    )


def derive(name: str, table: dict[str, Any], parent: Scheme) -> Scheme:
    """The scheme whose points are the points `table["points"]` of `parent`, in that order."""
    points = indices(table["points"])
    place = np.full(parent.count, -1)
    place[points] = np.arange(len(points))
    edges = place[parent.edges]
    added = _edges(table.get("edges", []))
    corners = parent.outer_eye_corners
    pupils = _pupils(table)
    if pupils is None and parent.pupils is not None:
        pupils = (place[parent.pupils[0]], place[parent.pupils[1]])
    regions = {key: np.sort(place[region]) for key, region in parent.regions.items()}
    return Scheme(
        name,
        len(points),
        np.concatenate([edges[(edges >= 0).all(axis=1)], added]),
        place[parent.mirror[points]],
        {key: region[region >= 0] for key, region in regions.items() if region.max() >= 0},
        tuple(parent.names[i] for i in points) if parent.names else (),
        None if corners is None else (int(place[corners[0]]), int(place[corners[1]])),
        pupils,
        of=parent.name,
        parents=points,
        title=table["title"],
        source=table["source"],
    )
