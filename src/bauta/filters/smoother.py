"""Looking ahead: a filter run forward and backward over a track, and the mean of both.

What lags forward leads backward, so that the mean does neither; and noise falls by more than the
filter alone takes away. Only for files: a frame's result needs the frames after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bauta.filters.base import Filter
from bauta.filters.seen import Seen


def smooth(frames: Sequence[Seen], make: Callable[[], Filter]) -> list[np.ndarray]:
    """Points of each frame of one face, times ascending, after filters that `make` makes."""
    forward, backward = make(), make()
    ahead = [forward(seen) for seen in frames]
    back = [backward(replace(seen, time=-seen.time)) for seen in reversed(frames)]
    return [((a + b) / 2).astype(a.dtype) for a, b in zip(ahead, reversed(back), strict=True)]
