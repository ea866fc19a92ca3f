"""Confidence intervals by resampling people: pictures of one person are not independent.

Percentile bootstrap (Efron and Tibshirani 1993, chapter 13): P people are drawn P times with
replacement, all pictures of a person come along. A draw is a weight a picture, how often its
person was drawn, and a statistic is a function of such weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bauta.checks import InputError, check_count

DRAWS = 1000
LEVEL = 95.0
"""Percent of the draws that the interval holds."""
CHUNK = 2_000_000
"""Weights in memory at a time."""

Statistic = Callable[[np.ndarray], np.ndarray]
"""(B, N) weights -> (B,) values; NaN where a draw says nothing."""


@dataclass(frozen=True)
class Estimate:
    """A number and its interval, in the unit of the statistic."""

    value: float
    low: float
    high: float

    def as_json(self) -> list[float | None]:
        """[value, low, high], None for what is not a number."""
        values = (self.value, self.low, self.high)
        return [round(v, 4) if np.isfinite(v) else None for v in values]


def units(people: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Who is drawn together, (N,) int: people by name; a picture of nobody known is its own."""
    keys = [person or f"\0{name}" for person, name in zip(people, names, strict=True)]
    return np.unique(keys, return_inverse=True)[1]


def draws(unit: np.ndarray, count: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """Weights (b, N) of `count` draws in all, in pieces that fit into memory."""
    rng = np.random.default_rng(seed)
    people = int(unit.max()) + 1
    step = max(CHUNK // len(unit), 1)
    for start in range(0, check_count(count, "draws"), step):
        size = min(step, count - start)
        yield rng.multinomial(people, np.full(people, 1 / people), size)[:, unit].astype(np.float64)


def estimates(
    statistics: dict[str, Statistic], unit: np.ndarray, count: int = DRAWS, seed: int = 0
) -> dict[str, Estimate]:
    """Each statistic of all pictures, and its interval over people, all on the same draws.

    `unit` (N,) int from `units`. InputError when there are no pictures.
    """
    if not len(unit):
        raise InputError("bootstrap: no pictures to draw from")
    whole = np.ones((1, len(unit)))
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
    for weights in draws(unit, count, seed):
        for name, statistic in statistics.items():
            drawn[name].append(statistic(weights))
    return {
        name: _estimate(float(statistic(whole)[0]), np.concatenate(drawn[name]))
        for name, statistic in statistics.items()
    }


def _estimate(value: float, drawn: np.ndarray) -> Estimate:
    if not np.isfinite(drawn).any():
        return Estimate(value, np.nan, np.nan)
    low, high = np.nanpercentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))


def difference(first: Statistic, second: Statistic) -> Statistic:
    """`first` minus `second`, each draw of people for both: a paired comparison."""
    return lambda weights: first(weights) - second(weights)


def mean(values: np.ndarray) -> Statistic:
    """Mean of the values (N,) that are known."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)

    def of(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ filled) / (weights @ known)

    return of


def median(values: np.ndarray) -> Statistic:
    """Median of the values (N,) that are known, as if each were there as often as its weight."""
    order = np.argsort(values)[: int(np.isfinite(values).sum())]
    ranked = values[order]

    def of(weights: np.ndarray) -> np.ndarray:
        if not len(ranked):
            return np.full(len(weights), np.nan)
        total = np.cumsum(weights[:, order], axis=1)
        half = total[:, -1:] / 2
        lower, upper = (total >= half).argmax(1), (total > half).argmax(1)
        return np.where(half[:, 0] > 0, (ranked[lower] + ranked[upper]) / 2, np.nan)

    return of


def mean_of(parts: list[Statistic]) -> Statistic:
    """Plain mean of several statistics: the mean of the yaw bins."""
    return lambda weights: np.mean([part(weights) for part in parts], axis=0)
