"""The learning rate over a run."""

from __future__ import annotations

import math

from bauta.train.settings import TrainSettings


def learning_rate(settings: TrainSettings, step: int, done: float) -> float:
    """Rate of `step` when the share `done` (0..1) of the run is over.

    rate * min(1, (step + 1) / warmup) * shape(done), where the shape is 1 (constant),
    drop^(drops passed) (step), or floor + (1 - floor) (1 + cos(pi done)) / 2 (cosine; Loshchilov &
    Hutter 2017, eq. 5, without restarts).
    """
    done = min(max(done, 0.0), 1.0)
    warm = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    shape = 1.0
    if settings.schedule == "cosine":
        shape = settings.floor + (1 - settings.floor) * (1 + math.cos(math.pi * done)) / 2
    elif settings.schedule == "step":
        shape = settings.drop ** sum(done >= at for at in settings.drops)
    return settings.rate * warm * shape
