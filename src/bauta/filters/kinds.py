"""The filters by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from bauta.checks import InputError, check_choice
from bauta.filters.base import Filter
from bauta.filters.head import HeadConfig, HeadFilter
from bauta.filters.kalman import Kalman, KalmanConfig
from bauta.filters.one_euro import OneEuro, OneEuroConfig

FilterName = Literal["flow", "head", "kalman", "one_euro", "none"]
FilterConfig = HeadConfig | KalmanConfig | OneEuroConfig
Make = Callable[[], Filter]

DEFAULT: FilterName = "head"
CONFIGS: dict[str, type[HeadConfig] | type[KalmanConfig] | type[OneEuroConfig]] = {
    "flow": HeadConfig,
    "head": HeadConfig,
    "kalman": KalmanConfig,
    "one_euro": OneEuroConfig,
}
FILTERS = (*CONFIGS, "none")


def filter_maker(name: str, config: FilterConfig | None = None) -> Make | None:
    """What makes a filter for one face; None for `none`. InputError when the name is unknown or
    the settings are another filter's."""
    check_choice(name, FILTERS, "filter")
    if name not in CONFIGS:
        if config is not None:
            raise InputError("filter_config: has no effect with filter='none'; leave one out")
        return None
    kind = CONFIGS[name]
    config = kind() if config is None else config
    if not isinstance(config, kind):
        raise InputError(
            f"filter_config: filter={name!r} takes a {kind.__name__}, got {type(config).__name__}"
        )
    if isinstance(config, HeadConfig):
        return partial(HeadFilter, config, flow=name == "flow")
    return partial(Kalman if isinstance(config, KalmanConfig) else OneEuro, config)  # type: ignore[arg-type]
