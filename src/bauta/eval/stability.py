"""Steadiness against a true track, as three papers measure it.

Tracks are (T, K, 2) pixels, NaN where unknown, in both the same points of the same clip. Sizes of
the face come from the box around the true points of each frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.eval import steadiness


def face_size(truth: np.ndarray) -> np.ndarray:
    """(T, 2) width and height in pixels of the box of the true points (T, K, 2)."""
    return truth.max(1) - truth.min(1)


def stability_3ddfa(predicted: np.ndarray, truth: np.ndarray) -> float:
    """mean ||(p_t - p_{t-1}) - (q_t - q_{t-1})|| / sqrt(w h) * 100, percent (3DDFA_V2, Guo 2020).

    p true, q predicted, w and h of the true face in frame t.
    """
    apart = np.diff(predicted - truth, axis=0)
    size = np.sqrt(face_size(truth).prod(-1))[1:, None]
    return _mean(np.linalg.norm(apart, axis=-1) / size * 100)


def nmj(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Normalised mean jitter of LDEQ (Micaelli 2023): RMS_t RMS_k 100 ||d_{t-1} - d_t|| / s_t.

    d_t = true minus predicted points, s_t = sqrt(w h / 256^2): hundredths of a pixel of a face that
    is 256 pixels large.
    """
    apart = np.diff(truth - predicted, axis=0)
    scale = np.sqrt(face_size(truth).prod(-1) / 256**2)[1:, None]
    squares = ((100 * np.linalg.norm(apart, axis=-1) / scale) ** 2).mean(1)
    known = squares[np.isfinite(squares)]
    return float(np.sqrt(known.mean())) if len(known) else float("nan")


@dataclass(frozen=True)
class Fhr:
    """The four errors of FHR + STA (Tai et al. 2019, loss_stable.m)."""

    e1: float
    """Lag: share of the last movement by which the prediction stays behind; 1 is a whole frame."""
    e2: float
    """Accuracy: RMS distance, percent of max(width, height)."""
    e3: float
    """Jitter: mean second difference of the prediction, percent of max(width, height)."""
    e4: float
    """Zig-zag: mean distance from the segment between the neighbours, the same percent."""


def fhr(predicted: np.ndarray, truth: np.ndarray) -> Fhr:
    """E1 .. E4 of a predicted track.

    E1 = mean of <q_{t+1} - p_{t+1}, p_t - p_{t+1}> / ||p_t - p_{t+1}||^2 over the points that
    moved, p true and q predicted.
    """
    size = face_size(truth).max(-1)
    back = truth[:-1] - truth[1:]
    length = (back**2).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        behind = np.where(length > 0, ((predicted - truth)[1:] * back).sum(-1) / length, np.nan)
    squares = ((predicted - truth) ** 2).sum(-1) / size[:, None] ** 2 * 100**2
    return Fhr(
        e1=_mean(behind),
        e2=float(np.sqrt(_mean(squares))),
        e3=steadiness.jitter(predicted, size),
        e4=steadiness.zigzag(predicted, size),
    )


def _mean(values: np.ndarray) -> float:
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else float("nan")
