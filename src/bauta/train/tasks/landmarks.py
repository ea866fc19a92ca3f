"""Landmark networks of every kind: any trunk, head, loss and point orders that a recipe names."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bauta import schemes
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.data.packs import read_pack
from bauta.train.augment import NONE, Augment
from bauta.train.dataset import DataSettings, FaceCrops
from bauta.train.networks.heads.morphable import OfModel
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig
from bauta.train.objective import LossSettings, Objective
from bauta.train.settings import TrainSettings
from bauta.train.true_head import (
    TrueHead,
    attribute_of,
    expression_attributes,
    true_attributes,
)

log = logging.getLogger(__name__)

MOST_HELD_OUT = 1024
"""Crops of held-out people that the score is taken on."""
LEAST_EYES = 0.1
"""Faces whose outer eye corners are nearer, in sides of the crop, are left out of the score: seen
from the side, that distance says nothing of their size."""


@dataclass(frozen=True)
class LandmarksRecipe:
    """A recipe of the task `landmarks`."""

    data: DataSettings = field(default_factory=DataSettings)
    augment: Augment = field(default_factory=Augment)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossSettings = field(default_factory=LossSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        told = [name for name in ("parameters", "vertices") if getattr(self.loss, name)]
        heads = self.network.heads
        if "vertices" in heads and "vertices" not in told:
            raise InputError(
                "loss: vertices: give it a weight, or all but the schemes' points of the head "
                "`vertices` learn nothing"
            )
        if told and not {"morphable", "vertices"} & set(heads):
            raise InputError(f"loss: {told[0]} needs the head `morphable` or `vertices`")
        if told and self.augment.geometry.flip:
            raise InputError(
                f"loss: {told[0]}: modes of identity have no mirror image; set "
                "augment.geometry.flip = 0.0"
            )


def to_tensor(images: np.ndarray, device: torch.device) -> Tensor:
    """uint8 (B, S, S, 3) to float (B, 3, S, S) in -1..1, channels last."""
    x = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float()
    return (x / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def landmark_data(recipe: LandmarksRecipe, packs: Sequence[Path]) -> FaceCrops:
    """Crops of the training people of `packs`, or of the recipe's, in the network's schemes."""
    names = recipe.network.schemes
    if recipe.data.schemes and set(recipe.data.schemes) != set(names):
        raise InputError(
            f"data: schemes {list(recipe.data.schemes)} differ from the network's {list(names)}; "
            "leave them out"
        )
    loss = recipe.loss
    whole = true_attributes() if loss.parameters or loss.vertices else ()
    shapes = expression_attributes() if loss.expression else ()
    wanted = [*recipe.data.attributes, *loss.attributes, *loss.classes, *whole, *shapes]
    attributes = tuple(dict.fromkeys(wanted))
    data = replace(
        recipe.data,
        packs=tuple(packs) or recipe.data.packs,
        schemes=names,
        attributes=attributes,
    )
    pack = read_pack(*data.packs)
    if not set(whole) <= set(pack.attribute_names):
        raise InputError(
            "loss: parameters and vertices: these packs do not say both expression and identity; "
            "`bauta synth --kind rendered` makes one that does (those made before it did: again)"
        )
    return FaceCrops(data, recipe.augment, recipe.network.size, pack=pack)


class LandmarksTask:
    """Learns points, and what a recipe adds, from packed faces."""

    def __init__(
        self, recipe: LandmarksRecipe, crops: FaceCrops, network: nn.Module | None = None
    ) -> None:
        self.recipe, self.crops = recipe, crops
        self.size = len(crops)
        self.network: nn.Module = _started(recipe, crops) if network is None else network
        names, size = recipe.network.schemes, recipe.network.size
        self.objective = Objective(recipe.loss, names, size, _truth(recipe, self.network))
        self._held_out: list[Batch] | None = None

    def batches(
        self, seed: int, steps: range, count: int, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Freshly drawn crops."""
        return self.crops.batches(seed, steps, count, rank, world)

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The terms of `[loss]`."""
        device = next(network.parameters()).device
        return self.objective(network(to_tensor(batch.images, device)), batch)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Mean error of each scheme, and of the expression if it is learned, in percent, their mean
        as `score`, and `presence_wrong`, the percentage of crops whose presence is misjudged. Empty
        when nobody was held out."""
        if self._held_out is None:
            self._held_out = self._draw_held_out()
        device = next(network.parameters()).device
        errors: dict[str, list[np.ndarray]] = {name: [] for name in self.recipe.network.schemes}
        wrong: list[np.ndarray] = []
        expression: list[np.ndarray] = []
        for batch in self._held_out:
            out = network(to_tensor(batch.images, device))
            for name, found in errors.items():
                found.append(mean_errors(out[name].cpu().numpy(), batch, name))
            if "presence" in out:
                wrong.append((out["presence"].cpu().numpy() > 0) != (batch.present > 0.5))
            if self.recipe.loss.expression:
                said = torch.sigmoid(out["expression"]).cpu().numpy()
                expression.append(expression_errors(said, batch))
        errors |= {"expression": expression} if expression else {}
        known = {name: np.concatenate(found) for name, found in errors.items() if found}
        scores = {name: float(found.mean()) for name, found in known.items() if len(found)}
        if not scores:
            return {}
        scores = {"score": sum(scores.values()) / len(scores), **scores}
        if wrong and self.recipe.loss.presence:
            scores["presence_wrong"] = 100 * float(np.concatenate(wrong).mean())
        return scores

    def _draw_held_out(self) -> list[Batch]:
        """Crops of the people of `val`, framed as by our detector and else left as they are."""
        data = replace(
            self.crops.data, sets={}, balance="none", shut_eyes=1.0, map68=False, label_noise=0.0
        )  # the pack has its mapped points already
        geometry = replace(
            NONE.geometry,
            margin=self.recipe.augment.geometry.margin,
            upright=self.recipe.augment.geometry.upright,
        )
        augment = replace(NONE, geometry=geometry, box=self.recipe.augment.box)
        try:
            crops = FaceCrops(data, augment, self.crops.size, "val", self.crops.pack)
        except InputError:
            log.warning("no labelled face is held out: there is no score, the last weights count")
            return []
        count = min(MOST_HELD_OUT, max(2 * len(crops), 32))
        return list(crops.batches(1, range(max(count // 64, 1)), min(count, 64)))


def _truth(recipe: LandmarksRecipe, network: nn.Module) -> TrueHead | None:
    """What the network's head should say of the whole head, where the recipe tells it."""
    if not (recipe.loss.parameters or recipe.loss.vertices):
        return None
    head = next((part for part in network.modules() if isinstance(part, OfModel)), None)
    return None if head is None else TrueHead(head)


def _started(recipe: LandmarksRecipe, crops: FaceCrops) -> LandmarkNetwork:
    network = LandmarkNetwork(recipe.network)
    network.start_from(typical(crops))
    return network


def typical(crops: FaceCrops, count: int = 256) -> dict[str, np.ndarray]:
    """Points (M, K, D) of drawn faces by scheme, the same M faces where they have all schemes."""
    batch = crops.batch(12345, 0, count)
    labelled = {name: weights.min(1) > 0 for name, weights in batch.weights.items()}
    common = np.all(list(labelled.values()), axis=0)
    rows = {name: common if common.sum() > 1 else mine for name, mine in labelled.items()}
    return {name: batch.points[name][mine] for name, mine in rows.items() if mine.any()}


def expression_errors(said: np.ndarray, batch: Batch) -> np.ndarray:
    """Mean error (F,) in percent of the weights `said` (B, E) of each face whose are known."""
    truth = np.stack([attribute_of(batch, name) for name in expression_attributes()], 1)
    known = np.isfinite(truth).all(1)
    return 100 * np.abs(said - truth)[known].mean(1)


def mean_errors(said: np.ndarray, batch: Batch, scheme: str) -> np.ndarray:
    """Mean distance (F,) in x and y over the believed points of each face, in percent of the
    distance of its outer eye corners, or of sqrt(w h) of its points where the scheme has none.

    `said` (B, K, 2 or 3) pixels of the crop. Only faces with believed points and eyes.
    """
    truth, weight = batch.points[scheme][..., :2], batch.weights[scheme]
    corners = schemes.get(scheme).outer_eye_corners
    if corners is None:
        seen = np.where(weight[..., None] > 0, truth, np.nan)
        sure = (weight > 0).sum(1) > 2
        extent = np.nanmax(seen[sure], 1) - np.nanmin(seen[sure], 1)
        length = np.zeros(len(truth))
        length[sure] = np.sqrt(extent.prod(1))
        sure &= length > 0
    else:
        length = np.linalg.norm(truth[:, corners[0]] - truth[:, corners[1]], axis=-1)
        sure = (weight[:, list(corners)] > 0).all(1)
        sure &= length > LEAST_EYES * batch.images.shape[1]
    d = np.linalg.norm(said[..., :2] - truth, axis=-1)
    believed = weight > 0
    mean = (d * believed).sum(1)[sure] / believed.sum(1)[sure]
    return mean / length[sure] * 100


def make(recipe: LandmarksRecipe, packs: tuple[Path, ...]) -> LandmarksTask:
    """The task over `packs`, or over those of the recipe."""
    return LandmarksTask(recipe, landmark_data(recipe, packs))
