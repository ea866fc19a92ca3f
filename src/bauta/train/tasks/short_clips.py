"""Clips made of stills: points shall be right on every frame, and their errors shall not jump."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train.recrop import row_generators
from bauta.train.short_clips import ClipSettings, clips_of, steadiness_loss
from bauta.train.tasks.landmarks import LandmarksRecipe, LandmarksTask, landmark_data, to_tensor


@dataclass(frozen=True)
class ShortClipsRecipe(LandmarksRecipe):
    """A recipe of the task `short-clips`."""

    clips: ClipSettings = field(default_factory=ClipSettings)
    steadiness: float = 1.0
    """Weight of the mean change of the error from frame to frame, percent of the crop's side."""


class ShortClipsTask(LandmarksTask):
    """`landmarks` on clips: a batch of `count` crops is count / frames stills set in motion."""

    recipe: ShortClipsRecipe

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Clip after clip, frame after frame. InputError for a batch of less than a clip each."""
        stills = count // self.recipe.clips.frames
        if stills < world:
            raise InputError(
                f"batch: {count} crops are less than one clip of {self.recipe.clips.frames} "
                f"frames for each of {world} processes"
            )
        drawn = super().batches(seed, steps, stills, rank, world)
        for step, batch in zip(steps, drawn, strict=True):
            rngs = row_generators(seed, step, stills, rank, world)
            yield clips_of(batch, rngs, self.recipe.clips)

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The terms of `[loss]`, and `steadiness` over all schemes."""
        device = next(network.parameters()).device
        out = network(to_tensor(batch.images, device))
        changes = []
        for name in self.recipe.network.schemes:
            truth, weight = (
                torch.from_numpy(part[name]).to(device) for part in (batch.points, batch.weights)
            )
            frames, size = self.recipe.clips.frames, self.recipe.network.size
            changes.append(steadiness_loss(out[name], truth, weight, frames, size))
        steadiness = self.recipe.steadiness * torch.stack(changes).mean()
        return {**self.objective(out, batch), "steadiness": steadiness}


def make(recipe: ShortClipsRecipe, packs: tuple[Path, ...]) -> ShortClipsTask:
    """The task over `packs`, or over those of the recipe."""
    return ShortClipsTask(recipe, landmark_data(recipe, packs))
