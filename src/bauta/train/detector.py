"""Train the face detector: `python -m bauta.train.detector recipes/detector.toml runs/detector`.

Scenes are composed by a second process into a pool on disk, which the loop draws from; the loop
stops after `minutes` of processor time, however busy the machine, and goes on where its last
checkpoint ended. The averaged weights are what is exported.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import multiprocessing
import os
import sys
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bauta.checks import InputError
from bauta.train.detector_loss import detector_loss
from bauta.train.networks.detector import DetectorNetwork
from bauta.train.starts import read_start

log = logging.getLogger(__name__)
MOST_FACES = 32


@dataclass(frozen=True)
class DetectorRecipe:
    """Settings of one training run."""

    minutes: float = 49.0
    """Processor time of the loop, over all resumptions."""
    side: int = 320
    """Scenes are side x side pixels."""
    batch: int = 16
    rate: float = 2e-3
    """Peak learning rate; warm-up, then a cosine over `minutes`."""
    decay: float = 0.02
    average: float = 0.998
    """Exponential moving average of the weights, per step."""
    pool: int = 4000
    """Scenes held on disk."""
    compose_share: float = 0.3
    """Share of one core that composing may take once the pool is full."""
    enlarged: float = 0.12
    """Share of batches that are enlarged twice: faces of up to 600 pixels."""
    seed: int = 1
    checkpoint_minutes: float = 1.5

    def __post_init__(self) -> None:
        if self.side % 32 or self.batch < 4 or self.batch % 4:
            raise InputError("recipe: side must be a multiple of 32 and batch a multiple of 4")


class Pool:
    """Scenes in memory-mapped files: pictures, and boxes (MOST_FACES, 5) with their kind."""

    def __init__(self, folder: Path, count: int, side: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        shapes = {
            "images": (np.uint8, (count, side, side, 3)),
            "boxes": (np.float32, (count, MOST_FACES, 5)),
            "filled": (np.int64, (1,)),
        }
        arrays = {}
        for name, (kind, shape) in shapes.items():
            path = folder / f"{name}.bin"
            mode = "r+" if path.exists() else "w+"
            arrays[name] = np.memmap(path, kind, mode, shape=shape)
        self.images, self.boxes, self.filled = arrays["images"], arrays["boxes"], arrays["filled"]

    def ready(self) -> int:
        """Number of scenes that can be drawn."""
        return int(self.filled[0])


def compose_forever(folder: Path, recipe: DetectorRecipe) -> None:
    """Fill the pool, then go round and replace the oldest scenes; ends with its parent."""
    from bauta.data.scenes import SceneMaker

    cv2.setNumThreads(1)
    os.nice(5)
    pool, maker = Pool(folder, recipe.pool, recipe.side), SceneMaker("train")
    rng = np.random.default_rng(time.time_ns())
    ready = pool.ready()
    slot = ready % recipe.pool
    parent = os.getppid()
    while os.getppid() == parent:
        start = time.perf_counter()
        scene = maker.compose(rng, recipe.side, recipe.side)
        table = np.zeros((MOST_FACES, 5), np.float32)
        known = [(box, 1) for box in scene.boxes] + [(box, -1) for box in scene.ignore]
        for row, (box, kind) in enumerate(known[:MOST_FACES]):
            table[row] = (*box, kind)
        pool.images[slot], pool.boxes[slot] = scene.image, table
        slot = (slot + 1) % recipe.pool
        if ready < recipe.pool:
            ready += 1
            pool.filled[0] = ready
        else:
            spent = time.perf_counter() - start
            time.sleep(spent * (1 / recipe.compose_share - 1))


def draw(pool: Pool, recipe: DetectorRecipe, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch: pictures (B, 3, S, S) of 0..255, boxes (B, G, 5); mirrored, a little relit."""
    rows = rng.integers(0, pool.ready(), recipe.batch)
    images, boxes = pool.images[rows], pool.boxes[rows].copy()
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    if rng.random() < 0.5:
        pictures = pictures.flip(3)
        boxes[..., [0, 2]] = recipe.side - boxes[..., [2, 0]]
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (recipe.batch, 3, 1, 1))).float()
    pictures = (pictures * gain).clamp(0, 255)
    if rng.random() < recipe.enlarged:
        quarter = recipe.batch // 4
        pictures = interpolate(pictures[:quarter], scale_factor=2.0, mode="bilinear")
        boxes = boxes[:quarter]
        boxes[..., :4] *= 2
    return pictures, torch.from_numpy(boxes)


