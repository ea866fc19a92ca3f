"""Eyes and brows: how far lids close, whether blinks are seen, how much of a movement is kept.

Lid gaps are (T,) over a clip, gap over eye width (`bauta.schemes.eye_aspect_ratio`), NaN in frames
without a face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.eval.predictions import Predictions
from bauta.eval.truth import Truth
from bauta.fit import BlinkDetector
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

EYES478 = (RIGHT_EYE478, LEFT_EYE478)
SURE = 5.0
"""Percent of asymmetry up to which a labelled mesh is believed (attribute `asymmetry`)."""
AROUND = 60
"""Frames on either side over which an open eye is looked for."""
OPEN_PERCENTILE = 80.0
FPS = 30.0
"""Frames a second of a clip whose times are not known."""
OVERLAP = 0.2
"""Intersection over union of the times of two blinks from which they are one: the frame in which
long shut eyes are most closed is chance."""


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


def find_blinks(gap: np.ndarray, fps: float = FPS) -> np.ndarray:
    """Frames (E, 3) of blinks: last open, most closed, opening again; by the tracker's own rule
    (`bauta.fit.BlinkDetector`) on the lid gaps (T,) of a clip."""
    detector = BlinkDetector()
    seen = [(frame / fps, g) for frame, g in enumerate(gap.tolist()) if np.isfinite(g)]
    found = [blink for time, g in seen if (blink := detector(time, g)) is not None]
    moments = [(blink.start, blink.closed, blink.end) for blink in found]
    return np.rint(np.array(moments).reshape(-1, 3) * fps).astype(int)


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


def match_moments(found: np.ndarray, marked: np.ndarray, tolerance: int = 3) -> Matches:
    """Pair frames no further than `tolerance` apart, nearest pairs first, each once."""
    away = np.abs(found[:, None].astype(int) - marked[None].astype(int))
    return _matches(np.where(away <= tolerance, -away, -np.inf))


def match_spans(found: np.ndarray, marked: np.ndarray) -> Matches:
    """Pair blinks (E, 3) of `find_blinks` that share `OVERLAP` of their time, the most alike first,
    each once."""
    (a, b), (c, d) = ((rows[:, [0]], rows[:, [2]]) for rows in (found, marked))
    shared = np.minimum(b, d.T) - np.maximum(a, c.T)
    alike = shared / np.maximum(np.maximum(b, d.T) - np.minimum(a, c.T), 1)
    return _matches(np.where(alike > OVERLAP, alike, -np.inf))


def _matches(alike: np.ndarray) -> Matches:
    """Pairs of rows and columns, the most alike (N, M) first; -inf: not the same."""
    rows: set[int] = set()
    columns: set[int] = set()
    for index in np.argsort(-alike, axis=None, kind="stable"):
        row, column = divmod(int(index), alike.shape[1])
        if alike[row, column] > -np.inf and row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
    return Matches(len(rows), *alike.shape)


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
