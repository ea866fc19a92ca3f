"""Train a landmark regressor: `python -m bauta.train.landmarks recipes/base.toml --out runs/base`.

One loop: draw a batch, predict, sum the losses, step, average the weights, now and then look at the
held-out people and write a checkpoint. Starting it again continues from the last checkpoint.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from bauta.checks import InputError
from bauta.train import losses
from bauta.train.augment import Jitter
from bauta.train.dataset import POINT_SETS, Batch, FaceCrops
from bauta.train.networks.landmarks import LandmarkNet, LandmarkNetConfig
from bauta.train.starts import read_start

log = logging.getLogger("bauta.train")

LIPS_AND_LIDS = [[159, 145], [160, 144], [158, 153], [386, 374], [385, 380], [387, 373], [13, 14]]
"""Pairs of mesh points, upper and lower lids and inner lips."""
DETAIL = 3.0
"""Weight of mesh points on lids, brows, lips and irises against the rest."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run; saved with every checkpoint."""

    network: LandmarkNetConfig = field(default_factory=LandmarkNetConfig)
    jitter: Jitter = field(default_factory=Jitter)
    steps: int = 12000
    batch: int = 128
    rate: float = 2e-3
    """Peak learning rate of AdamW; warm-up over 300 steps, then a cosine to zero."""
    decay: float = 0.02
    average: float = 0.998
    """Decay of the exponential average of the weights, which is what is exported."""
    seed: int = 0
    threads: int = 1
    bits: int = 16
    """Bits of a stored weight: 16, or 8 with one scale an output channel."""
    half: bool = True
    """Convolutions in bfloat16."""
    mesh: float = 1.0
    points3d: float = 0.7
    points68: float = 1.0
    gap: float = 0.4
    sigma: float = 0.1
    presence: float = 0.5


def read_recipe(path: Path) -> Recipe:
    """Recipe from a TOML file; InputError for an unknown key."""
    table = tomllib.loads(path.read_text())
    network: dict[str, Any] = table.pop("network", {})
    network = {key: tuple(v) if isinstance(v, list) else v for key, v in network.items()}
    jitter = table.pop("jitter", {})
    try:
        return Recipe(network=LandmarkNetConfig(**network), jitter=Jitter(**jitter), **table)
    except TypeError as error:
        raise InputError(f"{path}: {error}") from error


def _detail_weights() -> Tensor:
    from bauta.tables import mesh478

    table = mesh478()
    weights = torch.ones(478)
    for key, edges in table.items():
        if key.startswith("edges_") and key not in ("edges_tesselation", "edges_face_oval"):
            weights[np.unique(edges).astype(int)] = DETAIL
    return weights


class Objective:
    """Named losses of a batch."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.pairs = torch.tensor(LIPS_AND_LIDS)
        self.detail = _detail_weights()

    def __call__(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        size, terms = self.recipe.network.size, {}
        for key in POINT_SETS:
            target = torch.from_numpy(getattr(batch, key))
            weight = torch.from_numpy(getattr(batch, f"{key}_weight"))
            if key == "mesh":
                mesh_weight = weight[:, : len(self.pairs)]
                terms["gap"] = losses.weighted_mean(
                    losses.gap_error(out[key], target, self.pairs, size), mesh_weight
                )
                weight = weight * self.detail
            d = losses.distance(out[key], target, size)
            terms[key] = losses.weighted_mean(d, weight)
            nll = losses.laplace_nll(d.detach(), out[f"{key}_log_sigma"])
            terms[f"{key}_sigma"] = losses.weighted_mean(nll, weight)
        terms["presence"] = losses.presence_loss(out["presence"], torch.from_numpy(batch.present))
        return terms

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Weighted sum of the terms."""
        r = self.recipe
        scale = {key: getattr(r, key, r.sigma) for key in terms}
        return torch.stack([scale[key] * value for key, value in terms.items()]).sum()


