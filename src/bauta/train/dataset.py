"""Random crops of packed faces, with everything that moves along, as numpy batches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bauta.data import teachers
from bauta.data.crops import PACK, PACK_MARGIN, CropPack, load_pack
from bauta.data.cutouts import people_in_negatives
from bauta.data.labels import Targets, make_targets
from bauta.data.splits import split_of
from bauta.geometry import affine
from bauta.schemes import MIRROR68
from bauta.tables import mesh478
from bauta.train import augment


@dataclass(frozen=True)
class Batch:
    """B crops. Points in pixels of the crop, weights >= 0; `present` (B,) 1 face, 0 none."""

    images: np.ndarray
    mesh: np.ndarray
    mesh_weight: np.ndarray
    points3d: np.ndarray
    points3d_weight: np.ndarray
    points68: np.ndarray
    points68_weight: np.ndarray
    present: np.ndarray


POINT_SETS = ("mesh", "points3d", "points68")
_BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)


def background_photos(split: str) -> list[np.ndarray]:
    """Photographs that show nobody, RGB."""
    pictures, boxes = teachers.read_pictures("negatives"), teachers.read_boxes("negatives")
    shown = people_in_negatives()
    return [
        teachers.decode(data)
        for file, data in sorted(pictures.items())
        if not len(boxes[file][0]) and file not in shown and split_of(file) == split
    ]


class FaceCrops:
    """Draws crops of `size` pixels of one split. The same (seed, step) gives the same batch."""

    def __init__(self, folder: Path, split: str, size: int, absent: float = 0.18) -> None:
        self.pack: CropPack = load_pack(folder)
        self.targets: Targets = make_targets(self.pack)
        self.rows = np.flatnonzero(self.pack.split == split)
        self.size, self.absent = size, absent
        self.photos = background_photos(split)
        file = folder / "lookalikes.npy"
        self.lookalikes = np.load(file, mmap_mode="r") if file.exists() else None
        self._mirror = {"mesh": mesh478()["mirror"], "points3d": MIRROR68, "points68": MIRROR68}
        weight = np.where(
            self.pack.source == "ytf", 2.0, np.where(self.pack.source == "lfw", 0.8, 1.2)
        )
        weight = weight * (1 + 2.0 * (np.abs(self.targets.yaw) > 25))
        weight *= 1 + 1.5 * (self.pack.eye_ratio().min(1) < 0.12)
        weight = weight[self.rows] * (self.pack.asym[self.rows] < 12)
        self._share = weight / weight.sum()

    def photo(self, rng: np.random.Generator) -> np.ndarray:
        """A random square of a photograph without faces, `size` pixels."""
        image = self.photos[rng.integers(len(self.photos))]
        side = rng.uniform(0.2, 1.0) * min(image.shape[:2])
        room = np.array([image.shape[1], image.shape[0]]) - side
        T = affine.similarity(rng.uniform(0, 1, 2) * room + side / 2, side, 0.0, self.size)
        return cv2.warpAffine(image, affine.for_opencv(T), (self.size, self.size))

    def _warp(self, rng: np.random.Generator, row: int, T: np.ndarray) -> np.ndarray:
        """The crop, with what lies outside of the picture filled in one of several ways."""
        x1, y1, x2, y2 = np.clip(np.round(self.pack.rect[row]), 0, PACK).astype(int)
        inner = np.ascontiguousarray(self.pack.images[row, y1:y2, x1:x2])
        T = affine.compose(T, np.array([[1, 0, x1], [0, 1, y1]], np.float64))
        size, M = (self.size, self.size), affine.for_opencv(T)
        choice = int(rng.integers(len(_BORDERS) + 1))
        if choice == len(_BORDERS):
            out = self.photo(rng)
            cv2.warpAffine(inner, M, size, dst=out, borderMode=cv2.BORDER_TRANSPARENT)
            return out
        return cv2.warpAffine(inner, M, size, borderMode=_BORDERS[choice])

    def _face(self, rng: np.random.Generator, row: int, jitter: augment.Jitter) -> dict:
        T = augment.draw_map(rng, jitter, PACK, PACK_MARGIN, self.size)
        image = self._warp(rng, row, T)
        flip = rng.random() < 0.5
        item: dict = {"present": 1.0}
        for key in POINT_SETS:
            points = affine.apply(T, getattr(self.targets, key)[row])
            weight = getattr(self.targets, f"{key}_weight")[row]
            if flip:
                points, weight = points[self._mirror[key]], weight[self._mirror[key]]
                points[:, 0] = self.size - points[:, 0]
            item[key], item[f"{key}_weight"] = points, weight
        item["images"] = np.ascontiguousarray(image[:, ::-1]) if flip else image
        if rng.random() < 0.15:
            outline = item["mesh"][:468, :2]
            item["images"] = augment.replace_background(
                rng, item["images"], outline, self.photo(rng)
            )
        if rng.random() < 0.2:
            item["images"] = augment.occlude(rng, item["images"], self.photo(rng))
        return item

    def _no_face(self, rng: np.random.Generator, row: int) -> dict:
        """A background, a look-alike, or a face far outside of the framing that is tracked."""
        item: dict = {"present": 0.0}
        for key in POINT_SETS:
            points = getattr(self.targets, key)[row]
            item[key] = np.zeros_like(points)
            item[f"{key}_weight"] = np.zeros(len(points), np.float32)
        kind = rng.random()
        if kind < 0.3:
            item["images"] = self.photo(rng)
            return item
        if kind < 0.7 and self.lookalikes is not None:
            image = self.lookalikes[rng.integers(len(self.lookalikes))]
            T = augment.draw_map(rng, augment.Jitter(), PACK, PACK_MARGIN, self.size)
            item["images"] = cv2.warpAffine(image, affine.for_opencv(T), (self.size, self.size))
            return item
        side = PACK / PACK_MARGIN * rng.choice([rng.uniform(0.2, 0.4), rng.uniform(0.8, 1.5)])
        away = rng.uniform(0.65, 1.0) * max(side, PACK / PACK_MARGIN) if side > 60 else 0.0
        a = rng.uniform(0, 2 * np.pi)
        center = PACK / 2 + away * np.array([np.cos(a), np.sin(a)])
        T = affine.similarity(center, side, float(rng.normal() * 0.3), self.size)
        item["images"] = self._warp(rng, row, T)
        return item

    def batch(self, seed: int, step: int, count: int, jitter: augment.Jitter) -> Batch:
        """`count` crops, the same for the same (seed, step)."""
        rng = np.random.default_rng([seed, step])
        items = []
        for row in rng.choice(self.rows, count, p=self._share):
            item = (
                self._no_face(rng, row)
                if rng.random() < self.absent
                else self._face(rng, row, jitter)
            )
            item["images"] = augment.appearance(rng, item["images"])
            items.append(item)
        stacked = {
            key: np.stack([item[key] for item in items]) for key in items[0] if key != "present"
        }
        present = np.array([item["present"] for item in items], np.float32)
        return Batch(**stacked, present=present)

    def batches(
        self, seed: int, steps: range, count: int, jitter: augment.Jitter
    ) -> Iterator[Batch]:
        """The batches of `steps`, drawn ahead by one thread."""
        ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=4)
        stop = threading.Event()

        def offer(item: Batch | BaseException) -> None:
            while not stop.is_set():
                try:
                    ready.put(item, timeout=0.5)
                    return
                except queue.Full:
                    continue

        def work() -> None:
            try:
                for step in steps:
                    if stop.is_set():
                        return
                    offer(self.batch(seed, step, count, jitter))
            except BaseException as error:  # handed over to the training thread
                offer(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            for _ in steps:
                item = ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
