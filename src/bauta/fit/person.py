"""Who it is: identity gathered over the frames of a clip, then settled.

The coefficients are a Gaussian, N(mean, precision^-1), beginning with the model's own N(0, 1).
Every frame in which they were solved for adds what it says about them whatever the pose and
expression were: the Schur complement of its normal equations (an information filter). Frames of one
clip repeat each other's errors, so that each counts little.
"""

from __future__ import annotations

import numpy as np

SHARE = 0.1
"""How much of a frame's information is new."""
QUICK, EVERY = 6, 3
"""Frames from the first in which identity is solved for every time; afterwards every third."""
SETTLED = 30
"""Frames in which identity was solved for, after which it is only now and then."""
REST = 15
"""Frames between two of these."""
KNOWN = 0.1
"""Standard deviation of coefficients that are known from an earlier clip."""


class Person:
    """Identity coefficients (I,) of one face."""

    def __init__(self, modes: int, known: np.ndarray | None = None) -> None:
        """`known` (up to I,) coefficients of an earlier clip: settled from the beginning."""
        self.mean, self.precision = np.zeros(modes), np.eye(modes)
        self.frames = 0
        if known is not None:
            count = min(modes, len(known))
            self.mean[:count] = known[:count]
            self.precision *= KNOWN**-2
            self.frames = SETTLED

    @property
    def settled(self) -> bool:
        """Whether enough frames were seen."""
        return self.frames >= SETTLED

    def due(self, frame: int, awake: bool = True) -> bool:
        """Whether identity should be solved for in a frame: not with eyes shut (`awake` False), so
        that the head does not move with the lids."""
        if self.frames < QUICK:
            return True
        return awake and frame % (REST if self.settled else EVERY) == 0

    def add(self, mean: np.ndarray, information: np.ndarray, confidence: float) -> None:
        """Take over what a frame found: `information` (I, I) of `marginal`, `confidence` 0..1."""
        self.mean = mean
        self.precision = self.precision + SHARE * confidence * information
        self.frames += 1


def marginal(information: np.ndarray, count: int) -> np.ndarray:
    """Information about the last `count` unknowns when the others are unknown, (count, count):
    A_aa - A_ab A_bb^-1 A_ba."""
    A, B = information[-count:, -count:], information[-count:, :-count]
    C = information[:-count, :-count]
    return A - B @ np.linalg.solve(C + 1e-9 * np.eye(len(C)), B.T)