def images_to_tensor(images: np.ndarray) -> Tensor:
    """uint8 (B, S, S, 3) to float (B, 3, S, S) in -1..1, channels last."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (x / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def learning_rate(step: int, recipe: Recipe) -> float:
    """Warm-up and cosine."""
    warm = min(1.0, (step + 1) / 300)
    return recipe.rate * warm * 0.5 * (1 + float(np.cos(np.pi * step / recipe.steps)))


def mean_points(data: FaceCrops) -> dict[str, np.ndarray]:
    """Mean of each point set over one large batch, pixels of the crop."""
    batch = data.batch(12345, 0, 512, Jitter(roll=0, wide=0, shift=0, scale=0))
    faces = batch.present > 0
    return {key: getattr(batch, key)[faces].mean(0).astype(np.float32) for key in POINT_SETS}


@torch.no_grad()
def validate(net: LandmarkNet, batches: list[Batch]) -> dict[str, float]:
    """Mean distances over outer eye corners (percent) per head, and presence accuracy."""
    net.eval()
    errors: dict[str, list[np.ndarray]] = {key: [] for key in POINT_SETS}
    right = []
    for batch in batches:
        out = net(images_to_tensor(batch.images))
        for key in POINT_SETS:
            truth, weight = getattr(batch, key), getattr(batch, f"{key}_weight")
            a, b = (33, 263) if key == "mesh" else (36, 45)
            eyes = np.linalg.norm(truth[:, a, :2] - truth[:, b, :2], axis=-1)
            d = np.linalg.norm(out[key].numpy()[..., :2] - truth[..., :2], axis=-1)
            sure = (weight.max(1) > 0.5) & (eyes > 12)
            errors[key].append(d[sure].mean(1) / eyes[sure] * 100)
        right.append((out["presence"].numpy() > 0) == (batch.present > 0.5))
    net.train()
    scores = {key: float(np.concatenate(values).mean()) for key, values in errors.items()}
    return {**scores, "presence": float(np.concatenate(right).mean())}


class Run:
    """State of a training that can be written and taken up again."""

    def __init__(
        self, recipe: Recipe, folder: Path, data: FaceCrops, init: Path | None = None
    ) -> None:
        self.recipe, self.folder, self.step = recipe, folder, 0
        torch.manual_seed(recipe.seed)
        self.net = LandmarkNet(recipe.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.net.set_means(mean_points(data))
        self.average = LandmarkNet(recipe.network)
        self.average.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), recipe.rate, weight_decay=recipe.decay
        )
        if self.checkpoint.exists():
            self._load()
        elif init is not None:
            self._start_from(init)

    @property
    def checkpoint(self) -> Path:
        """File of the last state."""
        return self.folder / "checkpoint.pt"

    def _load(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.step = state["step"]
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        log.info("continuing from step %d", self.step)

    def _start_from(self, path: Path) -> None:
        """Take over the weights that `bauta.train.export` left of an earlier run."""
        state = read_start(path)
        self.net.load_state_dict(state)
        self.average.load_state_dict(state)

    @staticmethod
    def read_average(folder: Path) -> dict[str, Tensor]:
        """Averaged weights of a run's last checkpoint."""
        return torch.load(folder / "checkpoint.pt", weights_only=True)["average"]

    def save(self) -> None:
        """Write the state, atomically."""
        state = {
            "step": self.step,
            "recipe": json.dumps(dataclasses.asdict(self.recipe)),
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def update_average(self) -> None:
        """One step of the exponential average; fast at the start."""
        keep = min(self.recipe.average, (self.step + 1) / (self.step + 20))
        pairs = zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True)
        for mine, theirs in pairs:
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


def train(
    recipe: Recipe, folder: Path, pack: Path, init: Path | None = None, every: int = 500
) -> None:
    """Run the recipe to its end; checkpoints and `log.jsonl` in `folder`.

    A folder with a checkpoint is continued; else `init`, weights of an earlier run, is the start.
    """
    torch.set_num_threads(recipe.threads)
    cv2.setNumThreads(1)
    folder.mkdir(parents=True, exist_ok=True)
    data = FaceCrops(pack, "train", recipe.network.size)
    held_out = FaceCrops(pack, "val", recipe.network.size)
    checks = [held_out.batch(1, i, 128, recipe.jitter) for i in range(8)]
    run, objective = Run(recipe, folder, data, init), Objective(recipe)
    started, first = time.monotonic(), run.step
    steps = range(run.step, recipe.steps)
    for batch in data.batches(recipe.seed, steps, recipe.batch, recipe.jitter):
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate(run.step, recipe)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            out = run.net(images_to_tensor(batch.images))
        terms = objective(out, batch)
        run.optimizer.zero_grad()
        objective.total(terms).backward()
        torch.nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
        run.optimizer.step()
        run.update_average()
        run.step += 1
        if run.step % every == 0 or run.step == recipe.steps:
            run.save()
            speed = (run.step - first) * recipe.batch / (time.monotonic() - started)
            entry = {"step": run.step, "crops_per_s": round(speed)}
            entry |= {key: round(float(value.detach()), 3) for key, value in terms.items()}
            entry |= {f"val_{k}": round(v, 3) for k, v in validate(run.average, checks).items()}
            with (folder / "log.jsonl").open("a") as file:
                file.write(json.dumps(entry) + "\n")
            log.info("%s", entry)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="weights of an earlier run, weights/<name>.npz")
    parser.add_argument("--pack", type=Path, default=Path(".packs/faces"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(read_recipe(options.recipe), options.out, options.pack, options.init)


if __name__ == "__main__":
    main()
