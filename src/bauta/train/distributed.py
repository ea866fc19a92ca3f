"""Data-parallel training under `torchrun`: every process sees its share of each batch.

Each process computes the gradient of its share; the mean over all processes (one all-reduce of one
flat vector a step) is what every one of them steps by, so that they keep equal weights. Where a
loss is a mean over the examples of a batch, that is the gradient of the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch import distributed as dist


@dataclass(frozen=True)
class World:
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes files and validates."""
        return self.rank == 0


@contextmanager
def joined(kind: str) -> Iterator[tuple[World, torch.device]]:
    """This process's place among those that torchrun started, and its device of `kind` (cpu or
    cuda): NCCL between GPUs, Gloo between CPUs. Without torchrun: the only one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(), torch.device(kind)
        return
    device = torch.device(kind)
    if kind == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield World(dist.get_rank(), size), device
    finally:
        dist.destroy_process_group()


@torch.no_grad()
def same_start(world: World, network: nn.Module) -> None:
    """Give every process the weights of the first."""
    if world.size > 1:
        for tensor in network.state_dict().values():
            dist.broadcast(tensor, 0)


@torch.no_grad()
def mean_gradient(world: World, parameters: Sequence[nn.Parameter], extra: Tensor) -> Tensor:
    """Replace every gradient by its mean over the processes; returns the mean of `extra` (N,)."""
    if world.size == 1:
        return extra
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([*(g.reshape(-1).float() for g in gradients), extra])
    dist.all_reduce(flat)
    flat /= world.size
    parts = flat.split([*(g.numel() for g in gradients), len(extra)])
    for gradient, part in zip(gradients, parts, strict=False):
        gradient.copy_(part.view_as(gradient))
    return parts[-1]
