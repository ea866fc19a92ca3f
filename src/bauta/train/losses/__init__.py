"""Losses of landmarks: functions first, modules by name in `LOSSES`, built by `make_loss`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from bauta.checks import InputError
from bauta.train.losses.distances import (
    Z_WEIGHT,
    distance,
    gap_error,
    presence_loss,
    weighted_mean,
)
from bauta.train.losses.likelihood import gaussian_nll, laplace_nll
from bauta.train.losses.modules import (
    L1,
    L2,
    PFLD,
    AdaptiveWing,
    Distance,
    Gaussian,
    Laplace,
    SmoothL1,
    Wing,
)

LOSSES: dict[str, Callable[..., nn.Module]] = {
    "adaptive_wing": AdaptiveWing,
    "distance": Distance,
    "gaussian": Gaussian,
    "l1": L1,
    "l2": L2,
    "laplace": Laplace,
    "pfld": PFLD,
    "smooth_l1": SmoothL1,
    "wing": Wing,
}
"""Name in a recipe -> constructor; its keyword arguments are the settings. `adaptive_wing` is for
heat maps, the others for points; `needs` of what they make says what more a call takes."""


def make_loss(name: str, settings: dict[str, Any] | None = None) -> nn.Module:
    """The loss `name` with `settings`; InputError names what is known when either is not."""
    if name not in LOSSES:
        raise InputError(f"loss {name!r}: unknown; one of {', '.join(LOSSES)}")
    wanted = settings or {}
    constructor: Any = LOSSES[name]
    known = [key for key in inspect.signature(constructor.__init__).parameters if key != "self"]
    known = [key for key in known if key not in ("args", "kwargs")]
    strange = sorted(set(wanted) - set(known))
    if strange:
        choice = ", ".join(known) or "none"
        raise InputError(f"loss {name}: no setting {strange[0]!r}; its settings: {choice}")
    return LOSSES[name](**wanted)


__all__ = [
    "LOSSES",
    "Z_WEIGHT",
    "distance",
    "gap_error",
    "gaussian_nll",
    "laplace_nll",
    "make_loss",
    "presence_loss",
    "weighted_mean",
]
