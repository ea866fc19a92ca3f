"""A pool of composed scenes on disk, filled by a second process and drawn from by the training."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import ModelError, SinkError
from bauta.data.canvas import Scene

MOST_FACES = 32


def face_table(scene: Scene) -> np.ndarray:
    """(MOST_FACES, 5) float32: x1 y1 x2 y2 and the kind, 1 a face, -1 to ignore, 0 padding."""
    table = np.zeros((MOST_FACES, 5), np.float32)
    known = [(box, 1) for box in scene.boxes] + [(box, -1) for box in scene.ignore]
    for row, (box, kind) in enumerate(known[:MOST_FACES]):
        table[row] = (*box, kind)
    return table


class Pool:
    """`count` scenes of `side` pixels in memory-mapped files, and which of them are filled."""

    def __init__(self, folder: Path, count: int, side: int) -> None:
        shapes = {
            "images": (np.uint8, (count, side, side, 3)),
            "boxes": (np.float32, (count, MOST_FACES, 5)),
            "filled": (np.int64, (1,)),
        }
        arrays = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, (kind, shape) in shapes.items():
                path = folder / f"{name}.bin"
                size = int(np.prod(shape)) * np.dtype(kind).itemsize
                if path.exists() and path.stat().st_size != size:
                    raise ModelError(f"{path}: a pool of another size; remove its folder")
                arrays[name] = np.memmap(path, kind, "r+" if path.exists() else "w+", shape=shape)
        except OSError as error:
            raise SinkError(f"{folder}: cannot keep a pool of scenes: {error}") from error
        self.images, self.boxes, self.filled = arrays["images"], arrays["boxes"], arrays["filled"]

    def ready(self) -> int:
        """Number of scenes that can be drawn."""
        return int(self.filled[0])


def compose_forever(folder: Path, count: int, side: int, share: float, turned: Path | None) -> None:
    """Fill the pool, then go round and replace the oldest scenes with `share` of one core; ends
    with its parent."""
    from bauta.data.scenes import SceneMaker

    cv2.setNumThreads(1)
    os.nice(5)
    pool, maker = Pool(folder, count, side), SceneMaker("train", turned=turned)
    rng = np.random.default_rng(time.time_ns())
    ready = pool.ready()
    slot = ready % count
    parent = os.getppid()
    while os.getppid() == parent:
        start = time.perf_counter()
        scene = maker.compose(rng, side, side)
        pool.images[slot], pool.boxes[slot] = scene.image, face_table(scene)
        slot = (slot + 1) % count
        if ready < count:
            ready += 1
            pool.filled[0] = ready
        else:
            time.sleep((time.perf_counter() - start) * (1 / share - 1))


def start_composer(
    folder: Path, count: int, side: int, share: float, turned: Path | None
) -> BaseProcess:
    """The second process; it dies with this one."""
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(
        target=compose_forever, args=(folder, count, side, share, turned), daemon=True
    )
    process.start()
    return process
