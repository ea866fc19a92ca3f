"""A landmark network: one trunk, perhaps a code, and heads, put together from a recipe."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bauta import schemes
from bauta.checks import InputError, check_choice
from bauta.train.networks.heads import HEADS, Head, Site
from bauta.train.networks.heads.heatmap import Heatmap
from bauta.train.networks.hourglass import StackedHourglass
from bauta.train.networks.layers import convolution
from bauta.train.networks.trunks import NETWORKS

POOLS = ("flatten", "average")


@dataclass(frozen=True)
class CodeConfig:
    """How the map becomes the few numbers from which heads read."""

    pool: str = "flatten"
    """`flatten`: position is kept, not pooled away; `average`: the mean of the map."""
    neck: int = 0
    """Channels that a 1 x 1 convolution narrows the map to before; 0: none."""
    numbers: int = 192
    """Length of the code; 0: the pooled map itself."""
    linear: bool = False
    """No rectifier: the numbers are coefficients of a basis, for a small code."""

    def __post_init__(self) -> None:
        check_choice(self.pool, POOLS, "code: pool")


def _heads() -> dict[str, dict[str, Any]]:
    return {"coordinates": {}, "uncertainty": {}, "presence": {}}


@dataclass(frozen=True)
class NetworkConfig:
    """`[network]` of a recipe."""

    size: int = 112
    """Pixels of the square crop."""
    schemes: tuple[str, ...] = ("ibug68",)
    """Point orders that are predicted, names of `bauta.schemes`. Of which a model can be tracked
    with: docs/training.md."""
    trunk: dict[str, Any] = field(default_factory=lambda: {"name": "residual"})
    """`name` of `NETWORKS` and the settings of that trunk."""
    code: CodeConfig = field(default_factory=CodeConfig)
    """What heads other than heat maps read."""
    heads: dict[str, dict[str, Any]] = field(default_factory=_heads)
    """Names of `HEADS`, each a table of its settings."""

    def __post_init__(self) -> None:
        for name in self.schemes:
            schemes.get(name)
        if not self.schemes:
            raise InputError("schemes: name at least one point order")
        name = self.trunk.get("name", "")
        check_choice(name, NETWORKS, "trunk: name")
        settings = {key: value for key, value in self.trunk.items() if key != "name"}
        _check_settings(f"trunk {name}", NETWORKS[name], settings)
        for head, table in self.heads.items():
            check_choice(head, HEADS, "heads")
            _check_settings(f"heads.{head}", HEADS[head], table)
        points = [head for head in self.heads if HEADS[head].points]
        if len(points) != 1:
            known = [head for head in HEADS if HEADS[head].points]
            raise InputError(
                f"heads: expected exactly one that predicts points ({', '.join(known)}), "
                f"got {', '.join(points) or 'none'}"
            )
        if {"morphable", "pose"} <= set(self.heads):
            raise InputError("heads: morphable says the pose itself; leave pose out")


def _check_settings(where: str, make: Callable[..., Any], table: Mapping[str, Any]) -> None:
    known = [key for key in inspect.signature(make).parameters if key not in ("site", "model")]
    for key in table:
        if key not in known:
            choice = ", ".join(known) or "none"
            raise InputError(f"{where}: no setting {key!r}; its settings: {choice}")


class Code(nn.Module):
    """A map (B, C, h, w) to (B, numbers)."""

    def __init__(self, channels: int, side: int, config: CodeConfig) -> None:
        super().__init__()
        self.config = config
        self.neck = convolution(channels, config.neck, 1) if config.neck else nn.Identity()
        pooled = (config.neck or channels) * (side * side if config.pool == "flatten" else 1)
        self.numbers = config.numbers or pooled
        self.linear = nn.Linear(pooled, config.numbers) if config.numbers else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.neck(x)
        x = x.flatten(1) if self.config.pool == "flatten" else x.mean((2, 3))
        with torch.autocast(x.device.type, enabled=False):  # positions need their 24 bits
            code = self.linear(x.float())
            return code if self.config.linear or not self.config.numbers else torch.relu(code)


class LandmarkNetwork(nn.Module):
    """Crops (B, 3, size, size) in -1..1 to a dict of everything that the heads say.

    `<scheme>` (B, K, D) in pixels of the crop; where heads give them, `<scheme>_log_sigma` (B, K)
    log of the expected distance in percent of the crop's side, `<scheme>_heat` (B, K, h, w),
    `presence` (B,) logit, `pose` (B, 3) degrees, `expression` (B, E) and `attribute_<name>` logits.
    `forward(x, features=True)` adds the maps after the trunk's blocks as `feature_0` ...
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        settings = {key: _tuples(value) for key, value in config.trunk.items() if key != "name"}
        if "maps" not in settings and "heatmap" in config.heads:
            make = NETWORKS[config.trunk["name"]]
            if "maps" in inspect.signature(make).parameters:
                settings["maps"] = sum(schemes.get(name).count for name in config.schemes)
        self.trunk = NETWORKS[config.trunk["name"]](**settings)
        blocks = self._dry_run()
        maps = blocks if isinstance(self.trunk, StackedHourglass) else blocks[-1:]
        # the last block of every size: not asked for in `forward`, where an export traces sizes
        self._stages = list({block.shape[-1]: row for row, block in enumerate(blocks)}.values())
        side, channels = maps[-1].shape[-1], maps[-1].shape[1]
        coded = any(HEADS[name].reads_code for name in config.heads)
        self.code = Code(channels, side, config.code) if coded else None
        site = Site(
            size=config.size,
            channels=channels,
            side=side,
            stacks=len(maps),
            code=self.code.numbers if self.code is not None else 0,
            schemes=tuple(config.schemes),
            stages=tuple((blocks[row].shape[1], blocks[row].shape[-1]) for row in self._stages),
        )
        self.heads = nn.ModuleDict(
            {name: HEADS[name](site, **table) for name, table in config.heads.items()}
        )

    @torch.no_grad()
    def _dry_run(self) -> list[Tensor]:
        """Maps of an empty crop: their shapes size the code and the heads."""
        was = self.trunk.training
        self.trunk.eval()
        x = torch.zeros(1, 3, self.config.size, self.config.size)
        stacked = isinstance(self.trunk, StackedHourglass)
        out = self.trunk(x) if stacked else self.trunk.features(x)
        self.trunk.train(was)
        return out

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Begin near the labels of many faces: scheme -> (M, K, D) in pixels of the crop."""
        for head in self.heads.values():
            if isinstance(head, Head):
                head.start_from(labels)

    def forward(self, x: Tensor, features: bool = False) -> dict[str, Tensor]:
        blocks = self._features(x)
        maps = blocks if isinstance(self.trunk, StackedHourglass) else blocks[-1:]
        code = self.code(maps[-1]) if self.code is not None else x.new_zeros(0)
        out = {}
        for head in self.heads.values():
            if head.reads_stages:
                out |= head([blocks[row] for row in self._stages], code)
        with torch.autocast(x.device.type, enabled=False):
            maps = [m.float() for m in maps]
            for head in self.heads.values():
                if not head.reads_stages:
                    out |= head(maps, code)
        if features:
            out |= {f"feature_{index}": value for index, value in enumerate(blocks)}
        return out

    def _features(self, x: Tensor) -> list[Tensor]:
        if isinstance(self.trunk, StackedHourglass):
            score = next((h.score for h in self.heads.values() if isinstance(h, Heatmap)), None)
            return self.trunk.features(x, score)
        return self.trunk.features(x)


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
