"""Motion of the head and of the features on it, each with its own filter.

    P     = x_hat_before, carried on by the motion that the pixels show (`flow`), or as it was
    T     = similarity that moves P onto the new points x best, over the skin that lies on the head
    x_hat = P + a_h (T P - P) + a_f (x - T P)

a_h, one number: how far the head follows. Where pixels showed its motion, T is what the network
says beyond that, noise for the most part: a low cut-off, raised by the square of the distance.
Else the 1-euro rule on the head's speed. a_f, one a point: the 1-euro rule on its speed over the
head, so that a turning head does not pass the noise of the features, nor a still one damp a blink.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bauta.checks import InputError
from bauta.filters.base import Filter, smoothing
from bauta.filters.flow import HeadFlow
from bauta.filters.seen import LEAST_RIGID, Seen
from bauta.geometry.alignment import umeyama


@dataclass(frozen=True)
class HeadConfig:
    """Settings; speeds are in face sizes a second, cut-offs in hertz."""

    cutoff: float = 0.6
    """Of the head at rest."""
    beta: float = 80.0
    """Hertz a speed of the head, where pixels do not show its motion."""
    surprise: float = 0.01
    """Face sizes between the points and the motion of the pixels that double the cut-off."""
    feature_cutoff: float = 0.6
    """Of a point that rests on the head."""
    feature_beta: float = 30.0
    lip_beta: float = 120.0
    lid_beta: float = 400.0
    derivative_cutoff: float = 4.0
    """Of the speeds themselves."""

    def __post_init__(self) -> None:
        if min(self.cutoff, self.surprise, self.feature_cutoff, self.derivative_cutoff) <= 0:
            raise InputError("head filter: cut-offs and surprise must be > 0")
        if min(self.beta, self.feature_beta, self.lip_beta, self.lid_beta) < 0:
            raise InputError("head filter: betas must be >= 0")


class HeadFilter(Filter):
    """Filter of the points of a face; `flow`: the motion of the head comes from the pixels, where
    they show it."""

    def __init__(self, config: HeadConfig | None = None, *, flow: bool = False) -> None:
        self.config = config or HeadConfig()
        self._flow = HeadFlow() if flow else None
        super().__init__()

    def _start(self, seen: Seen, x: np.ndarray) -> None:
        assert seen.layout is not None
        config, layout = self.config, seen.layout
        self._raw, self._speed, self._pace = x, np.zeros_like(x), np.zeros(3)
        beta = np.where(layout.lips, config.lip_beta, config.feature_beta)
        self._beta = np.where(layout.eyes, config.lid_beta, beta)
        rigid = layout.rigid
        self._rigid = rigid if len(rigid) >= LEAST_RIGID else np.arange(len(x))
        if self._flow:
            self._flow.remember(seen)

    def _next(self, seen: Seen, x: np.ndarray, dt: float) -> np.ndarray:
        config, size = self.config, max(seen.size, 1e-6)
        motion = self._flow(self._value, seen) if self._flow else None
        carried = self._value
        if motion is not None:
            carried = carried.copy()
            carried[:, :2] += motion(carried)
        keep = smoothing(config.derivative_cutoff, dt)
        lies = self._on_head(x)
        lay, here = self._moved(self._raw, lies)
        self._speed += keep * ((x - here) / (dt * size) - self._speed)
        was, head = self._moved(carried, lies)
        if motion is None:
            step = (lies.mean(0) - lay.mean(0)) / (dt * size)
            self._pace += keep * (step - self._pace)
            cutoff = config.cutoff + config.beta * math.hypot(*self._pace[:2].tolist())
        else:
            away = self._on_head(head)[:, :2] - was[:, :2]
            away = float((away**2).sum(1).mean()) / size**2
            cutoff = config.cutoff * (1 + away / config.surprise**2)
        self._raw = x
        if self._flow:
            self._flow.remember(seen)
        share = smoothing(cutoff, dt), self._feature_share(dt)
        return carried + share[0] * (head - carried) + share[1] * (x - head)

    def _feature_share(self, dt: float) -> np.ndarray:
        """(N, 1) share of each point's new place over the head."""
        pace = np.sqrt(np.einsum("nd,nd->n", self._speed, self._speed))
        return np.asarray(smoothing(self.config.feature_cutoff + self._beta * pace, dt))[:, None]

    def _on_head(self, points: np.ndarray) -> np.ndarray:
        """(M, 3), the rows of points (N, 3) that lie on the head."""
        return points.T.take(self._rigid, 1).T

    def _moved(self, points: np.ndarray, lies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) that lie on the head, and all after the similarity that moves those onto
        `lies` (M, 3)."""
        lay = self._on_head(points)
        scale, R, t = umeyama(lay, lies)
        return lay, ((scale * R) @ points.T).T + t