class Run:
    """Network, averaged network, optimiser and clock of one run, in one checkpoint file."""

    def __init__(self, folder: Path, recipe: DetectorRecipe, init: Path | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.path, self.recipe = folder / "checkpoint.pt", recipe
        self.network = DetectorNetwork().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        groups = [
            {"params": [p for p in self.network.parameters() if p.ndim > 1]},
            {"params": [p for p in self.network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
        self.step, self.minutes = 0, 0.0
        if self.path.exists():
            saved = torch.load(self.path, weights_only=True)
            self.network.load_state_dict(saved["network"])
            self.average.load_state_dict(saved["average"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step, self.minutes = saved["step"], saved["minutes"]
        elif init is not None:
            self.network.load_state_dict(read_start(init))
            self.average.load_state_dict(read_start(init))

    def save(self) -> None:
        """Write the checkpoint; the file is replaced at once, never half written."""
        part = self.path.with_suffix(".part")
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "minutes": self.minutes,
            "recipe": asdict(self.recipe),
        }
        torch.save(state, part)
        part.replace(self.path)

    def learn(self, pictures: Tensor, boxes: Tensor) -> dict[str, float]:
        """One step; returns the losses."""
        done = min(self.minutes / self.recipe.minutes, 1.0)
        rate = self.recipe.rate * min(1.0, (self.step + 1) / 300)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * done)))
        self.network.train()
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.network(pictures)
        size = (pictures.shape[2], pictures.shape[3])
        losses = detector_loss(outputs, boxes[..., :4], boxes[..., 4], size)
        self.optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._follow(min(self.recipe.average, (self.step + 1) / (self.step + 20)))
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def _follow(self, keep: float) -> None:
        new = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - keep)
            else:
                value.copy_(new[name])


def train(recipe: DetectorRecipe, folder: Path, init: Path | None = None) -> None:
    """Train until the recipe's minutes are spent, from the last checkpoint if there is one, else
    from `init`, weights of an earlier run."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    pool, run = Pool(folder / "pool", recipe.pool, recipe.side), Run(folder, recipe, init)
    spawn = multiprocessing.get_context("spawn")
    composer = spawn.Process(target=compose_forever, args=(folder / "pool", recipe), daemon=True)
    composer.start()
    while pool.ready() < min(500, recipe.pool):
        time.sleep(1.0)
    rng, last, shown = np.random.default_rng(time.time_ns()), time.process_time(), {}
    saved = run.minutes
    while run.minutes < recipe.minutes:
        for name, value in run.learn(*draw(pool, recipe, rng)).items():
            shown[name] = 0.99 * shown.get(name, value) + 0.01 * value
        now = time.process_time()
        run.minutes += (now - last) / 60
        last = now
        if run.minutes - saved > recipe.checkpoint_minutes or run.minutes >= recipe.minutes:
            run.save()
            saved = run.minutes
            text = " ".join(f"{name} {value:.4f}" for name, value in shown.items())
            log.info("%.1f min, step %d: %s", run.minutes, run.step, text)
    composer.terminate()


def main(arguments: list[str]) -> None:
    """Train the detector from a recipe into the folder of a run."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--init", type=Path, help="weights of an earlier run, weights/<name>.npz")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = DetectorRecipe(**tomllib.loads(options.recipe.read_text()))
    train(recipe, options.folder, options.init)


if __name__ == "__main__":
    main(sys.argv[1:])
