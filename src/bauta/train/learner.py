"""One step of learning, and everything that changes with it: network, average, optimiser."""

from __future__ import annotations

import copy
import logging
import math
from typing import Any

import torch
from torch import Tensor, nn

from bauta.checks import BautaError, InputError
from bauta.train.checkpoints import begin_with, load_weights
from bauta.train.distributed import World, mean_gradient, same_start
from bauta.train.settings import TrainSettings
from bauta.train.task import Task

log = logging.getLogger(__name__)


class NotFiniteError(BautaError):
    """A loss or the gradient became NaN or infinite."""


class Mixed(nn.Module):
    """A network whose inside runs in `kind` where autocast allows, and whose outputs are float32:
    losses keep their 24 bits."""

    def __init__(self, network: nn.Module, kind: torch.dtype) -> None:
        super().__init__()
        self.network, self.kind = network, kind

    def forward(self, *inputs: Any) -> Any:
        """The network's answer in float32."""
        device = next(self.network.parameters()).device.type
        with torch.autocast(device, self.kind):
            return _float32(self.network(*inputs))


def _float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _float32(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_float32(item) for item in value)
    return value


def make_optimiser(network: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimiser of the settings; weight decay for matrices and kernels only."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.rate, momentum=settings.momentum)
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.rate)


def part_of(network: nn.Module, only: str) -> nn.Module:
    """The part of a network that learns; the rest is made to stay as it is. InputError when there
    is no part of that name, or nothing in it can learn."""
    if not only:
        return network
    parts = dict(network.named_modules())
    if only not in parts:
        known = ", ".join(name for name in parts if name.count(".") == 1 and "heads" in name)
        raise InputError(f"only: the network has no part {only!r}; such as {known}")
    if not any(True for _ in parts[only].parameters()):
        raise InputError(f"only: nothing in {only} can learn; name the part that it belongs to")
    network.eval().requires_grad_(False)
    return parts[only].requires_grad_(True)


def choose_device(kind: str, precision: str = "float32") -> str:
    """cpu or cuda; InputError for what this machine or PyTorch cannot do."""
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("device: PyTorch sees no GPU here; train with --device cpu")
    chosen = "cuda" if kind != "cpu" and torch.cuda.is_available() else "cpu"
    if precision == "float16" and chosen == "cpu":
        raise InputError("precision: float16 needs a GPU; on a CPU choose float32 or bfloat16")
    return chosen


class Learner:
    """The part of a run that learns; `state()` and `load()` carry it over an interruption.

    Nothing random is carried: every step seeds PyTorch's generators from (seed, step, rank).
    """

    def __init__(
        self, task: Task, settings: TrainSettings, device: torch.device, world: World
    ) -> None:
        self.task, self.settings, self.world, self.step = task, settings, world, 0
        self.network = task.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._part = part_of(self.network, settings.only)
        self.average = copy.deepcopy(self.network).eval() if settings.average else None
        self.optimiser = make_optimiser(self.network, settings)
        self.scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "float16")
        kind = getattr(torch, settings.precision)
        self._called = self.network if kind == torch.float32 else Mixed(self.network, kind)
        self._parameters = [p for p in self.network.parameters() if p.requires_grad]
        self._followed = self._pairs()
        same_start(world, self.network)

    @property
    def weights(self) -> nn.Module:
        """What is scored and exported: the average, or the network itself."""
        return self.network if self.average is None else self.average

    def start_from(self, weights: dict[str, Tensor], where: str) -> None:
        """Begin with the weights of another run, of the same network but for its heads."""
        fresh = begin_with(self.network, weights, where)
        if fresh:
            log.warning("%s: has no %s; they begin afresh", where, ", ".join(fresh))
        if self.average is not None:
            self.average.load_state_dict(self.network.state_dict())

    def learn(self, batch: Any, rate: float, stop: bool = False) -> tuple[dict[str, float], bool]:
        """One step at `rate`: the named losses, means over all processes, and whether any process
        said `stop`. NotFiniteError, before the weights are touched, for a NaN."""
        seed = self.settings.seed * 1_000_003 + self.step
        torch.manual_seed(seed * 4096 + self.world.rank)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        if not self._part.training:
            self._part.train()
        terms = self.task.losses(self._called, batch)
        values = torch.stack([value.float() for value in terms.values()])
        self.optimiser.zero_grad()
        self.scaler.scale(values.sum()).backward()
        said = torch.cat([values.detach(), values.new_tensor([float(stop)])])
        *numbers, stop_votes = mean_gradient(self.world, self._parameters, said).tolist()
        losses = dict(zip(terms, numbers, strict=True))
        self._check_finite(losses)
        self.scaler.unscale_(self.optimiser)
        norm = nn.utils.clip_grad_norm_(self._parameters, self.settings.clip or math.inf)
        if not self.scaler.is_enabled():  # else the scaler leaves the step out
            self._check_finite({**losses, "norm of the gradient": float(norm)})
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.step += 1
        if self.average is not None:
            self._follow()
        return losses, stop_votes > 0

    def _check_finite(self, values: dict[str, float]) -> None:
        if not all(map(math.isfinite, values.values())):
            text = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
            raise NotFiniteError(f"step {self.step}: a loss is not finite: {text}")

    @torch.no_grad()
    def _follow(self) -> None:
        """average += (1 - keep) (weights - average); the average starts fast."""
        keep = min(self.settings.average, self.step / (self.step + 19))
        (mine, theirs), (my_counts, their_counts) = self._followed
        torch._foreach_lerp_(mine, theirs, 1 - keep)
        if my_counts:
            torch._foreach_copy_(my_counts, their_counts)

    def _pairs(self) -> tuple[tuple[list, list], tuple[list, list]]:
        """Tensors of the average and of the network: those of floats, and counters."""
        if self.average is None:
            return ([], []), ([], [])
        states = (self.average.state_dict(), self.network.state_dict())
        floats = [key for key, value in states[0].items() if value.is_floating_point()]
        counts = [key for key in states[0] if key not in floats]
        split = [tuple([s[key] for key in keys] for s in states) for keys in (floats, counts)]
        return split[0], split[1]  # type: ignore[return-value]

    def state(self) -> dict[str, Any]:
        """Everything that a continued run needs, as tensors and plain values."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load(self, state: dict[str, Any], where: str) -> None:
        """Take up the state of an interrupted run; ModelError when it is of another network."""
        load_weights(self.network, state["network"], where)
        if self.average is not None:
            load_weights(self.average, state["average"] or state["network"], where)
        self.optimiser.load_state_dict(state["optimiser"])
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        self.step = state["step"]
