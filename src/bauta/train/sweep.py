"""The learning-rate sweep (Smith 2017, "Cyclical learning rates", section 3.3).

The rate rises by a constant factor a step; the loss falls, then explodes. The rate where the loss
falls steepest over the logarithm of the rate is a good peak rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from bauta.checks import InputError
from bauta.train.checkpoints import read_weights
from bauta.train.curves import Curve, draw_curves, write_png
from bauta.train.distributed import World
from bauta.train.history import write_table
from bauta.train.learner import Learner, NotFiniteError, choose_device
from bauta.train.settings import TrainSettings
from bauta.train.task import Task

SMOOTHING = 0.95
WARM = round(2 / (1 - SMOOTHING))
"""Steps until the smoothed loss is a mean of many; from their own mean it falls."""
WINDOW = 0.75
"""Decades of the rate over which a slope is taken: on made curves with 5 % noise that fall by 15 %
the suggestion then lies within 0.4 decades of the steepest place in 96 of 100."""
SURE = 4.0
"""A fall is so many times its own standard error."""
EXPLODED = 4.0
"""The sweep ends where the smoothed loss is this many times its lowest."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """Loss over rate. N is the number of steps until the loss exploded."""

    rates: np.ndarray
    """(N,) rising."""
    losses: np.ndarray
    """(N,) of each step's batch."""
    smoothed: np.ndarray
    """(N,) exponential mean of the losses, its bias at the start taken off."""
    suggested: float
    """The rate to begin with; NaN when the loss never clearly fell."""

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss is lowest: more is too much."""
        return float(self.rates[int(np.argmin(self.smoothed))])


def sweep(
    task: Task,
    settings: TrainSettings,
    folder: Path,
    init: Path | None = None,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 300,
    watch: Callable[[float, float], None] = lambda done, loss: None,
) -> Sweep:
    """Try rates from `low` to `high`; writes sweep.csv and sweep.png into `folder`.

    The weights that this ruins are thrown away. `watch` hears the share done and the loss.
    """
    if not 0 < low < high or steps < 2 * WARM:
        wanted = f"0 < low < high and {2 * WARM} steps"
        raise InputError(f"sweep: expected {wanted}, got {low}, {high}, {steps}")
    torch.set_num_threads(settings.threads)
    device = torch.device(choose_device(settings.device, settings.precision))
    learner = Learner(task, replace(settings, average=0.0), device, World())
    if init is not None:
        learner.start_from(read_weights(init), str(init))
    rates = np.geomspace(low, high, steps)
    losses, mean, lowest = [], 0.0, math.inf
    with closing(task.batches(settings.seed, range(steps), settings.batch)) as batches:  # type: ignore[type-var]
        for index, (rate, batch) in enumerate(zip(rates, batches, strict=False)):
            try:
                losses.append(sum(learner.learn(batch, float(rate))[0].values()))
            except NotFiniteError:
                break
            mean = SMOOTHING * mean + (1 - SMOOTHING) * losses[-1]
            smooth = mean / (1 - SMOOTHING ** (index + 1))
            lowest = min(lowest, smooth)
            watch((index + 1) / steps, smooth)
            if smooth > EXPLODED * abs(lowest) + 1e-9:
                break
    found = evaluate(rates[: len(losses)], np.array(losses))
    _write(folder, found)
    return found


def evaluate(rates: np.ndarray, losses: np.ndarray) -> Sweep:
    """Smooth the losses (N,) over rising rates (N,) and suggest a rate.

    Batches differ, and the difference of two of them is no fall: slopes are least squares over
    `WINDOW` decades, of windows that end where the smoothed loss lies clearly (`SURE`) below the
    mean of the first `WARM` steps.
    """
    smoothed = _smoothed(losses)
    if len(losses) <= WARM:
        return Sweep(rates, losses, smoothed, math.nan)
    x = np.log10(rates)
    width = max(round(WINDOW / (x[1] - x[0])), 3)
    lowest = int(np.argmin(smoothed))
    apart = np.abs(np.diff(losses[: max(lowest, WARM)]))
    noise = float(np.median(apart)) / 0.954  # of N(0, s): |difference| has the median 0.954 s
    unsure = noise * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING) + 1 / WARM)
    below = smoothed < losses[:WARM].mean() - SURE * unsure
    ends = np.arange(max(width, WARM) - 1, lowest + 1)
    ends = ends[below[ends]]
    if not len(ends):
        return Sweep(rates, losses, smoothed, math.nan)
    slopes = [
        np.polyfit(x[i - width + 1 : i + 1], losses[i - width + 1 : i + 1], 1)[0] for i in ends
    ]
    suggested = float(rates[ends[int(np.argmin(slopes))] - width // 2])
    return Sweep(rates, losses, smoothed, suggested)


def _smoothed(losses: np.ndarray) -> np.ndarray:
    smoothed, mean = np.empty(len(losses)), 0.0
    for i, loss in enumerate(losses):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed[i] = mean / (1 - SMOOTHING ** (i + 1))
    return smoothed


def _write(folder: Path, found: Sweep) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    columns = zip(found.rates, found.losses, found.smoothed, strict=True)
    rows = [{"rate": rate, "loss": loss, "smoothed": smooth} for rate, loss, smooth in columns]
    write_table(folder / "sweep.csv", rows)
    curves = [
        Curve("loss", found.rates, found.losses),
        Curve("smoothed", found.rates, found.smoothed),
    ]
    none = math.isnan(found.suggested)
    title = f"loss over learning rate; {'no clear fall' if none else f'best {found.suggested:.2g}'}"
    write_png(folder / "sweep.png", draw_curves(curves, title, "learning rate", log_x=True))
