"""Is this copy of a data set whole and sane? Counts, pictures, points, boxes, poses.

    report = check(catalog.get("wflw"), Path("WFLW"))
    report.problems, report.sheet

A copy that cannot be read at all (a list is missing, a line is cut off) raises the reader's
SourceError, which names the first wrong file. Everything else is counted and told together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.checks import SourceError
from bauta.data.catalog import Dataset
from bauta.data.contact import ContactSheet
from bauta.data.sample import Labels, Sample
from bauta.geometry import boxes

NAMED = 5
"""How many wrong files are named; all are counted."""
TURNED_AT_MOST = 0.05
"""Share of faces whose right eye may lie left of the nose: profiles and mistakes."""
AWAY_AT_MOST = 0.02
"""Share of faces whose points may lie mostly outside of the picture."""


@dataclass(frozen=True)
class Report:
    """What was found in a copy of a data set. Lengths in pixels, angles in degrees."""

    name: str
    folder: str
    counts: dict[str, tuple[int, int]]
    """Subset ("" is all) to faces found and faces in a whole copy, 0 when unknown."""
    people: int
    """How many are told apart; 0 when the set does not say."""
    schemes: dict[str, int]
    """Scheme to faces labelled in it."""
    pictures: int
    """Pictures that were read, a face each."""
    picture_sizes: tuple[tuple[int, int], tuple[int, int]] | None
    """Smallest and largest width and height."""
    face_sizes: tuple[float, float, float] | None
    """Smallest, median and largest square root of the area of the box around the points."""
    outside: int
    """Faces with a point outside of the picture; among pictures that were read."""
    farthest: tuple[float, str]
    """How far outside the worst point lies, and whose it is."""
    unknown: int
    """Points without a position."""
    coinciding: int
    """Faces with two points at one place."""
    boxes: int
    """Faces with a box of the set's own."""
    angles: dict[str, tuple[float, float]]
    """`yaw`, `pitch`, `roll` to smallest and largest; empty when the set has none."""
    problems: tuple[str, ...]
    """What is wrong with the copy, a line each; empty for a whole one."""
    sheet: np.ndarray | None = None
    """Faces with their points drawn, (H, W, 3) uint8 RGB."""


@dataclass
class _Tally:
    """What is counted while the samples go by."""

    faces: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    schemes: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    low: np.ndarray = field(default_factory=lambda: np.full(2, 1 << 30))
    high: np.ndarray = field(default_factory=lambda: np.zeros(2, int))
    sizes: list[float] = field(default_factory=list)
    outside: int = 0
    farthest: tuple[float, str] = (0.0, "")
    away: list[str] = field(default_factory=list)
    unknown: int = 0
    coinciding: int = 0
    boxes: int = 0
    poses: list[tuple[float, float, float]] = field(default_factory=list)
    sided: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, kind: str, where: str) -> None:
        """Count something wrong of a face or picture."""
        self.faults.setdefault(kind, []).append(where)

    def labels(self, sample: Sample) -> None:
        """Count a face without its picture."""
        self.faces += 1
        self.parts[sample.subset] = self.parts.get(sample.subset, 0) + 1
        if sample.person:
            self.people.add(sample.person)
        if sample.name in self.names:
            self.fault("faces of one name", sample.name)
        self.names.add(sample.name)
        for labels in sample.labels:
            self.schemes[labels.scheme] = self.schemes.get(labels.scheme, 0) + 1
        self._points(sample)
        if sample.box is not None:
            self._box(sample, sample.box)
        if sample.pose is not None:
            self.poses.append(sample.pose)
            if not all(-180 <= angle <= 180 for angle in sample.pose):
                self.fault("poses outside of -180..180 degrees", sample.name)

    def _points(self, sample: Sample) -> None:
        known = _known(sample.points)
        self.unknown += len(sample.points) - len(known)
        if not len(known):
            self.fault("faces without a single known point", sample.name)
            return
        if len(np.unique(known, axis=0)) < len(known):
            self.coinciding += 1
        self.sizes.append(math.sqrt(float(boxes.area(boxes.of_points(known)))))
        side = facing(sample.labels[0])
        if side is not None:
            self.sided += 1
            if not side:
                self.fault("faces whose right and left are swapped", sample.name)

    def _box(self, sample: Sample, box: np.ndarray) -> None:
        self.boxes += 1
        known = _known(sample.points)
        if not (np.isfinite(box).all() and (box[2:] > box[:2]).all()):
            self.fault("boxes that are not x1 < x2, y1 < y2", sample.name)
        elif len(known) and not boxes.iou(box[None], boxes.of_points(known)[None])[0, 0] > 0.05:
            self.fault("boxes that miss their points", sample.name)

    def picture(self, sample: Sample) -> np.ndarray | None:
        """Read and count the picture of a face; None when it cannot be read."""
        try:
            image = sample.picture()
        except SourceError as error:
            self.fault("pictures that cannot be read", str(error))
            return None
        self.pictures += 1
        size = np.array(image.shape[1::-1])
        self.low, self.high = np.minimum(self.low, size), np.maximum(self.high, size)
        known = _known(sample.points)
        beyond = np.maximum(np.maximum(-known, known - size), 0).max(1) if len(known) else None
        if beyond is not None and beyond.max() > 0:
            self.outside += 1
            self.farthest = max(self.farthest, (float(beyond.max()), sample.name))
            if (beyond > 0).mean() > 0.5:
                self.away.append(sample.name)
        return image


