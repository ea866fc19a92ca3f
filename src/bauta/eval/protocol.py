"""What a protocol is: which faces of which set, in which views, over which lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bauta import schemes
from bauta.data.readers import folder
from bauta.eval.views import View

ALL = ("outer_eyes", "pupils", "box", "diagonal")
BOX_FIRST = ("box", "diagonal", "outer_eyes", "pupils")
PUPILS_FIRST = ("pupils", "outer_eyes", "box", "diagonal")


@dataclass(frozen=True)
class Protocol:
    """How a set is scored."""

    name: str
    title: str
    datasets: tuple[str, ...]
    """Names in `bauta.data.catalog`: what it may be run on, the usual one first."""
    subsets: tuple[str, ...]
    """Subsets that are read for it, one after the other; "" is all."""
    views: tuple[View, ...]
    """The headline first."""
    headline: str
    """The number that papers print: a key of `Row.values`."""
    attributes: tuple[str, ...] = ()
    """Attributes whose groups are scored apart."""
    yaws: tuple[str, ...] = ()
    """Attributes that hold a yaw of their own, degrees: other splits into bins."""
    pose: str = ""
    """Order of the angles in which pose is scored, `bauta` or `3ddfa`; "" scores none."""
    notes: tuple[str, ...] = ()
    """What has to be said beside the numbers."""
    some: bool = False
    """A set of it has the points of one or two views, and nobody misses the others."""


def view_of(scheme: str, norms: tuple[str, ...] = ALL) -> View:
    """All points of a scheme, over those of the lengths that it has."""
    known = schemes.get(scheme)
    lacks = {"outer_eyes"} if known.outer_eye_corners is None else set()
    lacks |= {"pupils"} if known.pupils is None else set()
    left = tuple(norm for norm in norms if norm not in lacks)
    return View(_title(scheme), scheme, scheme, left)


def views_of(names: Iterable[str], norms: tuple[str, ...] = ALL) -> Iterator[View]:
    """`view_of` each."""
    return (view_of(name, norms) for name in names)


def _title(scheme: str) -> str:
    """`98 points`; of several orders of as many points a folder's has the plain name."""
    if scheme == "ibug68-3d":
        return "68 anatomical points"
    count = schemes.get(scheme).count
    plain = folder.SCHEMES.get(count, scheme) == scheme
    return "mesh" if scheme == "mesh478" else f"{count} points" + ("" if plain else f", {scheme}")
