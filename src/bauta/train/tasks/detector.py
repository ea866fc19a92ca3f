"""The face detector: scenes composed by a second process, boxes and scores told to every cell.

A pool of scenes on disk is refilled while the network learns. So a batch depends on how far the
second process has come: of all tasks, this one alone is not taken up again to the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bauta.checks import InputError, SourceError
from bauta.train.detector_loss import detector_loss
from bauta.train.networks.detector import DetectorNetwork, DetectorShape
from bauta.train.scene_pool import Pool, face_table, start_composer
from bauta.train.settings import TrainSettings


@dataclass(frozen=True)
class SceneSettings:
    """`[scenes]`: what the detector is shown."""

    folder: Path = Path(".packs/scenes")
    """Where the pool is kept, unless the command line names a folder."""
    side: int = 320
    """Scenes are side x side pixels."""
    pool: int = 4000
    """Scenes held on disk; they make an epoch."""
    compose_share: float = 0.3
    """Share of one core that composing may take once the pool is full."""
    turned: Path | None = None
    """Pack of faces turned to the side (`bauta synth --kind profile`), a fifth of all then."""
    enlarged: float = 0.12
    """Share of batches of which a quarter is enlarged twice: faces of up to 600 pixels."""
    held_out: int = 64
    """Scenes of held-out people that the score is taken on."""

    def __post_init__(self) -> None:
        if self.side < 32 or self.side % 32:
            raise InputError(f"side must be a multiple of 32, got {self.side}")
        if not 0 < self.compose_share <= 1 or not 0 <= self.enlarged <= 1:
            raise InputError("compose_share and enlarged must be in 0..1, the former above 0")
        if self.pool < 1 or self.held_out < 1:
            raise InputError("pool and held_out must be 1 or more")


@dataclass(frozen=True)
class DetectorRecipe:
    """A recipe of the task `detector`."""

    scenes: SceneSettings = field(default_factory=SceneSettings)
    network: DetectorShape = field(default_factory=DetectorShape)
    train: TrainSettings = field(default_factory=TrainSettings)


Scenes = tuple[Tensor, Tensor]
"""Pictures (B, 3, S, S) float of 0..255, boxes (B, MOST_FACES, 5) as `scene_pool.face_table`."""


class DetectorTask:
    """Learns from a pool of scenes; scored by its loss on scenes of held-out people."""

    def __init__(self, recipe: DetectorRecipe, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        self.network: nn.Module = DetectorNetwork(recipe.network)
        self.size = recipe.scenes.pool
        self._held_out: list[Scenes] = []

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Scenes]:
        """Batches out of the pool; the first process keeps it filled."""
        scenes = self.recipe.scenes
        pool = Pool(self.folder, scenes.pool, scenes.side)
        settings = (self.folder, scenes.pool, scenes.side, scenes.compose_share, scenes.turned)
        composer = start_composer(*settings) if rank == 0 else None
        try:
            while pool.ready() < min(500, scenes.pool):
                if composer is not None and not composer.is_alive():
                    raise SourceError("no scenes: the process that composes them ended; see above")
                time.sleep(0.5)
            for step in steps:
                rng = np.random.default_rng([seed, step])
                pictures, boxes = draw(pool, scenes, rng, count)
                yield pictures[rank::world], boxes[rank::world]
        finally:
            if composer is not None:
                composer.terminate()

    def losses(self, network: nn.Module, batch: Scenes) -> dict[str, Tensor]:
        """Quality focal loss of the scores, GIoU of the boxes."""
        device = next(network.parameters()).device
        pictures, boxes = (part.to(device) for part in batch)
        outputs = network(pictures.contiguous(memory_format=torch.channels_last))
        size = (pictures.shape[2], pictures.shape[3])
        return detector_loss(outputs, boxes[..., :4], boxes[..., 4], size)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """`score`: the loss on held-out scenes, and its parts."""
        held_out = self._held_out or self._compose_held_out()
        rows = [self.losses(network, scene) for scene in held_out]
        parts = {name: float(np.mean([float(row[name]) for row in rows])) for name in rows[0]}
        return {"score": sum(parts.values()), "scores": parts["score"], "boxes": parts["box"]}

    def _compose_held_out(self) -> list[Scenes]:
        from bauta.data.scenes import SceneMaker

        maker, side = SceneMaker("val"), self.recipe.scenes.side
        made = [
            maker.frame(seed, "hard", side, side) for seed in range(self.recipe.scenes.held_out)
        ]
        images = np.stack([scene.image for scene in made])
        pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        boxes = torch.from_numpy(np.stack([face_table(scene) for scene in made]))
        self._held_out = list(zip(pictures.split(16), boxes.split(16), strict=True))
        return self._held_out


def draw(pool: Pool, scenes: SceneSettings, rng: np.random.Generator, count: int) -> Scenes:
    """A batch: mirrored or not, a little relit; now and then a quarter of it at twice the size."""
    rows = rng.integers(0, pool.ready(), count)
    images, boxes = pool.images[rows], pool.boxes[rows].copy()
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    if rng.random() < 0.5:
        pictures = pictures.flip(3)
        boxes[..., [0, 2]] = scenes.side - boxes[..., [2, 0]]
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (count, 3, 1, 1))).float()
    pictures = (pictures * gain).clamp(0, 255)
    if rng.random() < scenes.enlarged:
        quarter = max(count // 4, 1)
        pictures = interpolate(pictures[:quarter], scale_factor=2.0, mode="bilinear")
        boxes = boxes[:quarter]
        boxes[..., :4] *= 2
    return pictures, torch.from_numpy(boxes)


def make(recipe: DetectorRecipe, packs: tuple[Path, ...]) -> DetectorTask:
    """The task; `packs` may name one folder for the pool."""
    if len(packs) > 1:
        raise InputError(f"detector: expected one folder for the pool of scenes, got {len(packs)}")
    return DetectorTask(recipe, packs[0] if packs else recipe.scenes.folder)
