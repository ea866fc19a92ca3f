"""Supervision by registration: labelled crops, and beside them videos without labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import InputError, SourceError
from bauta.data.batch import Batch
from bauta.train.config import Recipe
from bauta.train.recrop import row_generators
from bauta.train.registration import Gate, registration_loss, track
from bauta.train.tasks.landmarks import LandmarksRecipe, LandmarksTask, landmark_data, to_tensor
from bauta.train.video_crops import VideoSettings, draw_clips, watch


@dataclass(frozen=True)
class RegistrationRecipe(LandmarksRecipe):
    """A recipe of the task `registration`."""

    video: VideoSettings = field(default_factory=VideoSettings)
    gate: Gate = field(default_factory=Gate)
    registration: float = 0.2
    """Weight of the mean distance from the tracks, percent of the crop's side."""


@dataclass(frozen=True, eq=False)
class MixedBatch:
    """Labelled crops and clips of videos."""

    labelled: Batch
    clips: np.ndarray
    """(C, 3, S, S, 3) uint8: three neighbouring frames in one square."""


class RegistrationTask(LandmarksTask):
    """`landmarks`, and on videos points that move as the pixels do."""

    recipe: RegistrationRecipe
    _clips: np.ndarray | None = None

    def batches(  # type: ignore[override]
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[MixedBatch]:
        """Labelled crops as of `landmarks`, each with `[video] batch` clips."""
        video, size = self.recipe.video, self.recipe.network.size
        if video.batch < world:
            raise InputError(f"video: batch {video.batch} is less than a clip a process")
        if self._clips is None:
            self._clips = watch(video, size)
        for step, batch in zip(
            steps, super().batches(seed, steps, count, rank, world), strict=True
        ):
            rngs = row_generators(seed, step, video.batch, rank, world)
            yield MixedBatch(batch, draw_clips(self._clips, size, rngs))

    def losses(  # type: ignore[override]
        self, network: nn.Module, batch: MixedBatch
    ) -> dict[str, Tensor]:
        """The terms of `[loss]` on what is labelled, `registration` on the clips."""
        device = next(network.parameters()).device
        labelled, clips = batch.labelled, batch.clips
        frames = clips.reshape(-1, *clips.shape[2:])
        out = network(to_tensor(np.concatenate([labelled.images, frames]), device))
        count = len(labelled.images)
        terms = self.objective({key: value[:count] for key, value in out.items()}, labelled)
        seen = {key: value[count:].unflatten(0, clips.shape[:2]) for key, value in out.items()}
        return {**terms, "registration": self.recipe.registration * self._registration(seen, clips)}

    def _registration(self, seen: dict[str, Tensor], clips: np.ndarray) -> Tensor:
        """Mean over clips and schemes of the distance from the tracks, percent."""
        found = []
        for name in self.recipe.network.schemes:
            for i, clip in enumerate(clips):
                points = seen[name][i, ..., :2].float()
                sure = None
                if f"{name}_log_sigma" in seen and self.recipe.loss.sigma:
                    doubt = seen[f"{name}_log_sigma"][i].detach().exp()
                    sure = (doubt < self.recipe.gate.doubt).cpu().numpy()
                tracks = track(clip, points.detach().cpu().numpy(), self.recipe.gate, sure)
                found.append(registration_loss(points, tracks, self.recipe.network.size)[0])
        return torch.stack(found).mean()


def finetune(recipe: Recipe, videos: Sequence[Path]) -> Recipe:
    """A recipe of `landmarks` or `registration` as one that learns from `videos`, too."""
    if recipe.task not in ("landmarks", "registration"):
        raise InputError(
            f"{recipe.where}: a run of the task {recipe.task!r} learns from no video; "
            "give a recipe of landmarks or registration"
        )
    for file in videos:
        if not file.exists():
            raise SourceError(f"{file}: no such video")
    video = {**recipe.table.get("video", {}), "files": [str(file) for file in videos]}
    return replace(recipe, task="registration", table={**recipe.table, "video": video})


def make(recipe: RegistrationRecipe, packs: tuple[Path, ...]) -> RegistrationTask:
    """The task over `packs`, or over those of the recipe; InputError without a video."""
    if not recipe.video.files:
        raise InputError("video: names no file; give one with --finetune my.mp4")
    return RegistrationTask(recipe, landmark_data(recipe, packs))
