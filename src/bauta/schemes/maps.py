"""Maps from scheme to scheme: which exist, and how near they come."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from bauta.schemes.spans import groups


@dataclass(frozen=True, eq=False)
class Map:
    """Points of `target` as weighted means of points of `source`."""

    source: str
    target: str
    indices: np.ndarray
    """(K, J) int: the points of the source that each point of the target is made of."""
    weights: np.ndarray
    """(K, J) float64, rows sum to 1."""
    exact: bool
    """True: the same points, reordered or left out. False: near, by different rules of marking."""
    note: str = ""

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Points (..., K, D) of points (..., count of source, D); NaN where any part is NaN."""
        return np.einsum("...kjd,kj->...kd", points[..., self.indices, :], self.weights)

    def then(self, other: Map) -> Map:
        """This map followed by `other`."""
        indices = self.indices[other.indices].reshape(len(other.indices), -1)
        weights = (other.weights[..., None] * self.weights[other.indices]).reshape(indices.shape)
        notes = [note for note in (self.note, other.note) if note]
        exact = self.exact and other.exact
        return Map(self.source, other.target, indices, weights, exact, "; ".join(notes))


def pick(source: str, target: str, points: np.ndarray, note: str = "") -> Map:
    """The exact map that takes `points`, one for each point of the target."""
    points = np.asarray(points)[:, None]
    return Map(source, target, points, np.ones(points.shape), True, note)


def parse(source: str, target: str, text: str, note: str) -> Map:
    """The approximate map written as in `maps.toml`."""
    terms = groups(text)
    width = max(map(len, terms))
    indices = np.array([term + term[:1] * (width - len(term)) for term in terms])
    weights = np.array(
        [[1 / len(term)] * len(term) + [0.0] * (width - len(term)) for term in terms]
    )
    return Map(source, target, indices, weights, False, note)


@cache
def _table() -> dict:
    return tomllib.loads(files("bauta.schemes").joinpath("maps.toml").read_text("utf-8"))


def listed() -> Iterator[Map]:
    """The approximate maps of `maps.toml`."""
    for row in _table()["map"]:
        yield parse(row["source"], row["target"], row["points"], row["note"])


def order_only() -> list[str]:
    """Schemes that share the order of their parent but mark other points."""
    return _table()["order_only"]
