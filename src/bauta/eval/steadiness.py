"""How calm a track is: spread of a still face, jitter, zig-zag, lag, drift. No truth is needed.

Tracks are (T, K, 2) pixels, NaN in frames without the face; lengths `norm` are pixels, a number or
(T,); results are percent of them. Points that count are chosen by the caller (inner 51 as a rule).
"""

from __future__ import annotations

import numpy as np

COPIES = 60
"""Copies of a frame for `still_spread`."""
NOISE = 8.0
"""Standard deviation of the noise on each of them, of 255."""
LONGEST_LAG = 10
"""Frames."""


def noisy_copies(image: np.ndarray, count: int = COPIES, sigma: float = NOISE, seed: int = 0):
    """Yield `count` copies of a picture (H, W, 3) uint8 with independent Gaussian noise."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        noise = rng.normal(0, sigma, image.shape)
        yield np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def still_spread(points: np.ndarray, norm: float) -> float:
    """mean_k sqrt(var_t x_k + var_t y_k) / norm * 100 of a face that does not move, percent.

    `points` (T, K, 2). Frames without the face do not count; NaN for fewer than two.
    """
    known = points[np.isfinite(points).all((1, 2))]
    if len(known) < 2:
        return float("nan")
    return float(np.sqrt(known.var(0).sum(-1)).mean() / norm * 100)


def second_differences(points: np.ndarray) -> np.ndarray:
    """||p_t - (p_{t-1} + p_{t+1}) / 2||, (T - 2, K) pixels."""
    return np.linalg.norm(points[1:-1] - (points[:-2] + points[2:]) / 2, axis=-1)


def jitter(points: np.ndarray, norm: np.ndarray | float) -> float:
    """Mean second difference over norm, percent: 0 for any motion along a line at even speed.

    With the size of the face max(w, h) as norm it is E3 of FHR (Tai et al., AAAI 2019).
    """
    return _mean(second_differences(points) / _inner(norm, points) * 100)


def zigzag(points: np.ndarray, norm: np.ndarray | float) -> float:
    """Mean distance of p_t from the segment p_{t-1} .. p_{t+1} over norm, percent.

    E4 of FHR (its loss_stable.m): changes of speed along a straight way cost nothing.
    """
    before, here, after = points[:-2], points[1:-1], points[2:]
    way = after - before
    length = (way**2).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        q = np.where(length > 0, ((here - before) * way).sum(-1) / length, 0.0)
    nearest = before + np.clip(q, 0, 1)[..., None] * way
    away = np.linalg.norm(here - nearest, axis=-1)
    return _mean(away / _inner(norm, points) * 100)


def lag(points: np.ndarray, reference: np.ndarray, longest: int = LONGEST_LAG) -> float:
    """Frames by which a track comes after another one: > 0 is late.

    Where the cross-correlation c(d) of p_{t+d} in `points` with r_t in `reference` is largest,
    |d| <= `longest`, between frames by the parabola through the largest and its neighbours. Each
    coordinate's mean over the frames that count is taken off first. Both (T, K, 2); NaN when
    nothing moves or too few frames are known in both.
    """
    p, r = points.reshape(len(points), -1), reference.reshape(len(reference), -1)
    shifts = np.arange(-longest, longest + 1)
    scores = np.array([_correlation(p, r, int(shift)) for shift in shifts])
    if not np.isfinite(scores).all() or scores.max() <= 0:
        return float("nan")
    best = int(scores.argmax())
    if best in (0, len(scores) - 1):
        return float(shifts[best])
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(shifts[best] + (0.5 * (left - right) / bend if bend else 0.0))


def drift(forward: np.ndarray, backward: np.ndarray, norm: np.ndarray | float) -> np.ndarray:
    """Distance at return, (T,) percent: a clip is played forward, then backward, without a break.

    `forward` (T, K, 2) in the order of the clip; `backward` (T, K, 2) in the order played, so its
    last frame is the clip's first. Mean over points at each frame of the clip; the first is what a
    tracker that only follows would have drifted over the whole way. NaN where either is missing.
    """
    away = np.linalg.norm(forward - backward[::-1], axis=-1)
    length = np.broadcast_to(np.asarray(norm, np.float64), (len(away),))
    return away.mean(1) / length * 100


def _correlation(p: np.ndarray, r: np.ndarray, shift: int) -> float:
    """Correlation of p_{t+shift} with r_t over the frames that both have, -1..1."""
    late, early = (p[shift:], r[: len(r) - shift]) if shift >= 0 else (p[:shift], r[-shift:])
    known = np.isfinite(late).all(1) & np.isfinite(early).all(1)
    if known.sum() < 2:
        return float("nan")
    late, early = late[known] - late[known].mean(0), early[known] - early[known].mean(0)
    power = np.sqrt((late**2).sum() * (early**2).sum())
    return float((late * early).sum() / power) if power > 0 else float("nan")


def _inner(norm: np.ndarray | float, points: np.ndarray) -> np.ndarray:
    """Norm of the frames 1 .. T - 2, (T - 2, 1)."""
    return np.broadcast_to(np.asarray(norm, np.float64), (len(points),))[1:-1, None]


def _mean(values: np.ndarray) -> float:
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else float("nan")
