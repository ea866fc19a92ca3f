"""Everything that can be trained, by the name that a recipe gives as its `task`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bauta.checks import InputError
from bauta.train.config import Recipe
from bauta.train.task import Task
from bauta.train.tasks import (
    detector,
    distill,
    experts,
    landmarks,
    registration,
    short_clips,
    two_stage,
)


@dataclass(frozen=True)
class Kind:
    """A kind of task: what its recipes hold, and how it is made of one."""

    recipe: type
    """Dataclass of a whole recipe, one field a table; its `train` is a TrainSettings."""
    make: Callable[[Any, tuple[Path, ...]], Task]
    """From the recipe and the packs to learn from."""


TASKS: dict[str, Kind] = {
    "detector": Kind(detector.DetectorRecipe, detector.make),
    "distill": Kind(distill.DistillRecipe, distill.make_distill),
    "imitate": Kind(distill.ImitateRecipe, distill.make_imitate),
    "landmarks": Kind(landmarks.LandmarksRecipe, landmarks.make),
    "part-expert": Kind(experts.PartExpertRecipe, experts.make_part),
    "registration": Kind(registration.RegistrationRecipe, registration.make),
    "short-clips": Kind(short_clips.ShortClipsRecipe, short_clips.make),
    "two-stage": Kind(two_stage.TwoStageRecipe, two_stage.make),
    "yaw-expert": Kind(experts.YawExpertRecipe, experts.make_yaw),
}


def resolve(recipe: Recipe) -> Any:
    """The recipe as its task's dataclass, defaults filled in; InputError for an unknown task."""
    if recipe.task not in TASKS:
        raise InputError(
            f"{recipe.where}: unknown task {recipe.task!r}; one of {', '.join(sorted(TASKS))}"
        )
    return recipe.settings(TASKS[recipe.task].recipe)


def make_task(recipe: Recipe, packs: tuple[Path, ...]) -> tuple[Task, Any]:
    """The task of a recipe over `packs` (none: those that it names), and its resolved settings.

    The network begins with the same weights for the same seed.
    """
    settings = resolve(recipe)
    if packs and hasattr(settings, "data"):
        settings = replace(settings, data=replace(settings.data, packs=packs))
    torch.manual_seed(settings.train.seed)
    return TASKS[recipe.task].make(settings, packs), settings
