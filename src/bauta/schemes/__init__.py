"""Point orders: counts, names, edges, mirror images, regions, and maps from one to another.

`get(name)` gives a `Scheme`; `convert(points, source, target)` changes the order. The tables lie in
`orders/*.toml` and `maps.toml` and are read when first asked for. docs/schemes.md shows them all.

`ibug68` and `ibug68-3d` share one order (iBUG / 300-W) and differ in what the jaw follows: the
visible outline, or the jaw bone. Left and right are the subject's own.
"""

from __future__ import annotations

from functools import cache

from bauta.checks import check_choice
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
    "Scheme",
    "eye_aspect_ratio",
    "get",
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
