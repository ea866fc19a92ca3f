"""The two networks of `bauta.regress.two_stage`: five points first, then all in an upright crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from bauta.checks import InputError
from bauta.data.packs import Column, Pack, read_pack
from bauta.data.targets import with_mapped68
from bauta.regress.two_stage import FIVE, GROUPS, five_points, roi_of_five
from bauta.train.dataset import FaceCrops
from bauta.train.tasks.landmarks import LandmarksRecipe, LandmarksTask


@dataclass(frozen=True)
class TwoStageRecipe(LandmarksRecipe):
    """A recipe of the task `two-stage`."""

    stage: Literal["coarse", "fine"] = "coarse"
    """coarse learns `celeba5` from whatever points the packs have; fine learns the network's
    schemes in the crop that the true five give, so `[augment.geometry]` is the coarse network's
    error: upright = true, distribution = "normal"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stage == "coarse" and tuple(self.network.schemes) != (FIVE,):
            raise InputError(f'stage coarse: the network\'s schemes must be ["{FIVE}"]')
        if self.stage == "fine" and not self.augment.geometry.upright:
            raise InputError("stage fine: augment.geometry.upright must be true")


@dataclass(frozen=True, eq=False)
class FramedPack(Pack):
    """A pack whose faces have other squares."""

    frames: np.ndarray | None = None

    @property
    def frame(self) -> np.ndarray:  # type: ignore[override]
        """(N, 4) centre x, y, side, angle of the square of each face."""
        assert self.frames is not None
        return self.frames


def five_of_pack(pack: Pack) -> Column:
    """The five points of every row that has any scheme of `GROUPS`; weight 0 elsewhere."""
    points = np.full((len(pack), 5, 2), np.nan, np.float32)
    weight = np.zeros((len(pack), 5), np.float16)
    known = [name for name in GROUPS if name in pack.schemes]
    if not known:
        raise InputError(f"packs: none of the schemes {', '.join(GROUPS)} to take five points from")
    for name in known:
        column = pack.labels(name)
        found = five_points(column.points, name)
        trust = np.stack([column.weight[:, list(g)].min(1) for g in GROUPS[name]], 1)
        new = ~np.isfinite(points).all((1, 2)) & np.isfinite(found).all((1, 2)) & pack.face
        points[new], weight[new] = found[new], trust[new]
    return Column(points, weight)


def framed_by_five(pack: Pack, five: Column) -> FramedPack:
    """The pack with the squares that five points give; the old ones where these are unknown."""
    frames = np.array(pack.frame)
    for row in np.flatnonzero(np.isfinite(five.points).all((1, 2))):
        roi = roi_of_five(five.points[row])
        frames[row] = (*roi.center, roi.side, roi.angle)
    return FramedPack(pack.shards, pack.replaced, frames)


def stage_data(recipe: TwoStageRecipe, packs: Sequence[Path]) -> FaceCrops:
    """What a stage learns from."""
    pack = read_pack(*(packs or recipe.data.packs))
    pack = with_mapped68(pack) if recipe.data.map68 else pack
    five = five_of_pack(pack)
    coarse = recipe.stage == "coarse"
    pack = pack.with_labels({FIVE: five}) if coarse else framed_by_five(pack, five)
    data = replace(recipe.data, schemes=recipe.network.schemes, map68=False)
    return FaceCrops(data, recipe.augment, recipe.network.size, pack=pack)


def make(recipe: TwoStageRecipe, packs: tuple[Path, ...]) -> LandmarksTask:
    """The task over `packs`, or over those of the recipe."""
    return LandmarksTask(recipe, stage_data(recipe, packs))
