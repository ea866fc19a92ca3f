"""Packs: faces of a data set cropped once, with room around them, ready to be drawn from.

A pack is a folder (made by `bauta data pack`, see `bauta.data.packing`):

    pack.json     what it is: set, settings, schemes, licences, one entry a shard
    00000.jpegs   the crops of a shard, JPEGs one after the other; or 00000.webps
    00000.npz     their labels, one row a crop

A folder of packs, or a zip file of either, is read like a pack. Rows without a face (photographs of
nobody, look-alikes) are rows like others whose `face` is False. Nothing is pickled; labels are read
when they are asked for, pictures are mapped and decoded one by one.

Arrays of `<shard>.npz`, N rows, everything in pixels of the crop unless said:
`offset` (N + 1,) where each picture begins in its file; `face` (N,) bool; `frame` (N, 4) centre x,
y, side and angle (radians, clockwise) of the face's own square, NaN when there is none; `rect`
(N, 4) the picture's extent; `transform` (N, 2, 3) T_crop_picture; `box` (N, 4); `pose` (N, 3)
degrees; `name`, `person`, `subset`, `split`, `licence` (N,) text; `digest` (N,) uint64 of the
picture; `outline/*` and `points/<scheme>/*` as `fixed_point` has them; `weight/<scheme>` and
`visible/<scheme>` (N, K), -1 unknown, only where the set has them; `attribute/<name>` (N,).
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import InputError, SourceError, check_choice
from bauta.data.catalog import CATALOG
from bauta.data.shards import Shard, Store
from bauta.data.splits import SPLITS

VERSION = 1
MADE = "synth-"
"""How names of sets begin that `bauta synth` made."""


@dataclass(frozen=True, eq=False)
class Column:
    """Labels of all rows of a pack in one scheme, in pixels of the crops."""

    points: np.ndarray
    """(N, K, D) float32, NaN where unknown; of a face labelled in x and y alone, z is."""
    weight: np.ndarray
    """(N, K) >= 0, 0 where x and y are unknown."""
    visible: np.ndarray | None = None
    """(N, K) int8, 1 visible, 0 hidden, -1 unknown; None when no set of the pack says."""


@dataclass(frozen=True, eq=False)
class Pack:
    """The rows of one or several packs. N rows; everything in pixels of the crops."""

    shards: tuple[Shard, ...]
    replaced: dict[str, Column] = dataclasses.field(default_factory=dict)
    """Labels that stand in for those of the files (see `with_labels`)."""

    def __len__(self) -> int:
        return sum(shard.count for shard in self.shards)

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum([shard.count for shard in self.shards])])

    def _stack(self, key: str, shape: tuple[int, ...], fill: Any) -> np.ndarray:
        parts = [shard.array(key) for shard in self.shards]
        blank = [np.full((shard.count, *shape), fill) for shard in self.shards]
        return np.concatenate([b if p is None else p for p, b in zip(parts, blank, strict=True)])

    def _text(self, key: str) -> np.ndarray:
        return self._stack(key, (), "")

    name = cached_property(lambda self: self._text("name"))
    """(N,) text: unique within a set."""
    person = cached_property(lambda self: self._text("person"))
    """(N,) text: the person, or the picture where nobody knows."""
    subset = cached_property(lambda self: self._text("subset"))
    """(N,) text: the part of the set that its protocol names."""
    split = cached_property(lambda self: self._text("split"))
    """(N,) text: `train`, `val` or `test` by person, as `bauta.data.splits` has it."""
    licence = cached_property(lambda self: self._text("licence"))
    """(N,) text."""
    face = cached_property(lambda self: self._stack("face", (), False))
    """(N,) bool: a labelled face; False for photographs of nobody and look-alikes."""
    frame = cached_property(lambda self: self._stack("frame", (4,), np.nan))
    """(N, 4) float32: centre x, y, side, angle (radians clockwise) of the face's own square."""
    rect = cached_property(lambda self: self._stack("rect", (4,), np.nan))
    """(N, 4) float32: x1 y1 x2 y2 of the whole picture."""
    box = cached_property(lambda self: self._stack("box", (4,), np.nan))
    """(N, 4) float32: the set's own box, NaN where it has none."""
    pose = cached_property(lambda self: self._stack("pose", (3,), np.nan))
    """(N, 3) float32: yaw, pitch, roll in degrees as the set has them, NaN where it does not."""
    transform = cached_property(lambda self: self._stack("transform", (2, 3), np.nan))
    """(N, 2, 3) float64 T_crop_picture."""

    digest = cached_property(lambda self: self._stack("digest", (), np.uint64(0)))
    """(N,) uint64 of the packed picture."""

    @cached_property
    def source(self) -> np.ndarray:
        """(N,) text: name of the set."""
        return np.concatenate([np.full(shard.count, shard.pack["set"]) for shard in self.shards])

    @cached_property
    def made(self) -> np.ndarray:
        """(N,) bool: a picture that `bauta synth` made."""
        return np.char.startswith(self.source, MADE)

    @cached_property
    def outline(self) -> np.ndarray:
        """(N, 36, 2) float32: outline of the whole face, forehead included; NaN without a face."""
        parts = [shard.points("outline") for shard in self.shards]
        return np.concatenate([p for p in parts if p is not None])

    @cached_property
    def schemes(self) -> dict[str, tuple[int, int]]:
        """Scheme -> (K, D) of the points that some row has; D is 3 where one has a z."""
        found: dict[str, tuple[int, int]] = {}
        for shard in self.shards:
            for name, (K, D) in shard.pack["schemes"].items():
                found[name] = (K, max(D, found.get(name, (K, D))[1]))
        return found | {name: column.points.shape[1:] for name, column in self.replaced.items()}  # type: ignore[dict-item]

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return dict(self.replaced)

    def labels(self, scheme: str) -> Column:
        """Labels in one scheme; where some sets have a z, it is NaN in the rows of the others."""
        check_choice(scheme, self.schemes, "scheme of this pack")
        if scheme not in self._columns:
            K, D = self.schemes[scheme]
            points = np.full((len(self), K, D), np.nan, np.float32)
            for shard, start in zip(self.shards, self._starts, strict=False):
                part = shard.points(f"points/{scheme}")
                if part is not None:
                    points[start : start + shard.count, :, : part.shape[2]] = part[..., :D]
            weight = self._stack(f"weight/{scheme}", (K,), np.float16(1))
            known = np.isfinite(points[..., :2]).all(2)
            weight = np.where(known, weight, 0).astype(np.float16)
            visible = None
            if any(scheme in shard.keys("visible") for shard in self.shards):
                visible = self._stack(f"visible/{scheme}", (K,), np.int8(-1))
            self._columns[scheme] = Column(points, weight, visible)
        return self._columns[scheme]

    @cached_property
    def attribute_names(self) -> list[str]:
        """Names of the attributes that some row has."""
        return sorted({name for shard in self.shards for name in shard.keys("attribute")})

    def attribute(self, name: str) -> np.ndarray:
        """(N,) float32, NaN where a set does not say."""
        check_choice(name, self.attribute_names, "attribute of this pack")
        return self._stack(f"attribute/{name}", (), np.nan).astype(np.float32)

    @cached_property
    def inside(self) -> np.ndarray:
        """(N,) share of each crop that lies inside of its picture; the rest is black."""
        side = np.array([shard.pack["settings"]["side"] for shard in self.shards])
        side = np.repeat(side, [shard.count for shard in self.shards])[:, None]
        seen = np.minimum(self.rect[:, 2:], side) - np.maximum(self.rect[:, :2], 0)
        return (seen.clip(0) / side).prod(1)

    def image(self, row: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB of a row."""
        shard, row = self._place(row)
        return shard.image(row)

    def encoded(self, row: int) -> np.ndarray:
        """(bytes,) uint8: the crop of a row as it is stored."""
        shard, row = self._place(row)
        return shard.encoded(row)

    def _place(self, row: int) -> tuple[Shard, int]:
        index = int(np.searchsorted(self._starts, row, "right")) - 1
        return self.shards[index], row - int(self._starts[index])

    def rows(self, split: str, official: bool = False) -> np.ndarray:
        """Indices of the rows of `train`, `val` or `test`.

        By person; with `official`, `test` is every subset that is not for training, and `train` and
        `val` are the people of the training subsets: those named `train...`, those that the
        catalogue trains on, and sets without subsets.
        """
        check_choice(split, SPLITS, "split")
        if not official:
            return np.flatnonzero(self.split == split)
        training = np.char.startswith(self.subset, "train") | (self.subset == "")
        for name in set(self.source.tolist()) & set(CATALOG):
            training |= (self.source == name) & np.isin(self.subset, CATALOG[name].training)
        if split == "test":
            return np.flatnonzero(~training)
        return np.flatnonzero(training & ((self.split == "val") == (split == "val")))

    def with_labels(self, replaced: dict[str, Column]) -> Pack:
        """The same rows with other labels in some schemes."""
        return dataclasses.replace(self, replaced=self.replaced | replaced)


def read_pack(*paths: Path) -> Pack:
    """All rows of packs, folders of packs, or zip files of either, in that order.

    SourceError for a path that is none of these, or a pack that was not finished.
    """
    shards: list[Shard] = []
    for path in paths:
        store = Store(Path(path))
        manifests = store.manifests()
        if not manifests:
            raise SourceError(f"{path}: holds no pack.json; make a pack with `bauta data pack`")
        for name in manifests:
            shards += _shards(store, name)
    if not shards:
        raise InputError("packs: none given; name at least one folder")
    return Pack(tuple(shards))


def _shards(store: Store, manifest: str) -> list[Shard]:
    where = f"{store.path}: {manifest}"
    try:
        pack = json.loads(store.read(manifest))
    except ValueError as error:
        raise SourceError(f"{where} is not the description of a pack; pack again") from error
    _check(pack, {"version": int, "complete": bool}, where)
    if pack["version"] != VERSION:
        raise SourceError(
            f"{where} has version {pack['version']}, this bauta reads {VERSION}; pack again"
        )
    if not pack["complete"]:
        raise SourceError(f"{where} was interrupted; the same `bauta data pack` continues it")
    _check(pack, {"set": str, "schemes": dict, "settings": dict, "shards": list}, where)
    _check(pack["settings"], {"codec": str, "unit": int}, f"{where}: settings")
    for name, shape in pack["schemes"].items():
        if not (isinstance(shape, list) and [type(n) for n in shape] == [int, int]):
            raise SourceError(f"{where}: schemes: {name!r} is not a pair of numbers; pack again")
    for index, entry in enumerate(pack["shards"]):
        _check(entry, {"file": str, "rows": int, "bytes": int}, f"{where}: shards[{index}]")
    folder = manifest.rpartition("/")[0]
    stem = f"{folder}/" if folder else ""
    return [Shard(store, f"{stem}{entry['file']}", entry, pack) for entry in pack["shards"]]


def _check(table: object, keys: dict[str, type], where: str) -> None:
    """SourceError, which says where and what, unless `table` is one with these keys and types."""
    if not isinstance(table, dict):
        raise SourceError(f"{where} is not the description of a pack; pack again")
    for key, kind in keys.items():
        if key not in table:
            raise SourceError(f"{where} has no {key!r}; pack again")
        if type(table[key]) is not kind:
            raise SourceError(
                f"{where}: {key!r} is {table[key]!r:.40}, no {kind.__name__}; pack again"
            )
