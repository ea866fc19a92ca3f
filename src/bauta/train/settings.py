"""Settings of the training loop: section `[train]` of every recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bauta.checks import InputError


@dataclass(frozen=True)
class TrainSettings:
    """How a run learns. The defaults are the founding recipe's: Adam, 1e-3, 32, 100 epochs."""

    epochs: float = 100.0
    """How often the training set is shown, unless `steps` or `minutes` is given."""
    steps: int = 0
    """Length of the run in steps; 0: by epochs."""
    minutes: float = 0.0
    """Length of the run in minutes, over all resumptions: processor time on a CPU, however busy the
    machine, and wall time on a GPU; 0: by epochs."""
    batch: int = 32
    """Examples a step, over all processes together."""
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    rate: float = 1e-3
    """Peak learning rate."""
    decay: float = 0.0
    """Weight decay of matrices and kernels; none on biases and norms."""
    momentum: float = 0.9
    """Of sgd."""
    schedule: Literal["constant", "step", "cosine"] = "constant"
    warmup: int = 0
    """Steps of a linear rise to the peak rate."""
    floor: float = 0.0
    """Share of the peak rate where a cosine ends."""
    drops: tuple[float, ...] = (0.6, 0.85)
    """Where the rate of a step schedule drops, in shares of the run."""
    drop: float = 0.1
    """Factor of each drop."""
    average: float = 0.0
    """Decay a step of the exponential moving average of the weights, which then is what is scored
    and exported; 0: no average."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of the network's convolutions; float16, with scaled gradients, on a GPU only."""
    only: str = ""
    """Only the part of the network of this name learns, such as heads.expression: everything else
    stays as `--init` brought it, statistics of batches too. Empty: all of it."""
    clip: float = 0.0
    """Largest norm of the gradient; 0: any."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 1
    """CPU threads of the network."""
    seed: int = 0
    check_every: int = 0
    """Steps from one look at the held-out people to the next; 0: an epoch."""
    save_minutes: float = 2.0
    """Wall time from one checkpoint to the next."""
    tensorboard: bool = False
    """Write event files, too; needs the package `tensorboard`."""

    def __post_init__(self) -> None:
        if self.steps and self.minutes:
            raise InputError("give steps or minutes, not both")
        for name in ("batch", "rate", "threads", "save_minutes"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("steps", "minutes", "decay", "warmup", "clip", "check_every"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be 0 or more, got {getattr(self, name)}")
        for name in ("average", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must be in 0..1, got {getattr(self, name)}")
        if not self.steps and not self.minutes and self.epochs <= 0:
            raise InputError(f"epochs must be above 0, got {self.epochs}")
        if list(self.drops) != sorted(self.drops) or not all(0 < d < 1 for d in self.drops):
            raise InputError(f"drops must rise between 0 and 1, got {list(self.drops)}")

    def total_steps(self, size: int) -> int | None:
        """Steps of the run for `size` examples an epoch; None when minutes decide."""
        if self.minutes:
            return None
        return self.steps or max(1, round(self.epochs * size / self.batch))

    def steps_between_checks(self, size: int) -> int:
        """Steps from one validation to the next."""
        return self.check_every or max(1, round(size / self.batch))
