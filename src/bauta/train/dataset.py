"""Random crops of packed faces, with everything that moves along, as batches of numpy arrays.

Every crop has a random generator of its own, seeded by (seed, step, position): the same numbers
give the same crop, whatever the number of threads or processes that draw.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from bauta.checks import InputError, check_choice
from bauta.data.batch import Batch
from bauta.data.derived import POSE_CLASS, pack_attribute, pose_class
from bauta.data.packs import Column, Pack, read_pack
from bauta.data.targets import with_mapped68, with_shut_lids
from bauta.morphable.arkit import mirrored
from bauta.train.augment import Augment, View, augmented
from bauta.train.nobody import Nobody
from bauta.train.sampling import row_poses, row_weights

AHEAD = 2
"""Batches drawn ahead, a thread."""


@dataclass(frozen=True)
class DataSettings:
    """What is learnt from: the table `[data]` of a recipe."""

    packs: tuple[Path, ...] = (Path(".packs/own"),)
    """Folders or zip files that `bauta data pack` made, or folders of these."""
    schemes: tuple[str, ...] = ()
    """Point orders to learn; empty: all of the packs."""
    attributes: tuple[str, ...] = ()
    """Attributes to hand over with the crops: those of the sets, and `smile` and `pose_class`,
    which points say themselves (`bauta.data.derived`)."""
    official: bool = False
    """Train on the sets' own training subsets instead of our split by person; on all of a set that
    names none, such as 300W-LP."""
    sets: dict[str, float] = field(default_factory=dict)
    """How often a face of a set is drawn against one of a set that is not named (1)."""
    balance: Literal["none", "angles", "pdb"] = "none"
    """Draw rare poses more often: by bins of the angles, or by pose-based data balancing."""
    balance_most: float = 10.0
    """A pose is never drawn more than so many times as often as the commonest."""
    shut_eyes: float = 1.0
    """How often a face with a shut eye is drawn against one without."""
    most_yaw: float = 180.0
    """Learn nothing of people of whom a photograph looks further than so many degrees to a side,
    so that these photographs can judge. For experiments."""
    absent: float = 0.0
    """Share of crops that show no face, or one far out of place."""
    label_noise: float = 0.0
    """Standard deviation of an error, always the same, added to every label: over the side of the
    face's square. For experiments."""
    map68: bool = True
    """Give `ibug68` to faces that have only `mesh478` and `ibug68-3d`, by a fitted map."""
    shut_lids: bool = True
    """Let the lids of `mesh478` meet in shut eyes where a teacher left a gap (bauta.data.lids)."""
    threads: int = 1
    """Threads that draw crops."""

    def __post_init__(self) -> None:
        if not 0 <= self.absent < 1:
            raise InputError(f"absent: expected a share from 0 to below 1, got {self.absent}")
        if min(self.balance_most, self.shut_eyes, *self.sets.values(), 1) < 0 or self.threads < 1:
            raise InputError("sets, balance_most and shut_eyes are 0 or more, threads 1 or more")


