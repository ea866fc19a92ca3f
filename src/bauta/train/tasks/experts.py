"""Networks for a range of yaw, or for a part of the face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from torch import nn

from bauta.checks import InputError, check_choice
from bauta.data.batch import Batch
from bauta.data.packs import Column, Pack, read_pack
from bauta.data.targets import with_mapped68
from bauta.train.dataset import FaceCrops
from bauta.train.experts import in_range, to_one_side
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.parts import PARTS, cut_part
from bauta.train.recrop import row_generators
from bauta.train.sampling import row_poses
from bauta.train.tasks.landmarks import LandmarksRecipe, LandmarksTask, landmark_data, to_tensor


@dataclass(frozen=True)
class YawSettings:
    """`[yaw]`: which heads, degrees of |yaw|."""

    low: float = 0.0
    high: float = 30.0
    overlap: float = 10.0
    """By how much the range is widened in training: routers err."""

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 180 or self.overlap < 0:
            raise InputError("low and high must rise within 0..180, overlap must be 0 or more")


@dataclass(frozen=True)
class YawExpertRecipe(LandmarksRecipe):
    """A recipe of the task `yaw-expert`."""

    yaw: YawSettings = field(default_factory=YawSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss.parameters or self.loss.vertices:
            raise InputError(
                "loss: parameters and vertices: experts see mirror images, which swap the sides of "
                "the expression"
            )


class YawExpertTask(LandmarksTask):
    """`landmarks` on heads of a range of yaw; side views all turned to the subject's left."""

    recipe: YawExpertRecipe

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Crops of heads in the range."""
        for batch in super().batches(seed, steps, count, rank, world):
            yield self._turned(batch)

    def _turned(self, batch: Batch) -> Batch:
        return to_one_side(batch) if self.recipe.yaw.low > 0 else batch

    def _draw_held_out(self) -> list[Batch]:
        return [self._turned(batch) for batch in super()._draw_held_out()]


def heads_between(pack: Pack, names: tuple[str, ...], yaw: YawSettings) -> Pack:
    """The pack with the labels of all other heads left out; InputError when none remains."""
    pose = row_poses(pack, list(names))
    chosen = in_range(pose[:, 0], yaw.low, yaw.high, yaw.overlap)
    if not chosen.any():
        raise InputError(f"yaw: no face of these packs lies between {yaw.low} and {yaw.high}")
    labels = {name: pack.labels(name) for name in names}
    return pack.with_labels(
        {
            name: Column(c.points, c.weight * chosen[:, None].astype(c.weight.dtype), c.visible)
            for name, c in labels.items()
        }
    )


def make_yaw(recipe: YawExpertRecipe, packs: tuple[Path, ...]) -> YawExpertTask:
    """The task over `packs`, or over those of the recipe."""
    names = recipe.network.schemes
    pack = read_pack(*(packs or recipe.data.packs))
    pack = with_mapped68(pack) if recipe.data.map68 else pack
    missing = [name for name in names if name not in pack.schemes]
    if missing:
        raise InputError(f"packs: hold no {missing[0]}, only {', '.join(pack.schemes)}")
    pack = heads_between(pack, names, recipe.yaw)
    data = replace(recipe.data, schemes=names, map68=False)
    crops = FaceCrops(data, recipe.augment, recipe.network.size, pack=pack)
    return YawExpertTask(recipe, crops)


@dataclass(frozen=True)
class PartSettings:
    """`[part]`: which part of the face."""

    name: str = "eye"
    """eye (the right one mirrored) or mouth."""
    face: int = 224
    """Pixels of the crop of the whole face that the part is cut from."""
    jitter: float = 0.05
    """How the whole-face network misses the part, over the side of its square."""

    def __post_init__(self) -> None:
        check_choice(self.name, PARTS, "part: name")


@dataclass(frozen=True)
class PartExpertRecipe(LandmarksRecipe):
    """A recipe of the task `part-expert`; the network has one scheme."""

    part: PartSettings = field(default_factory=PartSettings)

    def __post_init__(self) -> None:
        if len(self.network.schemes) != 1:
            raise InputError("part-expert: the network must have exactly one scheme")


class PartExpertTask(LandmarksTask):
    """`landmarks` in squares around a part. Points elsewhere are neither taught nor scored."""

    recipe: PartExpertRecipe

    def __init__(self, recipe: PartExpertRecipe, crops: FaceCrops) -> None:
        self.recipe = recipe
        network = LandmarkNetwork(recipe.network)
        (scheme,) = recipe.network.schemes
        first = self._cut(crops.batch(12345, 0, 256), 12345, 0, 256)
        whole = crops_with_points(first, scheme)
        network.start_from({scheme: whole})
        super().__init__(recipe, crops, network)

    def _cut(
        self, batch: Batch, seed: int, step: int, count: int, rank: int = 0, world: int = 1
    ) -> Batch:
        part, (scheme,) = self.recipe.part, self.recipe.network.schemes
        rngs = row_generators(seed, step, count, rank, world)
        return cut_part(batch, scheme, part.name, self.recipe.network.size, rngs, part.jitter)

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Squares around the part."""
        drawn = super().batches(seed, steps, count, rank, world)
        for step, batch in zip(steps, drawn, strict=True):
            yield self._cut(batch, seed, step, count, rank, world)

    def _draw_held_out(self) -> list[Batch]:
        drawn = super()._draw_held_out()
        return [self._cut(b, 1, step, len(b.images)) for step, b in enumerate(drawn)]

    def validate(self, network: nn.Module) -> dict[str, float]:
        """`score`: mean error of the part's points on held-out people, percent of the square."""
        if self._held_out is None:
            self._held_out = self._draw_held_out()
        (scheme,), found = self.recipe.network.schemes, []
        device = next(network.parameters()).device
        for batch in self._held_out:
            said = network(to_tensor(batch.images, device))[scheme].cpu().numpy()
            d = np.linalg.norm(said[..., :2] - batch.points[scheme][..., :2], axis=-1)
            found.append(d[batch.weights[scheme] > 0])
        errors = np.concatenate(found) if found else np.zeros(0)
        return (
            {"score": float(errors.mean()) * 100 / self.recipe.network.size} if len(errors) else {}
        )


def crops_with_points(batch: Batch, scheme: str) -> np.ndarray:
    """Points (M, K, D) of the rows that have believed ones."""
    return batch.points[scheme][batch.weights[scheme].max(1) > 0]


def make_part(recipe: PartExpertRecipe, packs: tuple[Path, ...]) -> PartExpertTask:
    """The task over `packs`, or over those of the recipe."""
    whole = replace(recipe, network=replace(recipe.network, size=recipe.part.face))
    return PartExpertTask(recipe, landmark_data(whole, packs))
