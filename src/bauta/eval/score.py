"""Predictions against truth by a protocol: all tables, curves and comparisons in one result."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from bauta import schemes
from bauta.checks import InputError
from bauta.eval import bootstrap, pose, summary
from bauta.eval.bootstrap import Estimate
from bauta.eval.eyes import eye_correlation
from bauta.eval.predictions import Predictions
from bauta.eval.protocol import Protocol, view_of
from bauta.eval.summary import Row
from bauta.eval.truth import Truth, scheme_of
from bauta.eval.views import Errors, View, compare
from bauta.head_pose import estimate_pose

CURVE = np.linspace(0, 15, 301)
"""Percent at which results.json holds the CED."""
POSE_PARA = ("yaw_3ddfa", "pitch_3ddfa", "roll_3ddfa")
"""Attributes that hold the angles of AFLW2000-3D as its files have them, degrees."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One file of predictions in one view."""

    errors: Errors
    yaws: dict[str, np.ndarray]
    """Split -> (N,) degrees."""
    rows: list[Row]
    regions: dict[str, Estimate]
    visibility: dict[str, Estimate]

    def row(self, group: str = "full") -> Row:
        """The row of a group, divided by the first length."""
        return next(row for row in self.rows if row.group == group)


@dataclass(frozen=True)
class Difference:
    """First minus second predictions, on the faces that both found, people drawn in pairs."""

    first: str
    second: str
    count: int
    values: dict[str, Estimate]


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that was computed; the report only draws it."""

    protocol: Protocol
    headers: list[dict[str, Any]]
    views: list[tuple[View, list[Scored]]]
    differences: dict[str, list[Difference]]
    """By title of the view; the first file against each of the others."""
    poses: dict[str, dict[str, Estimate]]
    """Label -> errors of the angles, degrees."""
    lids: dict[str, dict[str, float]]
    """Label -> correlation of the lids' opening; empty where the set has no mesh."""
    skipped: list[str]
    """Views that could not be scored, and why."""


def score(files: list[Predictions], truth: Truth, protocol: Protocol) -> Result:
    """Score files of predictions of one set by a protocol.

    Views for which a file has no points are skipped and named. Where none is left, files are scored
    on the part of the set's points that they predict (51 of 68, 192 of 194). InputError when that
    is nothing.
    """
    labels, skipped = _labels(files), _absent(protocol, truth)
    known = [view for view in protocol.views if view.truth in truth.points]
    views = _views(known, labels, files, truth, protocol, skipped)
    if not views:
        truth, known = _parts(files, truth)
        views = _views(known, labels, files, truth, protocol, skipped)
    if not views:
        raise InputError(f"{protocol.name}: nothing could be scored: {'; '.join(skipped)}")
    differences = {
        view.title: [_difference(scored[0], other) for other in scored[1:]]
        for view, scored in views
    }
    poses, lids = {}, {}
    for label, predictions in zip(labels, files, strict=True):
        if protocol.pose and predictions.pose is not None:
            poses[label] = pose_table(predictions, truth, protocol.pose)
        lids[label] = eye_correlation(predictions, truth)
    return Result(
        protocol, [item.header for item in files], views, differences, poses, lids, skipped
    )


def _absent(protocol: Protocol, truth: Truth) -> list[str]:
    """A line on the views that this set has no points for, if they could be missed."""
    absent = [view for view in protocol.views if view.truth not in truth.points]
    if not absent or (protocol.some and len(absent) < len(protocol.views)):
        return []
    lacking = ", ".join(dict.fromkeys(view.truth for view in absent))
    titles = "" if protocol.some else f": {'; '.join(view.title for view in absent)}"
    return [f"the truth has no {lacking}{titles}"]


def _views(
    views: list[View],
    labels: list[str],
    files: list[Predictions],
    truth: Truth,
    protocol: Protocol,
    skipped: list[str],
) -> list[tuple[View, list[Scored]]]:
    """Every view with the files that can be scored in it; `skipped` gets a line on the others."""
    found = []
    for view in views:
        scored = []
        for label, predictions in zip(labels, files, strict=True):
            try:
                scored.append(_scored(compare(predictions, truth, view, label), protocol))
            except InputError as error:
                skipped.append(f"{label}: {error}")
        if scored:
            found.append((view, scored))
    return found


