"""What the network believes of an expression, beyond what it always believes of this face.

Low brows or a wide mouth look like an expression to who sees somebody for the first time. What a
face does nearly always is who it is: a slow quantile of what was believed is taken off.
"""

from __future__ import annotations

import numpy as np

QUICK, SLOW, QUICKLY = 0.01, 0.001, 30
"""How fast what a face always does is learned, a frame, in the first frames and after so many."""
FORGOTTEN = 5.0
"""How much faster it is forgotten: it settles where a sixth of the frames are believed less."""
MOST = 0.3
"""Weight that is taken off at most: who smiles for long smiles still."""


class Belief:
    """Weights (E,) that are believed in, frame by frame."""

    def __init__(self) -> None:
        self.always: np.ndarray | float = 0.0
        self._frames = 0

    def __call__(self, shapes: np.ndarray, learn: bool = True) -> np.ndarray:
        """What `shapes` (E,), 0..1, say beyond what they always say: 0..1, 1 where they do.

        `learn` False for a picture that is not the next frame of a clip.
        """
        if learn:
            self._learn(shapes)
        return np.maximum(shapes - self.always, 0) / (1 - self.always)

    def _learn(self, shapes: np.ndarray) -> None:
        step = QUICK if self._frames < QUICKLY else SLOW
        self._frames += 1
        more = self.always + np.where(shapes > self.always, step, -FORGOTTEN * step)
        self.always = np.minimum(np.maximum(more, 0.0), MOST)
