"""One labelled face of one picture: what every reader gives and everything else takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bauta import schemes
from bauta.checks import InputError, check_array


@dataclass(frozen=True, eq=False)
class Labels:
    """Points of one face in one scheme. K is the scheme's count."""

    points: np.ndarray
    """(K, 2) or (K, 3) float32: pixels of the picture, pixel (0, 0) covering 0..1; z as in
    docs/conventions.md. NaN where unknown."""
    scheme: str
    """A name of `bauta.schemes`."""
    visible: np.ndarray | None = None
    """(K,) bool, False where hidden (by the head itself or something else); None when unknown."""
    weight: np.ndarray | None = None
    """(K,) float32 >= 0, how far the labels are believed; None: all equally."""
    truth: str = ""
    """Which truth, where a set has several in one scheme: `original`, `re-annotated`."""

    def __post_init__(self) -> None:
        count = schemes.get(self.scheme).count
        points = np.asarray(self.points, np.float32)
        if points.shape not in ((count, 2), (count, 3)):
            raise InputError(
                f"labels of {self.scheme}: expected points ({count}, 2) or ({count}, 3), "
                f"got {points.shape}"
            )
        object.__setattr__(self, "points", points)
        if self.visible is not None:
            visible = check_array(self.visible, (count,), "visible").astype(bool)
            object.__setattr__(self, "visible", visible)
        if self.weight is not None:
            object.__setattr__(self, "weight", check_array(self.weight, (count,), "weight"))


@dataclass(frozen=True, eq=False)
class Sample:
    """One face of one picture. The picture is read when asked for."""

    name: str
    """Unique within the set: the picture's path under the set's folder, `#2` for a second face."""
    picture: Callable[[], np.ndarray]
    """Reads the picture: (H, W, 3) uint8 RGB, not turned by EXIF unless the labels say so."""
    labels: tuple[Labels, ...]
    """The main truth first."""
    box: np.ndarray | None = None
    """(4,) float32 x1 y1 x2 y2, the set's own face box; None when it has none."""
    pose: tuple[float, float, float] | None = None
    """(yaw, pitch, roll) degrees, signs as in docs/conventions.md."""
    person: str = ""
    """Who it is: splits never part a person. Empty when unknown: then the picture is the unit."""
    subset: str = ""
    """As the set's protocol calls it: `train`, `common`, `challenging`, `category 3` ..."""
    licence: str = ""
    """Terms of the set, in a few words: `research only`, `CC BY 4.0` ..."""
    attributes: dict[str, float | bool | str] = field(default_factory=dict)
    """What else the set says: `occlusion`, `smile`, `glasses` ..."""

    @property
    def points(self) -> np.ndarray:
        """Points of the main truth."""
        return self.labels[0].points

    @property
    def scheme(self) -> str:
        """Scheme of the main truth."""
        return self.labels[0].scheme

    @property
    def visible(self) -> np.ndarray | None:
        """Visibility of the main truth."""
        return self.labels[0].visible

    def label(self, scheme: str, truth: str = "") -> Labels | None:
        """The labels in that scheme (and of that truth, when given), or None."""
        for labels in self.labels:
            if labels.scheme == scheme and truth in ("", labels.truth):
                return labels
        return None
