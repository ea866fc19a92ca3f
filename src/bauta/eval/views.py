"""One way to look at predictions: which truth, which points, which dimensions, which lengths."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bauta import schemes
from bauta.checks import InputError, check_choice
from bauta.data.readers.own import BIAS_X, BIAS_Y
from bauta.eval import norms
from bauta.eval.metrics import mean_of_points, point_errors
from bauta.eval.predictions import Predictions
from bauta.eval.truth import Truth, scheme_of

PARTS: dict[str, np.ndarray | None] = {
    "all": None,
    "inner51": schemes.INNER51,
    "inner49": np.setdiff1d(schemes.INNER51, [60, 64]),
    "inner17": np.setdiff1d(np.arange(20), [8, 13, 19]),
}
"""Points that count: all; of 68 without the jaw; and without the inner mouth corners as well; of
BioID's 20 without temples and chin."""


@dataclass(frozen=True)
class View:
    """What is compared with what."""

    title: str
    """For tables."""
    truth: str
    """Key of the truth: `scheme` or `scheme@truth`."""
    predicted: str
    """Scheme of the predicted points; the same number of points as the truth's."""
    norms: tuple[str, ...]
    """Lengths of `bauta.eval.norms`, that of the headline first."""
    part: str = "all"
    """Key of `PARTS`. The lengths always come from all points of the truth."""
    dimensions: int = 2
    """3: z counts too, zero-mean over the points that count on both sides; the length stays 2D."""
    origin: str = ""
    """For `ibug68` of `ytf`, whose files have a pixel origin of their own (docs/conventions.md):
    `stored` puts it back onto the labels, which their reader frees of it; `removed` takes the
    model's (`ibug68_offset` of the header) off the predictions."""

    @property
    def scheme(self) -> str:
        """Scheme of the truth."""
        return scheme_of(self.truth)

    @property
    def indices(self) -> np.ndarray:
        """Points of the scheme that count."""
        chosen = PARTS[check_choice(self.part, PARTS, "part")]
        return np.arange(schemes.get(self.scheme).count) if chosen is None else chosen


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of one file of predictions in one view: N labelled faces, K points that count."""

    view: View
    label: str
    """Whose predictions."""
    truth: Truth
    """The rows that are labelled in this view."""
    predicted: np.ndarray
    """(N, K, 2) pixels."""
    expected: np.ndarray
    """(N, K, 2) pixels."""
    mean: dict[str, np.ndarray]
    """Length -> (N,) percent, NaN where not found."""
    points: np.ndarray
    """(N, K) percent of the first length."""

    @property
    def found(self) -> np.ndarray:
        """(N,) bool."""
        return np.asarray(np.isfinite(self.predicted).any((1, 2)))


def compare(predictions: Predictions, truth: Truth, view: View, label: str = "") -> Errors:
    """Errors of the predictions for every face that the view has labels for, enough of them for
    its first length.

    `label` names the predictions, by default as they call themselves.

    Raises InputError when either side lacks the points, or nothing is labelled.
    """
    if view.truth not in truth.points:
        raise InputError(
            f"{view.title}: the truth has no {view.truth}, only {_names(truth.points)}"
        )
    points, source = predicted_points(predictions, view)
    first = norms.norm(view.norms[0], truth.points[view.truth], view.scheme, truth.box)
    labelled = np.isfinite(first)
    if not labelled.any():
        raise InputError(f"{view.title}: no face is labelled with {view.truth}")
    truth = truth.take(labelled)
    expected = truth.points[view.truth].astype(np.float64)
    predicted = points[predictions.rows(truth.names)].astype(np.float64)
    lengths = {name: norms.norm(name, expected, view.scheme, truth.box) for name in view.norms}
    if view.origin == "stored":
        expected = as_stored(expected)
    elif view.origin == "removed":
        predicted[..., :2] -= predictions.header.get("ibug68_offset", (0.0, 0.0))
    expected = _chosen(expected, view)
    predicted = _chosen(predicted, view)
    errors = {name: point_errors(predicted, expected, length) for name, length in lengths.items()}
    return Errors(
        view,
        (label or predictions.label) + (f", from {source}" if source != view.predicted else ""),
        truth,
        predicted[..., :2],
        expected[..., :2],
        {name: mean_of_points(values) for name, values in errors.items()},
        errors[view.norms[0]],
    )


def predicted_points(predictions: Predictions, view: View) -> tuple[np.ndarray, str]:
    """The predicted points of a view, and the scheme that they come from.

    Where the model does not predict that scheme they are mapped from one that it does
    (`bauta.schemes.mapping`), exactly if possible, else from the mesh: such numbers carry the map's
    error. InputError when there is no map.
    """
    if view.predicted in predictions.points:
        return predictions.points[view.predicted], view.predicted
    found = []
    for source in predictions.points:
        with suppress(InputError):
            found.append(schemes.mapping(source, view.predicted))
    if not found:
        raise InputError(
            f"{view.title}: the predictions have no {view.predicted} and nothing that maps to it, "
            f"only {_names(predictions.points)}"
        )
    best = max(found, key=lambda step: (step.exact, step.source == "mesh478"))
    return best.apply(predictions.points[best.source]), best.source


def _names(keys: Iterable[str]) -> str:
    return ", ".join(keys) or "nothing"


def _chosen(points: np.ndarray, view: View) -> np.ndarray:
    if points.shape[-1] < view.dimensions:
        raise InputError(f"{view.title}: needs points with z, got only x and y")
    points = points[:, view.indices, : view.dimensions]
    if view.dimensions == 3:
        depth = points[..., 2]
        points = points.copy()
        points[..., 2] = depth - depth.mean(1, keepdims=True)
    return points


def as_stored(points: np.ndarray) -> np.ndarray:
    """Labels `ibug68` (N, 68, 2) of `ytf` with the offset that their files have; pixels."""
    eyes = norms.outer_eyes(points, "ibug68")
    offset = np.stack([BIAS_X * eyes, np.full_like(eyes, BIAS_Y)], axis=-1)
    return points + offset[:, None]
