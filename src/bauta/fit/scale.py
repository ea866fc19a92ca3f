"""How large the head is: what a single camera cannot see, but for things of known size.

Everything is fitted to a head of mean size; a size s scales the head and its distance alike. It is
measured on the irises (11.7 mm across in nearly everyone, standard deviation 0.4: an error of 3 %
that nothing here can remove), or follows from a given distance of the pupils, or stays 1.
"""

from __future__ import annotations

import numpy as np

IRIS = 1.17
"""Diameter, centimetres."""
HEAD_SPREAD = 0.05
"""Standard deviation of the size of heads, relative."""


class Size:
    """Running estimate of log s, with a Gaussian prior and Gaussian measurements."""

    def __init__(self, given: float | None = None) -> None:
        self.given = given
        self._weight, self._sum, self._best = 0.0, 0.0, np.inf

    def add(self, diameters: np.ndarray, doubts: np.ndarray) -> None:
        """Irises seen `diameters` (n,) wide on the fitted head of mean size, with relative standard
        deviations `doubts` (n,). Frames repeat each other's errors: together they count as one
        measurement twice as sure as the best of them."""
        good = (diameters > 0.5) & (diameters < 2.5)
        for diameter, doubt in zip(diameters[good], doubts[good], strict=True):
            weight = 1 / doubt**2
            self._weight += weight
            self._sum += weight * float(np.log(IRIS / diameter))
            self._best = min(self._best, float(doubt))

    @property
    def value(self) -> float:
        """Size over the mean head's."""
        if self.given is not None:
            return self.given
        if not self._weight:
            return 1.0
        doubt = max(self._weight**-0.5, self._best / 2)
        trust = HEAD_SPREAD**2 / (HEAD_SPREAD**2 + doubt**2)
        return float(np.exp(trust * self._sum / self._weight))
