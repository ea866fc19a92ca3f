"""A face in motion: three seconds of moments, smooth as muscles are.

Blinks take 100 to 300 ms and shut faster than they open; eyes jump between places where they rest;
the mouth speaks four to six syllables a second; the head drifts and now and then nods.
"""

from __future__ import annotations

import numpy as np

from bauta.synth.rendered.moment import (
    BROWS,
    MOUTHS,
    Moment,
    Weights,
    both,
    choose,
    draw_angles,
    looking,
    speech,
    uneven,
)

RATE = 30
"""Frames a second."""
FRAMES = 90
"""Frames of a clip."""
SACCADE = 0.04
"""Seconds in which the eyes jump."""


def blink(times: np.ndarray, start: float, seconds: float, hold: float = 0.0) -> np.ndarray:
    """(n,) 0..1: shuts within a third of `seconds`, stays for `hold`, opens in the rest; both
    halves of a cosine."""
    close, t = seconds / 3, times - start
    down = 0.5 - 0.5 * np.cos(np.pi * np.clip(t / close, 0, 1))
    up = 0.5 + 0.5 * np.cos(np.pi * np.clip((t - close - hold) / (seconds - close), 0, 1))
    return np.minimum(down, up)


def drift(rng: np.random.Generator, times: np.ndarray, slow: float) -> np.ndarray:
    """(n,) of deviation about 1: four waves, the slowest of period `slow` seconds."""
    period = slow / np.array([1.0, 1.7, 2.9, 4.3])
    share = np.array([1.0, 0.6, 0.3, 0.15])
    phase = rng.uniform(0, 2 * np.pi, 4)
    waves = np.sin(2 * np.pi * times[:, None] / period + phase) * share
    return waves.sum(1) / np.sqrt((share**2).sum() / 2)


def _lids(rng: np.random.Generator, times: np.ndarray) -> list[Weights]:
    """Blinks of both eyes, one in eight of one eye, one in six that lasts."""
    shut = np.full((2, len(times)), rng.uniform(0, 0.12))
    when, end = rng.uniform(0, 1.2), times[-1]
    while when < end:
        hold = rng.uniform(0.2, 1.0) if rng.random() < 1 / 6 else 0.0
        peak = 1.0 if rng.random() < 0.85 else rng.uniform(0.4, 0.9)
        course = peak * blink(times, when, rng.uniform(0.1, 0.3), hold)
        eyes = [int(rng.integers(2))] if rng.random() < 1 / 8 else [0, 1]
        for eye in eyes:
            shut[eye] = np.maximum(shut[eye], course)
        when += hold + rng.uniform(0.5, 2.2)
    return [both("eyeBlink", float(a), float(b)) for a, b in shut.T]


def _between(
    times: np.ndarray, knots: np.ndarray, poses: list[Weights], seconds: float
) -> list[Weights]:
    """Weights that change from pose to pose at `knots`, each change within `seconds`."""
    names = sorted({name for pose in poses for name in pose})
    table = np.array([[pose.get(name, 0.0) for name in names] for pose in poses])
    row = np.clip(np.searchsorted(knots, times, "right") - 1, 0, len(poses) - 1)
    share = np.clip((times - knots[row]) / seconds, 0, 1)[:, None]
    share = share * share * (3 - 2 * share)
    values = table[np.maximum(row - 1, 0)] * (1 - share) + table[row] * share
    return [dict(zip(names, map(float, line), strict=True)) for line in values]


def _mouth(rng: np.random.Generator, times: np.ndarray) -> list[Weights]:
    """Speech, or faces that come and go."""
    if rng.random() < 0.6:
        step, habit, takes = rng.uniform(0.16, 0.26), speech, 0.14
    else:
        step, habit, takes = rng.uniform(0.7, 1.5), lambda r: choose(MOUTHS, r), 0.35
    knots = np.arange(0, times[-1] + step, step)
    quiet = rng.random(len(knots)) < 0.2
    poses = [{} if still else uneven(habit(rng), rng, 0.15) for still in quiet]
    return _between(times, knots, poses, min(takes, step))


def _brows(rng: np.random.Generator, times: np.ndarray) -> list[Weights]:
    knots = np.cumsum(np.concatenate([[0], rng.uniform(0.5, 1.6, 8)]))
    return _between(times, knots, [choose(BROWS, rng) for _ in knots], 0.25)


def _gaze(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """(n, 2) degrees (left, up): resting places and jumps."""
    knots = np.cumsum(np.concatenate([[0], rng.uniform(0.25, 1.3, 14)]))
    wide = rng.choice([5.0, 14.0])
    places = np.clip(rng.normal(0, 1, (len(knots), 2)) * (wide, wide * 0.6), (-34, -26), (34, 22))
    row = np.searchsorted(knots, times, "right") - 1
    share = np.clip((times - knots[row]) / SACCADE, 0, 1)[:, None]
    return places[np.maximum(row - 1, 0)] * (1 - share) + places[row] * share


def _angles(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """(n, 3) yaw, pitch, roll: drifts about a place, with a nod in some clips."""
    middle = np.array(draw_angles(rng)) * (0.5, 0.7, 0.7)
    reach = rng.uniform(0.5, 1, 3) * (rng.choice([3, 10, 25]), 5, 4)
    angles = middle + reach * np.stack([drift(rng, times, rng.uniform(3, 7)) for _ in range(3)], 1)
    if rng.random() < 0.35:
        start, length = rng.uniform(0, 1.5), rng.uniform(0.8, 1.6)
        t = (times - start) / length
        envelope = np.sin(np.pi * np.clip(t, 0, 1)) ** 2
        angles[:, 1] += rng.uniform(4, 12) * envelope * np.sin(2 * np.pi * 2.2 * (times - start))
    return np.clip(angles, (-90, -35, -35), (90, 35, 35))


def draw_motion(rng: np.random.Generator) -> list[Moment]:
    """`FRAMES` moments, 1 / `RATE` seconds apart."""
    times = np.arange(FRAMES) / RATE
    angles, gaze = _angles(rng, times), _gaze(rng, times)
    mouth, brows, lids = _mouth(rng, times), _brows(rng, times), _lids(rng, times)
    place = 0.03 * np.stack([drift(rng, times, rng.uniform(3, 6)) for _ in range(2)], 1)
    vergence, moments = float(rng.uniform(0, 3)), []
    for k in range(FRAMES):
        expression, turned = looking(
            brows[k] | mouth[k] | lids[k], float(gaze[k, 0]), float(gaze[k, 1]), vergence
        )
        yaw, pitch, roll = (float(a) for a in angles[k])
        offset = (float(place[k, 0]), float(place[k, 1]))
        moments.append(Moment(expression, turned, (yaw, pitch, roll), offset))
    return moments
