"""Eyes and brows: how far lids close, whether blinks are seen, how much of a movement is kept.

Lid gaps are (T,) over a clip, gap over eye width (`bauta.schemes.eye_aspect_ratio`), NaN in frames
without a face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.eval.predictions import Predictions
from bauta.eval.truth import Truth
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

EYES478 = (RIGHT_EYE478, LEFT_EYE478)
SURE = 5.0
"""Percent of asymmetry up to which a labelled mesh is believed (attribute `asymmetry`)."""
AROUND = 60
"""Frames on either side over which an open eye is looked for."""
OPEN_PERCENTILE = 80.0
SHUT = 0.6
"""Share of the open gap below which an eye counts as shut."""
LONGEST = 15
"""Frames up to which shut lids are a blink; longer is an eye kept shut."""


def lid_gap(points: np.ndarray, scheme: str = "mesh478") -> np.ndarray:
    """Mean lid gap over eye width of both eyes (T,), of points (T, K, 2 or 3)."""
    eyes = EYES478 if scheme == "mesh478" else (np.arange(36, 42), np.arange(42, 48))
    return np.mean([eye_aspect_ratio(points[:, eye]) for eye in eyes], axis=0)


def open_gap(gap: np.ndarray, around: int = AROUND) -> np.ndarray:
    """The gap of the open eye at each frame (T,): 80th percentile of the frames +-`around`."""
    out = np.full(len(gap), np.nan)
    for t in range(len(gap)):
        near = gap[max(t - around, 0) : t + around + 1]
        near = near[np.isfinite(near)]
        if len(near):
            out[t] = np.percentile(near, OPEN_PERCENTILE)
    return out


def closure(gap: np.ndarray, frame: int, around: int = AROUND) -> float:
    """Lid gap at a closed frame over the open gap: 0 quite shut, 1 not at all."""
    return float(gap[frame] / open_gap(gap, around)[frame])


def find_blinks(gap: np.ndarray, shut: float = SHUT, longest: int = LONGEST) -> np.ndarray:
    """Frames (E,) of blinks: the smallest gap of every stretch, no longer than `longest` frames,
    in which the gap is below `shut` of the open gap. Frames without a face end a stretch."""
    with np.errstate(invalid="ignore"):
        below = gap < shut * open_gap(gap)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]]).astype(int)))
    found = [
        start + int(np.argmin(gap[start:stop]))
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
        if stop - start <= longest
    ]
    return np.array(found, int)


@dataclass(frozen=True)
class Matches:
    """Events found against events marked."""

    hits: int
    found: int
    marked: int

    @property
    def f1(self) -> float:
        """2 hits / (found + marked); NaN when there is nothing to find and nothing found."""
        total = self.found + self.marked
        return 2 * self.hits / total if total else float("nan")


def match_events(found: np.ndarray, marked: np.ndarray, tolerance: int = 3) -> Matches:
    """Pair events no further than `tolerance` frames apart, nearest pairs first, each once."""
    pairs = sorted(
        (abs(int(f) - int(m)), i, j)
        for i, f in enumerate(found)
        for j, m in enumerate(marked)
        if abs(int(f) - int(m)) <= tolerance
    )
    used_found: set[int] = set()
    used_marked: set[int] = set()
    for _, i, j in pairs:
        if i not in used_found and j not in used_marked:
            used_found.add(i)
            used_marked.add(j)
    return Matches(len(used_found), len(found), len(marked))


def brow_height(points: np.ndarray) -> np.ndarray:
    """Mean height of the brows above the eyes (T,), over the outer eye corners' distance.

    `points` (T, 68, 2 or 3) in iBUG order: from the eyes' centre to the brows' centre, measured
    along the face's up, at right angles to the line of the eye corners, so roll does not count.
    """
    xy = points[..., :2]
    across = xy[:, 45] - xy[:, 36]
    length = np.linalg.norm(across, axis=-1)
    up = np.stack([across[:, 1], -across[:, 0]], axis=-1) / length[:, None]
    rise = xy[:, 17:27].mean(1) - xy[:, 36:48].mean(1)
    return (rise * up).sum(-1) / length


@dataclass(frozen=True)
class Movement:
    """A predicted signal against the true one."""

    correlation: float
    """Pearson, -1..1."""
    kept: float
    """Slope of the least-squares line of predicted over true values: share of the amplitude."""


def movement(predicted: np.ndarray, truth: np.ndarray) -> Movement:
    """Correlation and amplitude kept of signals (T,), over the frames where both are known."""
    both = np.isfinite(predicted) & np.isfinite(truth)
    p, t = predicted[both], truth[both]
    if len(p) < 2 or np.ptp(t) == 0 or np.ptp(p) == 0:
        return Movement(float("nan"), 0.0 if len(p) > 1 and np.ptp(t) > 0 else float("nan"))
    p, t = p - p.mean(), t - t.mean()
    return Movement(
        float((p * t).sum() / np.sqrt((p * p).sum() * (t * t).sum())),
        float((p * t).sum() / (t * t).sum()),
    )


def beyond(predicted: np.ndarray, moved: np.ndarray, rest: np.ndarray) -> Movement:
    """How a predicted signal (T,) follows the part `moved` of the true one `rest + moved`, with
    what follows `rest` taken off: the partial correlation, and the coefficient of `moved` in the
    least-squares fit of the prediction by both. Who sees `rest` alone has 0, however like the
    truth that is."""
    known = np.isfinite(predicted) & np.isfinite(moved) & np.isfinite(rest)
    p, m, r = (signal[known] - signal[known].mean() for signal in (predicted, moved, rest))
    still = float((r * r).sum())
    if still > 0:
        p, m = (signal - r * float((signal * r).sum()) / still for signal in (p, m))
    return movement(p, m)


def eye_correlation(predictions: Predictions, truth: Truth) -> dict[str, float]:
    """Correlation over pictures of the lid gaps of predicted and labelled meshes, both eyes, where
    the label is sure; {} without meshes."""
    if "mesh478" not in truth.points or "mesh478" not in predictions.points:
        return {}
    labelled = truth.points["mesh478"]
    predicted = predictions.points["mesh478"][predictions.rows(truth.names)]
    sure = np.isfinite(labelled[:, 0, 0]) & np.isfinite(predicted[:, 0, 0])
    if "asymmetry" in truth.attributes:
        sure &= truth.attributes["asymmetry"] < SURE
    gaps = [
        np.concatenate([eye_aspect_ratio(points[sure][:, eye]) for eye in EYES478])
        for points in (labelled, predicted)
    ]
    return {"eye_ratio_correlation": movement(gaps[1], gaps[0]).correlation}
