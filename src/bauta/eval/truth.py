"""The truth of a set as arrays, a row a face: what predictions are scored against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bauta.checks import InputError
from bauta.data.sample import Labels, Sample
from bauta.schemes import Map

POINTS, VISIBLE, ATTRIBUTE = "points.", "visible.", "attribute."


def key_of(labels: Labels) -> str:
    """`scheme`, or `scheme@truth` where a set has several truths in one scheme."""
    return f"{labels.scheme}@{labels.truth}" if labels.truth else labels.scheme


def scheme_of(key: str) -> str:
    """The scheme of a key."""
    return key.split("@")[0]


@dataclass(frozen=True, eq=False)
class Truth:
    """Labels of N faces, one row each; pixels of the picture."""

    names: np.ndarray
    """(N,) str."""
    points: dict[str, np.ndarray]
    """`scheme` or `scheme@truth` -> (N, K, D) float32, NaN where unknown."""
    visible: dict[str, np.ndarray]
    """The same keys -> (N, K) bool, for those that say so."""
    pose: np.ndarray
    """(N, 3) yaw, pitch, roll in degrees, NaN where unknown."""
    person: np.ndarray
    """(N,) str, empty when unknown."""
    subset: np.ndarray
    """(N,) str."""
    attributes: dict[str, np.ndarray]
    """Name -> (N,) float64, NaN where unknown, or (N,) str."""
    box: np.ndarray
    """(N, 4) float32 x1 y1 x2 y2, the set's own, NaN where it has none."""

    def take(self, rows: np.ndarray) -> Truth:
        """The rows of a mask or of indices."""
        return Truth(
            self.names[rows],
            {key: value[rows] for key, value in self.points.items()},
            {key: value[rows] for key, value in self.visible.items()},
            self.pose[rows],
            self.person[rows],
            self.subset[rows],
            {key: value[rows] for key, value in self.attributes.items()},
            self.box[rows],
        )

    def mapped(self, key: str, step: Map) -> Truth:
        """The same with the points of another scheme, made of those of `key` by an exact map."""
        name, points = step.target, step.apply(self.points[key]).astype(np.float32)
        visible = dict(self.visible)
        if key in visible:
            visible[name] = visible[key][:, step.indices[:, 0]]
        return replace(self, points=self.points | {name: points}, visible=visible)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything but the names, for a file."""
        out = {POINTS + key: value for key, value in self.points.items()}
        out |= {VISIBLE + key: value for key, value in self.visible.items()}
        out |= {ATTRIBUTE + key: value for key, value in self.attributes.items()}
        rest = {"pose": self.pose, "person": self.person, "subset": self.subset}
        return out | rest | {"box": self.box}

    @classmethod
    def from_arrays(cls, names: np.ndarray, arrays: dict[str, np.ndarray]) -> Truth:
        """The inverse of `arrays`; InputError when a part is missing or of another length."""
        for key in ("pose", "person", "subset"):
            if key not in arrays:
                raise InputError(f"stored truth: no array {key!r}")
        for key, value in arrays.items():
            if len(value) != len(names):
                raise InputError(f"stored truth, {key}: expected {len(names)} rows")

        def part(prefix: str) -> dict[str, np.ndarray]:
            found = [key for key in arrays if key.startswith(prefix)]
            return {key.removeprefix(prefix): arrays[key] for key in found}

        rest = (arrays["pose"], arrays["person"].astype(str), arrays["subset"].astype(str))
        box = arrays.get("box", np.full((len(names), 4), np.nan, np.float32))
        return cls(names, part(POINTS), part(VISIBLE), *rest, part(ATTRIBUTE), box)


def read(samples: Iterable[Sample]) -> Truth:
    """The truth of samples; their pictures are not read. InputError when there are none."""
    kept = list(samples)
    if not kept:
        raise InputError("truth: the set has no faces here; check the path and the subset")
    count = len(kept)
    points: dict[str, np.ndarray] = {}
    visible: dict[str, np.ndarray] = {}
    for row, sample in enumerate(kept):
        for labels in sample.labels:
            key = key_of(labels)
            if key not in points:
                points[key] = np.full((count, *labels.points.shape), np.nan, np.float32)
            points[key][row, :, : labels.points.shape[1]] = labels.points
            if labels.visible is not None:
                shape = (count, len(labels.points))
                visible.setdefault(key, np.ones(shape, bool))[row] = labels.visible
    return Truth(
        np.array([sample.name for sample in kept]),
        points,
        visible,
        np.array([sample.pose or (np.nan,) * 3 for sample in kept], np.float64),
        np.array([sample.person for sample in kept]),
        np.array([sample.subset for sample in kept]),
        _attributes(kept),
        np.array([np.full(4, np.nan) if s.box is None else s.box for s in kept], np.float32),
    )


def _attributes(samples: list[Sample]) -> dict[str, np.ndarray]:
    names = sorted({name for sample in samples for name in sample.attributes})
    out = {}
    for name in names:
        values: list[Any] = [sample.attributes.get(name) for sample in samples]
        if any(isinstance(value, str) for value in values):
            out[name] = np.array(["" if value is None else str(value) for value in values])
        else:
            out[name] = np.array([np.nan if value is None else float(value) for value in values])
    return out
