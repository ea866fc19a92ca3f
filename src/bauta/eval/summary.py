"""Every variant of the numbers of one view, with intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bauta import schemes
from bauta.eval import bootstrap, metrics, pose
from bauta.eval.bootstrap import Estimate
from bauta.eval.views import Errors

BINS = ("0-30", "30-60", "60-90")


@dataclass(frozen=True)
class Row:
    """The numbers of one group of pictures, divided by one length."""

    group: str
    """`full`, a subset, or an attribute."""
    norm: str
    count: int
    """Faces with labels."""
    found: int
    """Those of them that were found."""
    values: dict[str, Estimate]
    """`mean`, `median`, the yaw bins and their mean: percent, of the faces found. `auc@a` (0..1)
    and `fr@a` (percent): of all faces, one not found is a failure."""
    trapezoid: dict[str, float]
    """`auc@a` by the trapezoid rule."""

    def as_json(self) -> dict[str, Any]:
        """For results.json."""
        return {
            "group": self.group,
            "norm": self.norm,
            "count": self.count,
            "found": self.found,
            "found_percent": round(100 * self.found / self.count, 3),
            "values": {key: value.as_json() for key, value in self.values.items()},
            "auc_by_trapezoid": {key: round(v, 5) for key, v in self.trapezoid.items()},
        }


def statistics(errors: np.ndarray, yaws: dict[str, np.ndarray]) -> dict[str, bootstrap.Statistic]:
    """All numbers of per-picture errors (N,). `yaws`: name of a split -> (N,) degrees."""
    out = {"mean": bootstrap.mean(errors), "median": bootstrap.median(errors)}
    for split, yaw in yaws.items():
        tag = f" ({split})" if split else ""
        bins = [bootstrap.mean(np.where(here, errors, np.nan)) for here in pose.yaw_bins(yaw)]
        out[f"bins{tag}"] = bootstrap.mean_of(bins)
        out |= {f"yaw {name}{tag}": each for name, each in zip(BINS, bins, strict=True)}
    filled = np.where(np.isfinite(errors), errors, np.inf)
    for limit in metrics.LIMITS:
        out[f"auc@{limit:g}"] = bootstrap.mean(np.maximum(1 - filled / limit, 0))
    for limit in metrics.LIMITS:
        out[f"fr@{limit:g}"] = bootstrap.mean(100.0 * (filled > limit))
    return out


def row(
    errors: Errors, norm: str, group: str, rows: np.ndarray, yaws: dict[str, np.ndarray]
) -> Row:
    """The numbers of the faces in `rows` (N,) bool."""
    values = errors.mean[norm][rows]
    unit = bootstrap.units(errors.truth.person[rows], errors.truth.names[rows])
    chosen = statistics(values, {name: yaw[rows] for name, yaw in yaws.items()})
    return Row(
        group,
        norm,
        len(values),
        int(np.isfinite(values).sum()),
        bootstrap.estimates(chosen, unit),
        {f"auc@{limit:g}": metrics.auc_trapezoid(values, limit) for limit in metrics.LIMITS},
    )


def groups(errors: Errors, attributes: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Groups of faces, name -> (N,) bool: all, every subset, and every attribute.

    Where labels say what is hidden, those of whom all is seen are a group. An attribute with two
    levels, 0 and 1, is the group of its ones; one that is text, a group a value. A group of nobody
    or of everybody is left out.
    """
    truth = errors.truth
    out = {"full": np.ones(len(truth.names), bool)}
    candidates = {name: truth.subset == name for name in sorted(set(truth.subset.tolist())) if name}
    if (seen := truth.visible.get(errors.view.truth)) is not None:
        candidates["every point visible"] = seen.all(1)
    for name in attributes:
        values = truth.attributes.get(name)
        if values is None:
            continue
        if values.dtype.kind == "U":
            for level in sorted(set(values.tolist()) - {""}):
                candidates[f"{name} {level}"] = values == level
        elif set(values[np.isfinite(values)].tolist()) <= {0.0, 1.0}:
            candidates[name] = values == 1
    return out | {key: here for key, here in candidates.items() if 0 < here.sum() < len(here)}


def regions(errors: Errors) -> dict[str, Estimate]:
    """Mean error of each region of the scheme, percent of the view's first length."""
    place = {index: row for row, index in enumerate(errors.view.indices.tolist())}
    unit = bootstrap.units(errors.truth.person, errors.truth.names)
    chosen = {}
    for name, indices in schemes.get(errors.view.scheme).regions.items():
        rows = [place[index] for index in np.asarray(indices).tolist() if index in place]
        if rows:
            chosen[name] = bootstrap.mean(metrics.mean_of_points(errors.points[:, rows]))
    return bootstrap.estimates(chosen, unit) if chosen else {}


def visibility(errors: Errors) -> dict[str, Estimate]:
    """Mean error of the visible and of the hidden points, where the labels say which is which."""
    seen = errors.truth.visible.get(errors.view.truth)
    if seen is None:
        return {}
    seen = seen[:, errors.view.indices]
    unit = bootstrap.units(errors.truth.person, errors.truth.names)
    chosen = {
        name: bootstrap.mean(metrics.mean_of_points(np.where(here, errors.points, np.nan)))
        for name, here in (("visible points", seen), ("hidden points", ~seen))
        if here.any()
    }
    return bootstrap.estimates(chosen, unit)
