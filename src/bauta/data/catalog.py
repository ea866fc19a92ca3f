"""The data sets that can be read, by name: what they hold, on whose terms, how to cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bauta.checks import check_choice
from bauta.data.sample import Sample


@dataclass(frozen=True)
class Dataset:
    """A public data set and its reader. Nothing of it ships with bauta."""

    name: str
    """Key in `CATALOG`."""
    title: str
    """What it is, in a line."""
    read: Callable[[Path, str], Iterator[Sample]]
    """`read(root, subset)`: samples of the unpacked set at `root`; subset "" reads all of it.

    Raises SourceError naming the first file that is missing or wrong, InputError for a subset that
    the set does not have.
    """
    schemes: tuple[str, ...]
    """Schemes of its labels, the main one first."""
    counts: dict[str, int]
    """Subset -> faces in a whole copy; "" counts what `read(root, "")` gives. 0 when unknown."""
    licence: str
    """Terms of use, in a few words."""
    citation: str
    """The paper to cite."""
    url: str
    """Where it is described or handed out."""

    @property
    def subsets(self) -> tuple[str, ...]:
        """Names that `read` takes as `subset`, besides ""."""
        return tuple(name for name in self.counts if name)


CATALOG: dict[str, Dataset] = {}


def get(name: str) -> Dataset:
    """The data set of that name; InputError when unknown."""
    return CATALOG[check_choice(name, CATALOG, "data set")]
