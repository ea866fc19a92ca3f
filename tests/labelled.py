"""Tiny made-up sets: faces whose errors are known by construction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bauta.data.sample import Labels, Sample
from bauta.eval.predictions import Predictions


def grid(scheme_count: int, dims: int = 2) -> np.ndarray:
    """(K, dims) points inside a box of exactly 100 x 100 px with its corner at (20, 30)."""
    rng = np.random.default_rng(scheme_count)
    points = rng.uniform(10, 90, (scheme_count, 2))
    points[0], points[1] = (0, 0), (100, 100)
    points += (20, 30)
    return np.column_stack([points, np.zeros(scheme_count)]) if dims == 3 else points


def sample(name: str, points: np.ndarray, scheme: str, **more) -> Sample:
    """A face with one set of labels and a grey picture."""
    labels = more.pop("labels", (Labels(points, scheme),))
    return Sample(name, lambda: np.full((160, 160, 3), 128, np.uint8), labels, **more)


def shifted(samples: list[Sample], scheme: str, by: Sequence[float | None], **more) -> Predictions:
    """Predictions that lie `by` pixels right of the truth; None: not found."""
    truth = [next(item.points for item in each.labels if item.scheme == scheme) for each in samples]
    points = np.stack(truth).astype(np.float32)
    for row, each in enumerate(by):
        points[row, :, 0] += np.nan if each is None else each
        if each is None:
            points[row] = np.nan
    names = np.array([each.name for each in samples])
    return Predictions(names, {scheme: points}, **more)