def _stack(
    views: list[View], scheme: str, K: int, D: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (B, K, D), weights (B, K), visible (B, K) of one scheme; views without it weigh
    nothing. Of points that are known, z alone may be NaN."""
    points = np.zeros((len(views), K, D), np.float32)
    weights = np.zeros((len(views), K), np.float32)
    visible = np.full((len(views), K), np.nan, np.float32)
    for i, view in enumerate(views):
        if scheme in view.points:
            points[i], weights[i] = view.points[scheme], view.weights[scheme]
            visible[i] = view.visible.get(scheme, np.nan)
    points[~np.isfinite(points[..., :2]).all(2)] = 0
    return points, weights, visible


def _disturbed(column: Column, deviation: np.ndarray) -> Column:
    """Labels (N, K, D) with an error of standard deviation (N,) pixels in x and y."""
    points = np.array(column.points, np.float32)
    error = np.random.default_rng(0).normal(size=(*points.shape[:2], 2))
    points[..., :2] += deviation[:, None, None] * error
    return replace(column, points=points)


def other_side(name: str) -> str:
    """The attribute that says of a mirror image what this one says of the picture: expressions have
    a left and a right."""
    return mirrored(name) if name.startswith("expression/") else name


class FaceCrops:
    """Draws crops of `size` pixels of one split."""

    def __init__(
        self,
        data: DataSettings,
        augment: Augment,
        size: int,
        split: str = "train",
        pack: Pack | None = None,
    ) -> None:
        """InputError when the packs lack a scheme or hold no face of the split. `pack`: rows that
        are read already, instead of `data.packs`."""
        pack = read_pack(*data.packs) if pack is None else pack
        pack = with_mapped68(pack) if data.map68 else pack
        self.pack = with_shut_lids(pack) if data.shut_lids else pack
        self.data, self.augment, self.size, self.split = data, augment, size, split
        self.schemes = {
            name: self.pack.schemes[check_choice(name, self.pack.schemes, "scheme of these packs")]
            for name in data.schemes or self.pack.schemes
        }
        self.labels = {name: self.pack.labels(name) for name in self.schemes}
        if data.label_noise:
            self.labels = {
                name: _disturbed(column, self.pack.frame[:, 2] * data.label_noise)
                for name, column in self.labels.items()
            }
        rows = self.pack.rows(split, data.official)
        self.nobody = Nobody(self.pack, rows)
        self.pose = row_poses(self.pack, list(self.schemes))
        weights = row_weights(self.pack, self.labels, self.pose, data)
        self.rows = rows[weights[rows] > 0]
        if not len(self.rows):
            raise InputError(f"packs: no labelled face in the split {split!r}{self._why_none()}")
        self._share = np.cumsum(weights[self.rows]) / weights[self.rows].sum()
        names = [name for name in data.attributes if name != POSE_CLASS]
        self._attributes = {name: pack_attribute(self.pack, name) for name in names}
        self._mirrored = {name: pack_attribute(self.pack, other_side(name)) for name in names}

    def _why_none(self) -> str:
        """What `official` has to do with it that a split is empty."""
        faces = self.pack.subset[self.pack.face]
        if not self.data.official or not len(faces):
            return ""
        parts = ", ".join(repr(part) for part in np.unique(faces).tolist())
        return (
            f": these packs hold the subsets {parts}, and official = true trains on the sets' own "
            "training subsets only; pack one of these, or give official = false"
        )

    def __len__(self) -> int:
        """Faces of the split: the examples of an epoch."""
        return len(self.rows)

    def view(self, row: int) -> View:
        """The packed face of a row with its labels, pixels of the pack's crop."""
        labels = self.labels.items()
        visible = {
            name: np.where(column.visible[row] < 0, np.nan, column.visible[row]).astype(np.float32)
            for name, column in labels
            if column.visible is not None
        }
        return View(
            self.pack.image(row),
            {name: column.points[row] for name, column in labels},
            {name: column.weight[row] for name, column in labels},
            visible,
            tuple(self.pose[row].tolist()),
            tuple(self.pack.frame[row].tolist()),
            self.pack.outline[row],
        )

    def crop(self, seed: int, step: int, position: int) -> tuple[View, int]:
        """One crop and its row of the pack, -1 for one without a face."""
        rng = np.random.default_rng([seed, step, position])
        row = int(self.rows[min(np.searchsorted(self._share, rng.random()), len(self.rows) - 1)])
        texture = partial(self.nobody.texture, rng, self.size)
        if rng.random() < self.data.absent:
            return self.nobody.crop(rng, row, self.size, self.augment), -1
        rect = self.pack.rect[row]
        return augmented(rng, self.view(row), self.size, rect, self.augment, texture), row

    def batch(self, seed: int, step: int, count: int, rank: int = 0, world: int = 1) -> Batch:
        """Crops rank, rank + world, ... of the `count` of a step."""
        drawn = [self.crop(seed, step, position) for position in range(rank, count, world)]
        views, rows = [view for view, _ in drawn], np.array([row for _, row in drawn], np.int64)
        stacked = {name: _stack(views, name, *shape) for name, shape in self.schemes.items()}
        return Batch(
            images=np.stack([view.image for view in views]),
            points={name: points for name, (points, _, _) in stacked.items()},
            weights={name: weights for name, (_, weights, _) in stacked.items()},
            visible={
                name: visible
                for name, (_, _, visible) in stacked.items()
                if self.labels[name].visible is not None
            },
            pose=np.array([view.pose for view in views], np.float32),
            present=(rows >= 0).astype(np.float32),
            attributes=self._attributes_of(rows, views),
            rows=rows,
        )

    def _attributes_of(self, rows: np.ndarray, views: list[View]) -> dict[str, np.ndarray]:
        """Name -> (B,), NaN for crops without a face; in mirror images left is right."""
        mirrored = np.array([view.mirrored for view in views])
        found = {
            name: np.where(mirrored, self._mirrored[name][rows], values[rows])
            for name, values in self._attributes.items()
        }
        if POSE_CLASS in self.data.attributes:
            found[POSE_CLASS] = pose_class(np.array([view.pose[0] for view in views]))
        return {
            name: np.where(rows >= 0, values, np.nan).astype(np.float32)
            for name, values in found.items()
        }

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """The batches of `steps`, drawn ahead by the settings' threads. OpenCV is told to use no
        threads of its own."""
        cv2.setNumThreads(1)
        ahead: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(self.data.threads, "crops") as workers:
            try:
                for step in steps:
                    ahead.append(workers.submit(self.batch, seed, step, count, rank, world))
                    if len(ahead) > AHEAD * self.data.threads:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()