def _parts(files: list[Predictions], truth: Truth) -> tuple[Truth, list[View]]:
    """Schemes that files predict and that are a part of the labelled points, as further truth."""
    views = []
    for scheme in dict.fromkeys(name for item in files for name in item.points):
        for key in truth.points:
            with suppress(InputError):
                step = schemes.mapping(scheme_of(key), scheme)
                if step.exact and scheme not in truth.points:
                    truth = truth.mapped(key, step)
                    views.append(view_of(scheme))
                    break
    return truth, views


def pose_table(predictions: Predictions, truth: Truth, order: str) -> dict[str, Estimate]:
    """Mean absolute error of yaw, pitch and roll, their mean, the mean signed errors (bias), and
    the mean angle of the whole rotation; degrees, over pictures within +-99 degrees."""
    if predictions.pose is None or not np.isfinite(predictions.pose).any():
        return {}
    expected = truth.pose
    if order == "3ddfa" and all(name in truth.attributes for name in POSE_PARA):
        expected = np.stack([truth.attributes[name] for name in POSE_PARA], axis=1)
    scored = pose.within(expected)
    if not scored.any():
        return {}
    predicted = predictions.pose[predictions.rows(truth.names)].astype(np.float64)[scored]
    turn = pose.rotation_errors(predicted, truth.pose[scored])
    if order == "3ddfa":
        predicted = pose.as_3ddfa(predicted)
    errors = pose.angle_errors(predicted, expected[scored])
    unit = bootstrap.units(truth.person[scored], truth.names[scored])
    chosen = {name: bootstrap.mean(np.abs(errors[:, i])) for i, name in enumerate(pose.ANGLES)}
    chosen["mean"] = bootstrap.mean(np.abs(errors).mean(1))
    chosen |= {f"{n} bias": bootstrap.mean(errors[:, i]) for i, n in enumerate(pose.ANGLES)}
    chosen["rotation"] = bootstrap.mean(turn)
    return bootstrap.estimates(chosen, unit)


def yaw_of(truth: Truth) -> np.ndarray:
    """(N,) degrees: the set's own pose, else estimated from its points, NaN where neither works."""
    yaw = truth.pose[:, 0].copy()
    for key, points in truth.points.items():
        unknown = ~np.isfinite(yaw)
        if unknown.any():
            yaw[unknown] = estimate_pose(points[unknown], key.split("@")[0])[:, 0]
    return yaw


def _labels(files: list[Predictions]) -> list[str]:
    """A name a file, numbered where two are the same."""
    names = [item.label for item in files]
    return [
        f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _scored(errors: Errors, protocol: Protocol) -> Scored:
    truth = errors.truth
    splits = {name: truth.attributes[name] for name in protocol.yaws if name in truth.attributes}
    yaws = splits or {"": yaw_of(truth)}
    rows = [
        summary.row(errors, norm, group, here, yaws)
        for norm in errors.view.norms
        for group, here in summary.groups(errors, protocol.attributes).items()
    ]
    return Scored(errors, yaws, rows, summary.regions(errors), summary.visibility(errors))


def _difference(first: Scored, second: Scored) -> Difference:
    norm = first.errors.view.norms[0]
    a, b = first.errors.mean[norm], second.errors.mean[norm]
    both = np.isfinite(a) & np.isfinite(b)
    truth = first.errors.truth
    unit = bootstrap.units(truth.person[both], truth.names[both])
    ours = summary.statistics(a[both], {key: yaw[both] for key, yaw in first.yaws.items()})
    theirs = summary.statistics(b[both], {key: yaw[both] for key, yaw in second.yaws.items()})
    chosen = {key: bootstrap.difference(ours[key], theirs[key]) for key in ours}
    return Difference(
        first.errors.label,
        second.errors.label,
        int(both.sum()),
        bootstrap.estimates(chosen, unit) if both.any() else {},
    )
