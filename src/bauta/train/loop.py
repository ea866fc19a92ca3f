"""The training loop: draw a batch, learn a step, now and then look at held-out people and save.

`run` drives any `Task`. A run that was stopped, by a signal, a time limit or a crash, goes on from
its last checkpoint when it is started again in the same folder: on a CPU to the same bits, as
everything random comes from (seed, step).
"""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bauta.checks import InputError, SinkError
from bauta.train import checkpoints
from bauta.train.checkpoints import BAD_BATCH, BEST, LAST
from bauta.train.distributed import World, joined
from bauta.train.history import Events, Row, draw_errors, write_table
from bauta.train.learner import Learner, NotFiniteError, choose_device
from bauta.train.lineage import keep_origin
from bauta.train.schedule import learning_rate
from bauta.train.settings import TrainSettings
from bauta.train.task import Task


@dataclass(frozen=True)
class Progress:
    """Where a run stands after a step."""

    step: int
    done: float
    """Share of the run, 0..1."""
    epoch: float
    loss: float
    """Mean since the last look at the held-out people."""
    rate: float
    examples_per_s: float
    scores: Row = field(default_factory=dict)
    """Of the last look, names as in the log."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    step: int
    finished: bool
    """False when it was stopped: the same command goes on with it."""
    best: float
    """Lowest score so far; infinite when the task keeps none."""
    signal: int = 0
    """Number of the signal that stopped it, or 0."""


def run(
    task: Task,
    settings: TrainSettings,
    folder: Path,
    init: Path | None = None,
    stop_after: float = math.inf,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Outcome:
    """Train `task` in `folder` to its end, or for `stop_after` minutes of wall time.

    Continues from the folder's checkpoint; without one it starts from `init`, a .npz of weights or
    the folder of another run. NotFiniteError stops it at a NaN; the batch is kept. Under `torchrun`
    every process calls this, and the first writes.
    """
    kind = choose_device(settings.device, settings.precision)
    torch.set_num_threads(settings.threads)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{folder}: cannot make the folder: {error.strerror}") from error
    with joined(kind) as (world, device), caught_signals() as signals:
        if settings.minutes and world.size > 1:
            raise InputError("minutes: with several processes give epochs or steps")
        return _Run(task, settings, folder, Learner(task, settings, device, world), init).go(
            signals, time.monotonic() + 60 * stop_after, watch
        )


@contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collects SIGTERM and SIGINT (Ctrl-C) instead of dying of them; a second one interrupts."""
    got: list[int] = []

    def note(number: int, frame: Any) -> None:
        if got:
            raise KeyboardInterrupt
        got.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield got
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, note) for number in numbers]
    try:
        yield got
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Run:
    """A learner, its clock, its history and its folder."""

    def __init__(
        self, task: Task, settings: TrainSettings, folder: Path, learner: Learner, init: Path | None
    ) -> None:
        self.task, self.settings, self.folder, self.learner = task, settings, folder, learner
        self.world: World = learner.world
        self.minutes, self.best, self.history = 0.0, math.inf, []
        self.sums: Row = {}
        self.summed = 0
        self.total = settings.total_steps(task.size)
        on_cpu = next(learner.network.parameters()).device.type == "cpu"
        self._clock = time.process_time if on_cpu and settings.minutes else time.perf_counter
        last = folder / LAST
        if last.exists():
            self._load(checkpoints.read_state(last), str(last))
        elif init is not None:
            learner.start_from(checkpoints.read_weights(init), str(init))
        elif settings.only:
            raise InputError(
                f"only: but for {settings.only} nothing learns; say with --init whose weights the "
                "rest of the network has"
            )
        self.events = None
        if settings.tensorboard and self.world.writes:
            self.events = Events(folder / "tensorboard", learner.step)
        if not last.exists() and self.world.writes:
            keep_origin(folder, init)
            self.save()  # a run that fails at once leaves a good state, too

    @property
    def done(self) -> float:
        """Share of the run that is over, 0..1."""
        if self.total is None:
            return min(self.minutes / self.settings.minutes, 1.0)
        return min(self.learner.step / self.total, 1.0)

    @property
    def epoch(self) -> float:
        """How often the training set has been shown."""
        return self.learner.step * self.settings.batch / self.task.size

    def go(self, signals: list[int], deadline: float, watch: Callable[[Progress], None]) -> Outcome:
        """Learn until the run is over or something stops it; leaves a checkpoint."""
        settings, learner = self.settings, self.learner
        every = settings.steps_between_checks(self.task.size)
        steps = range(learner.step, self.total if self.total is not None else sys.maxsize)
        drawn = self.task.batches(
            settings.seed, steps, settings.batch, self.world.rank, self.world.size
        )
        saved = shown = time.monotonic()
        stopped, last = self.done >= 1, self._clock()
        with closing(drawn) as batches:  # type: ignore[type-var]
            while not stopped:
                batch = next(batches)
                rate = learning_rate(settings, learner.step, self.done)
                stop = bool(signals) or time.monotonic() > deadline
                stopped = self._learn(batch, rate, stop)
                now = self._clock()
                self.minutes, last = self.minutes + (now - last) / 60, now
                stopped = stopped or self.done >= 1
                speed = self.summed * settings.batch / (time.monotonic() - shown + 1e-9)
                if learner.step % every == 0 or self.done >= 1:
                    self._check(rate, speed)
                    shown, last = time.monotonic(), self._clock()
                if stopped or time.monotonic() - saved > 60 * settings.save_minutes:
                    self.save()
                    saved = time.monotonic()
                watch(self._progress(rate, speed))
        if self.events:
            self.events.close()
        finished = self.done >= 1
        return Outcome(learner.step, finished, self.best, 0 if finished else sum(signals[:1]))

    def _learn(self, batch: Any, rate: float, stop: bool) -> bool:
        try:
            losses, stopped = self.learner.learn(batch, rate, stop)
        except NotFiniteError as error:
            rank = self.world.rank
            path = self.folder / (f"{rank}_{BAD_BATCH}" if rank else BAD_BATCH)
            checkpoints.write_batch(path, batch, self.learner.step)
            raise NotFiniteError(
                f"{error}. The batch is kept in {path}, the last good state in "
                f"{self.folder / LAST}; look at the batch, or try a lower rate or a clip"
            ) from None
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.summed += 1
        return stopped

    def _progress(self, rate: float, speed: float) -> Progress:
        row = self.history[-1] if self.history else {}
        loss = sum(self.sums.values()) / self.summed if self.summed else row.get("loss", math.nan)
        scores = {key: value for key, value in row.items() if key.startswith("val_")}
        return Progress(self.learner.step, self.done, self.epoch, loss, rate, speed, scores)

    @torch.no_grad()
    def _check(self, rate: float, speed: float) -> None:
        """Look at the held-out people; a line of the log; keep the weights if they are the best."""
        terms = {key: value / max(self.summed, 1) for key, value in self.sums.items()}
        self.sums, self.summed = {}, 0
        if not self.world.writes:
            return
        weights = self.learner.weights.eval()
        scores = self.task.validate(weights)
        row = {"step": self.learner.step, "epoch": self.epoch, "minutes": self.minutes}
        row |= {"rate": rate, "examples_per_s": speed, "loss": sum(terms.values())} | terms
        row |= {f"val_{key}": value for key, value in scores.items()}
        self.history.append(row)
        write_table(self.folder / "log.csv", self.history)
        draw_errors(self.folder / "errors.png", self.history)
        if self.events:
            self.events.write(row)
        if scores.get("score", math.inf) < self.best:
            self.best = scores["score"]
            state = {"step": self.learner.step, "scores": scores, "weights": weights.state_dict()}
            checkpoints.write_state(self.folder / BEST, state)

    def save(self) -> None:
        """Write everything that a continued run needs."""
        if not self.world.writes:
            return
        mine = ("minutes", "best", "history", "sums", "summed")
        state = {**self.learner.state(), **{key: getattr(self, key) for key in mine}}
        checkpoints.write_state(self.folder / LAST, state)

    def _load(self, state: dict[str, Any], where: str) -> None:
        self.learner.load(state, where)
        for key in ("minutes", "best", "history", "sums", "summed"):
            setattr(self, key, state[key])
