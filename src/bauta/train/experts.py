"""Experts for ranges of yaw, and the router that asks one of them.

Side views are mirrored so that the experts for them only ever see heads turned to the subject's
own left (yaw > 0), which doubles their training data; the answer is mirrored back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from bauta import schemes
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train.networks.network import NetworkConfig
from bauta.train.recrop import mirror

EDGES = (30.0, 60.0)
"""Degrees of |yaw| where the next expert takes over: 0-30, 30-60, 60-90."""


def expert_of(yaw: Tensor, edges: Sequence[float] = EDGES) -> Tensor:
    """Number (B,) of the expert for yaw (B,) in degrees; an edge belongs to the outer one."""
    limits = torch.tensor(edges, device=yaw.device, dtype=yaw.dtype)
    return (yaw.abs()[:, None] >= limits).sum(1)


def in_range(yaw: np.ndarray, low: float, high: float, overlap: float = 0.0) -> np.ndarray:
    """Whether |yaw| (N,) lies in low..high degrees, widened by `overlap`; NaN does not."""
    size = np.abs(yaw)
    return (size >= low - overlap) & (size <= high + overlap)


def to_one_side(batch: Batch) -> Batch:
    """The batch with every head of yaw < 0 mirrored."""
    return mirror(batch, batch.pose[:, 0] < 0)


class YawExperts(nn.Module):
    """Several landmark networks as one: crops (B, 3, S, S) to what the fitting expert says.

    `router` gives `pose` (B, 3) in degrees; `experts`, one for each range of `edges`, give the same
    names and shapes. The graph runs all of them and picks, a batch at a time, so that it can be
    exported; the time is the sum.
    """

    def __init__(
        self, router: nn.Module, experts: Sequence[nn.Module], edges: Sequence[float] = EDGES
    ) -> None:
        super().__init__()
        if len(experts) != len(edges) + 1:
            raise InputError(
                f"experts: {len(edges)} edges make {len(edges) + 1} ranges, got {len(experts)}"
            )
        self.router, self.experts, self.edges = router, nn.ModuleList(experts), tuple(edges)
        self.heads = nn.ModuleDict()

    @property
    def config(self) -> NetworkConfig:
        """What the experts take and say, for the export."""
        return self.experts[0].config  # type: ignore[return-value]

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        pose = self.router(x)["pose"]
        number = expert_of(pose[:, 0], self.edges)
        mirrored = (pose[:, 0] < 0) & (number > 0)
        seen = torch.where(mirrored[:, None, None, None], x.flip(-1), x)
        answers = [expert(seen) for expert in self.experts]
        out = {}
        for name in answers[0]:
            if name in schemes.names() or name.endswith("_log_sigma") or name == "presence":
                value = _pick(torch.stack([answer[name] for answer in answers]), number)
                turned = _mirrored(name, value, x.shape[-1])
                shape = (-1,) + (1,) * (value.ndim - 1)
                out[name] = torch.where(mirrored.view(shape), turned, value)
        return {**out, "pose": pose}


def _pick(values: Tensor, number: Tensor) -> Tensor:
    """values[number[b], b] (B, ...) of values (experts, B, ...)."""
    index = number.view(1, -1, *([1] * (values.ndim - 2))).expand(1, *values.shape[1:])
    return values.gather(0, index)[0]


def _mirrored(name: str, value: Tensor, size: int) -> Tensor:
    """An output of a mirrored crop as it would be of the crop itself."""
    if name == "presence":
        return value
    scheme = name.removesuffix("_log_sigma")
    value = value[:, torch.from_numpy(schemes.get(scheme).mirror.copy())]
    if name != scheme:
        return value
    return torch.cat([size - value[..., :1], value[..., 1:]], -1)