def _known(points: np.ndarray) -> np.ndarray:
    return points[np.isfinite(points).all(1), :2]


def facing(labels: Labels) -> bool | None:
    """Whether the subject's right eye lies where it must, seen from nose or mouth with the eyes up:
    to the left in the picture. None when the points do not say."""
    scheme = schemes.get(labels.scheme)
    below = scheme.regions.get("outer_lips", scheme.regions.get("nose"))
    if scheme.pupils is None or below is None:
        return None
    points = labels.points[:, :2]
    right, left, low = (points[np.asarray(k)].mean(0) for k in (*scheme.pupils, below))
    across, down = left - right, low - (left + right) / 2
    area = across[0] * down[1] - across[1] * down[0]
    return None if not np.isfinite(area) else bool(area > 0)


def check(
    dataset: Dataset,
    root: Path,
    subset: str = "",
    *,
    most: int = 0,
    after: Callable[[int], None] | None = None,
) -> Report:
    """Look at every face of the copy at `root`, and at its picture.

    `most` > 0 reads about that many pictures, spread over the set, where its size is known.
    `after` is called with the number of faces looked at. Raises SourceError where the reader does.
    """
    expected = dataset.counts.get(subset, 0)
    step = max(1, expected // most) if most else 1
    tally, contact = _Tally(), ContactSheet()
    for sample in dataset.read(root, subset):
        tally.labels(sample)
        if tally.faces % step == 0 or tally.faces == 1:
            image = tally.picture(sample)
            if image is not None:
                contact.offer(sample, image)
        if after:
            after(tally.faces)
    counts = {subset: (tally.faces, expected)}
    for part in () if subset else dataset.subsets:
        found = tally.parts.get(part)
        found = sum(1 for _ in dataset.read(root, part)) if found is None else found
        counts[part] = (found, dataset.counts[part])
    return _report(dataset, root, counts, tally, contact)


def _report(
    dataset: Dataset,
    root: Path,
    counts: dict[str, tuple[int, int]],
    tally: _Tally,
    contact: ContactSheet,
) -> Report:
    poses, sizes = np.array(tally.poses).reshape(-1, 3), tally.sizes
    names = ("yaw", "pitch", "roll") if len(poses) else ()
    return Report(
        name=dataset.name,
        folder=str(root),
        counts=counts,
        people=len(tally.people),
        schemes=tally.schemes,
        pictures=tally.pictures,
        picture_sizes=(_pair(tally.low), _pair(tally.high)) if tally.pictures else None,
        face_sizes=(min(sizes), float(np.median(sizes)), max(sizes)) if sizes else None,
        outside=tally.outside,
        farthest=tally.farthest,
        unknown=tally.unknown,
        coinciding=tally.coinciding,
        boxes=tally.boxes,
        angles={
            name: (float(poses[:, k].min()), float(poses[:, k].max()))
            for k, name in enumerate(names)
        },
        problems=tuple(_problems(counts, tally)),
        sheet=contact.draw(),
    )


def _pair(size: np.ndarray) -> tuple[int, int]:
    return int(size[0]), int(size[1])


def _problems(counts: dict[str, tuple[int, int]], tally: _Tally) -> list[str]:
    problems = []
    if not tally.faces:
        problems.append("no face at all; is this the folder of the unpacked set?")
    for part, (found, expected) in counts.items():
        if found < expected:
            what = f"subset {part}" if part else "the set"
            problems.append(
                f"{what}: {found} faces of {expected}; get the missing files, or go on with these: "
                "`bauta data pack` takes them"
            )
    faults = dict(tally.faults)
    turned = "faces whose right and left are swapped"
    if len(faults.get(turned, ())) <= TURNED_AT_MOST * tally.sided:
        faults.pop(turned, None)
    if len(tally.away) > AWAY_AT_MOST * tally.pictures:
        faults["faces that lie mostly outside of their picture"] = tally.away
    for kind, where in faults.items():
        more = f" and {len(where) - NAMED} more" if len(where) > NAMED else ""
        problems.append(f"{len(where)} {kind}: {'; '.join(where[:NAMED])}{more}")
    return problems
