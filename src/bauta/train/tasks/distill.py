"""A small network learns from a large one: with labels by heat maps, or without any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train import checkpoints
from bauta.train.augment import NONE
from bauta.train.config import read_recipe
from bauta.train.dataset import FaceCrops
from bauta.train.distill import DistilledStudent, feature_error, heat_error, imitation
from bauta.train.losses import distance, weighted_mean
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig
from bauta.train.recrop import recrop
from bauta.train.tasks.landmarks import (
    LandmarksRecipe,
    LandmarksTask,
    landmark_data,
    to_tensor,
    typical,
)


@dataclass(frozen=True)
class TeacherSettings:
    """`[teacher]`: a network that was trained before."""

    recipe: Path = Path("runs/teacher/recipe.toml")
    """What it is."""
    weights: Path = Path("runs/teacher")
    """Folder of its run, or weights/NAME.npz."""
    heat: float = 1.0
    """Weight of MSE(student's heat maps, teacher's)."""
    features: float = 0.1
    """Weight of the error of the maps of every block, relative to the teacher's."""


def read_teacher(settings: TeacherSettings) -> LandmarkNetwork:
    """The teacher, frozen, in evaluation mode."""
    network = LandmarkNetwork(read_recipe(settings.recipe).section("network", NetworkConfig))
    weights = checkpoints.read_weights(settings.weights)
    checkpoints.load_weights(network, weights, str(settings.weights))
    return network.eval().requires_grad_(False)


class _Answers:
    """What the teacher says, on whatever device it is asked."""

    def __init__(self, teacher: LandmarkNetwork) -> None:
        self.teacher = teacher

    @torch.no_grad()
    def __call__(self, x: Tensor, features: bool = False) -> dict[str, Tensor]:
        return self.teacher.to(x.device)(x, features)


@dataclass(frozen=True)
class DistillRecipe(LandmarksRecipe):
    """A recipe of the task `distill`; truth is told as `[loss]` says, best by `heat` alone."""

    teacher: TeacherSettings = field(default_factory=TeacherSettings)


class DistillTask(LandmarksTask):
    """`landmarks` by heat maps, those of a teacher, and the maps of its blocks."""

    recipe: DistillRecipe

    def __init__(self, recipe: DistillRecipe, crops: FaceCrops, teacher: LandmarkNetwork) -> None:
        _same("size", recipe.network.size, teacher.config.size)
        _same("schemes", tuple(recipe.network.schemes), tuple(teacher.config.schemes))
        for who, config in (("the student", recipe.network), ("the teacher", teacher.config)):
            if "heatmap" not in config.heads:
                raise InputError(f"distill: {who} has no head `heatmap`; imitate needs none")
        network = DistilledStudent(recipe.network, teacher)
        network.start_from(typical(crops))
        super().__init__(recipe, crops, network)
        self.pairs, self.teacher = network.pairs, _Answers(teacher)

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The terms of `[loss]`, `teacher_heat` and `features`."""
        device = next(network.parameters()).device
        x = to_tensor(batch.images, device)
        out, taught = network(x), self.teacher(x, True)
        settings, face = self.recipe.teacher, torch.from_numpy(batch.present).to(device)
        maps = [
            heat_error(out[f"{name}_heat"], taught[f"{name}_heat"], face[:, None].expand(-1, count))
            for name in self.recipe.network.schemes
            for count in [out[f"{name}_heat"].shape[1]]
        ]
        return {
            **self.objective(out, batch),
            "teacher_heat": settings.heat * torch.stack(maps).sum(),
            "features": settings.features * feature_error(out, taught, self.pairs),
        }


def _same(what: str, mine: object, theirs: object) -> None:
    if mine != theirs:
        raise InputError(f"distill: the student's {what} {mine} must be the teacher's, {theirs}")


@dataclass(frozen=True)
class ImitateRecipe(LandmarksRecipe):
    """A recipe of the task `imitate`. Of `[loss]`, `sigma` and `presence` weigh the likeness of
    doubt and presence; points are told by their distance."""

    teacher: TeacherSettings = field(default_factory=TeacherSettings)


class ImitateTask:
    """A regressor learns what a larger one says of pictures; labels are not looked at."""

    def __init__(self, recipe: ImitateRecipe, crops: FaceCrops, teacher: LandmarkNetwork) -> None:
        strange = set(recipe.network.schemes) - set(teacher.config.schemes)
        if strange:
            raise InputError(f"imitate: the teacher does not know {', '.join(sorted(strange))}")
        self.recipe, self.crops, self.size = recipe, crops, len(crops)
        self.teacher = _Answers(teacher)
        network = LandmarkNetwork(recipe.network)
        taught = self._taught(crops.batch(12345, 0, 64).images, torch.device("cpu"))[1]
        network.start_from({name: taught[name].numpy() for name in recipe.network.schemes})
        self.network: nn.Module = network
        self._held_out: list[Batch] | None = None

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Crops of the teacher's size."""
        return self.crops.batches(seed, steps, count, rank, world)

    def _taught(self, images: np.ndarray, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The student's crops (B, 3, s, s), and what the teacher says in their pixels."""
        size, large = self.recipe.network.size, self.crops.size
        taught = self.teacher(to_tensor(images, device))
        for name in self.recipe.network.schemes:
            taught[name] = taught[name] * (size / large)
        if size != large:
            shrink = np.array([[size / large, 0, 0], [0, size / large, 0]])
            images = recrop(
                Batch(images, {}, {}), np.tile(shrink, (len(images), 1, 1)), size
            ).images
        return to_tensor(images, device), taught

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Points, doubt and presence of the teacher."""
        x, taught = self._taught(batch.images, next(network.parameters()).device)
        names, loss = self.recipe.network.schemes, self.recipe.loss
        terms = imitation(network(x), taught, names, self.recipe.network.size)
        weights = {f"{name}_doubt": loss.sigma for name in names} | {"presence": loss.presence}
        weights = {**dict.fromkeys(names, 1.0), **loss.schemes, **weights}
        return {name: weights[name] * value for name, value in terms.items() if weights[name]}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Distance from the teacher on held-out people, percent of the crop's side."""
        if self._held_out is None:
            data = replace(self.crops.data, sets={}, balance="none", shut_eyes=1.0, absent=0.0)
            augment = replace(NONE, box=self.recipe.augment.box)
            held = FaceCrops(data, augment, self.crops.size, "val", self.crops.pack)
            self._held_out = list(held.batches(1, range(4), 64))
        found: dict[str, list[Tensor]] = {name: [] for name in self.recipe.network.schemes}
        device = next(network.parameters()).device
        for batch in self._held_out:
            x, taught = self._taught(batch.images, device)
            out = network(x)
            for name, values in found.items():
                d = distance(out[name], taught[name], self.recipe.network.size)
                values.append(weighted_mean(d, torch.ones_like(d)))
        scores = {name: float(torch.stack(values).mean()) for name, values in found.items()}
        return {"score": sum(scores.values()) / len(scores), **scores}


def make_distill(recipe: DistillRecipe, packs: tuple[Path, ...]) -> DistillTask:
    """The task over `packs`, or over those of the recipe."""
    return DistillTask(recipe, landmark_data(recipe, packs), read_teacher(recipe.teacher))


def make_imitate(recipe: ImitateRecipe, packs: tuple[Path, ...]) -> ImitateTask:
    """The task over `packs`, or over those of the recipe."""
    teacher = read_teacher(recipe.teacher)
    data = replace(recipe.data, packs=tuple(packs) or recipe.data.packs)
    return ImitateTask(recipe, FaceCrops(data, recipe.augment, teacher.config.size), teacher)
