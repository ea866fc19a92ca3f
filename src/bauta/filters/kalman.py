"""A Kalman filter at constant velocity, one a point, driven by the network's own uncertainty.

    x' = x + v dt,   P' = F P F^T + q [dt^3/3 dt^2/2; dt^2/2 dt]      white noise of acceleration
    S  = P'_11 + r,  K = P'_:1 / S,   x = x' + K_1 e,  v = v' + K_2 e,   e = z - x'
    r  = (share sigma)^2

All axes of a point share its covariance. A surprise, e^2 beyond `gate` times S, is taken for motion
that the model does not know and added to P'_11 first: so a blink passes at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.checks import InputError
from bauta.filters.base import Filter
from bauta.filters.seen import Seen


@dataclass(frozen=True)
class KalmanConfig:
    """Settings; lengths are in sizes of the face."""

    acceleration: float = 0.3
    """Square root of the spectral density of the acceleration, sizes / s^1.5."""
    share: float = 0.3
    """Of `sigma` that changes from frame to frame; the rest is the same in all of them."""
    sigma: float = 0.015
    """Where the network does not say."""
    gate: float = 4.0

    def __post_init__(self) -> None:
        if min(self.acceleration, self.share, self.sigma, self.gate) <= 0:
            raise InputError("Kalman filter: all settings must be > 0")


class Kalman(Filter):
    """Filter of points (N, dims), each on its own."""

    def __init__(self, config: KalmanConfig | None = None) -> None:
        self.config = config or KalmanConfig()
        super().__init__()

    def _noise(self, seen: Seen, count: int) -> np.ndarray:
        size = max(seen.size, 1e-6)
        sigma = np.full(count, self.config.sigma * size) if seen.sigma is None else seen.sigma
        return np.maximum(self.config.share * sigma, 1e-4 * size) ** 2

    def _start(self, seen: Seen, x: np.ndarray) -> None:
        noise = self._noise(seen, len(x))
        self._velocity = np.zeros_like(x)
        self._p = [noise, np.zeros_like(noise), np.full_like(noise, max(seen.size, 1e-6) ** 2)]

    def _next(self, seen: Seen, x: np.ndarray, dt: float) -> np.ndarray:
        p11, p12, p22 = self._p
        q = (self.config.acceleration * seen.size) ** 2
        p11 = p11 + dt * (2 * p12 + dt * p22) + q * dt**3 / 3
        p12 = p12 + dt * p22 + q * dt**2 / 2
        p22 = p22 + q * dt
        expected = self._value + dt * self._velocity
        error = x - expected
        noise = self._noise(seen, len(x))
        surprise = (error[:, :2] ** 2).sum(1) / 2 - self.config.gate * (p11 + noise)
        p11 = p11 + np.maximum(surprise, 0)
        gain1, gain2 = p11 / (p11 + noise), p12 / (p11 + noise)
        self._velocity = self._velocity + gain2[:, None] * error
        self._p = [(1 - gain1) * p11, (1 - gain1) * p12, p22 - gain2 * p12]
        return expected + gain1[:, None] * error
