"""Scenes for the detector: labelled faces pasted into photographs without people.

A scene begins with a background (a clean photograph, a mosaic of whole pictures, plain colour) and
takes patches, each a similarity transform of one picture under a soft mask. The faces of a patch
become boxes (well visible and sure), regions to ignore (doubtful, tiny, half hidden) or nothing.
Patches without faces are pasted in the same way, so that a pasted edge says nothing.

Everything is drawn from the generator handed in: the same seed makes the same scene.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import check_choice
from bauta.data.canvas import Canvas, Scene, shrink, similarity, soft_mask
from bauta.data.cutouts import Face, Picture, box_of, packed_cutouts, read_backgrounds, read_cutouts
from bauta.data.degrade import degrade, grey

SOURCES = {"ytf": 0.45, "masks": 0.27, "lfw": 0.22, "negatives": 0.06}
"""Share of the pasted pictures by set."""
TURNED = 0.2
"""Share of faces turned to the side, where there is a pack of them."""
FRAMES = ("hard", "plain", "pages")
"""Kinds of scene to judge by."""
LEAST_CELL = 56
"""Smallest side of a cell of a mosaic, pixels; cells are nearly square."""


def tint(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a grey picture a skin-like chroma, stronger where it is bright."""
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    strength = 0.4 + 0.6 * np.minimum(light, 160) / 160
    red, blue = rng.uniform(4, 34) * strength, -rng.uniform(4, 30) * strength
    planes = np.stack([light, red + 128, blue + 128], 2)
    return cv2.cvtColor(np.clip(planes, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)


@dataclass(frozen=True)
class Patch:
    """What is pasted: `image` (h, w, 3), its `faces`, and the mask: the box `area` (4,) in pixels
    of the image, oval or not, `feather` as a share of the area's width."""

    image: np.ndarray
    faces: tuple[Face, ...]
    area: np.ndarray
    oval: bool
    feather: float


def roll_of(rng: np.random.Generator) -> float:
    """Degrees: mostly nearly upright, often up to 45, now and then up to 100."""
    kind = rng.random()
    if kind < 0.5:
        return float(rng.normal(0, 8))
    return float(rng.uniform(-45, 45) if kind < 0.95 else rng.uniform(-100, 100))


def cut(image: np.ndarray, picture: Picture, box: np.ndarray, rng: np.random.Generator) -> Patch:
    """The patch around a box (4,): an oval, a rectangle with context, or the whole picture."""
    whole = np.array([0, 0, image.shape[1], image.shape[0]], np.float32)
    span = float((box[2:] - box[:2]).mean())
    kind = rng.random()
    if kind < 0.3:
        return Patch(image, picture.faces, whole, False, float(rng.choice([0.0, 0.03, 0.08])))
    oval = bool(kind < 0.6)
    margin = rng.uniform(0.1, 0.5, 4) if oval else rng.uniform(0.1, 1.2, 4)
    area = box + margin * span * (-1, -1, 1, 1)
    if not oval or rng.random() < 0.5:
        area = np.clip(area, 0, whole[[2, 3, 2, 3]])
    return Patch(image, picture.faces, area, oval, float(rng.choice([0.0, 0.03, 0.08, 0.15])))


def put(canvas: Canvas, patch: Patch, matrix: np.ndarray, clip: np.ndarray | None = None) -> bool:
    """Paste a patch through `matrix` (2, 3), shrinking it first where that avoids aliasing."""
    scale = float(np.hypot(*matrix[:, 0]))
    small, factors = shrink(patch.image, scale)
    area = patch.area * np.tile(factors, 2)
    feather = patch.feather * float(area[2] - area[0])
    mask = soft_mask(small.shape[:2], area, patch.oval, feather)
    outlines = [(face.outline * factors, face.sure) for face in patch.faces]
    inner = np.concatenate([matrix[:, :2] / factors, matrix[:, 2:]], 1)
    return canvas.paste(small, outlines, inner, mask, clip)


class SceneMaker:
    """Makes scenes of one split. `smallest` and `largest`: face sizes, root of the area, pixels.

    `turned`: a pack of faces turned to the side, which then take the share `TURNED`.
    """

    def __init__(
        self,
        split: str,
        smallest: float = 9.0,
        largest: float = 300.0,
        turned: Path | None = None,
    ) -> None:
        self.clean, peopled = read_backgrounds(split)
        self.sources: dict[str, list[Picture]] = {
            name: read_cutouts(name, split) for name in ("ytf", "masks", "lfw")
        }
        self.sources["negatives"] = peopled
        self.shares = SOURCES
        if turned is not None:
            self.sources["turned"] = packed_cutouts(turned, split)
            self.shares = {name: share * (1 - TURNED) for name, share in SOURCES.items()}
            self.shares["turned"] = TURNED
        self.smallest, self.largest = smallest, largest

    def compose(self, rng: np.random.Generator, height: int, width: int) -> Scene:
        """One scene of the given size."""
        mosaic = rng.random() < 0.3
        canvas = Canvas(self._background(rng, height, width))
        if mosaic:
            self._mosaic(canvas, rng)
        empty = rng.random() < 0.12
        count = 0 if empty else int(rng.integers(0 if mosaic else 1, 7))
        for _ in range(count):
            self._face(canvas, rng)
        for _ in range(int(rng.integers(0, 4))):
            self._distractor(canvas, rng)
        canvas.image = degrade(canvas.image, rng)
        return canvas.scene()

    def frame(self, seed: int, kind: str, height: int = 480, width: int = 640) -> Scene:
        """A scene to judge by, the same for the same seed. `kind`: `hard` as in training; `plain`
        pastes with context into a photograph, nothing degraded; `pages` whole real pictures;
        `turned` as `plain`, of turned faces alone, where the maker has some."""
        kinds = (*FRAMES, "turned") if "turned" in self.sources else FRAMES
        rng = np.random.default_rng([seed, kinds.index(check_choice(kind, kinds, "frame"))])
        if kind == "hard":
            return self.compose(rng, height, width)
        canvas = Canvas(self._photograph(rng, height, width))
        if kind == "pages":
            self._mosaic(canvas, rng)
        else:
            for _ in range(int(rng.integers(1, 6))):
                self._face(canvas, rng, "turned" if kind == "turned" else None)
        return canvas.scene()

    def _photograph(self, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        image = self.clean[rng.integers(len(self.clean))].image()
        if rng.random() < 0.15:
            image = np.ascontiguousarray(np.rot90(image, int(rng.integers(1, 4))))
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
        cover = max(height / image.shape[0], width / image.shape[1])
        scale = cover * np.exp(rng.uniform(0, 0.9))
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        low, right = max(height - image.shape[0], 0), max(width - image.shape[1], 0)
        image = cv2.copyMakeBorder(image, 0, low, 0, right, cv2.BORDER_REFLECT)
        y = int(rng.integers(0, image.shape[0] - height + 1))
        x = int(rng.integers(0, image.shape[1] - width + 1))
        return image[y : y + height, x : x + width].copy()

    def _background(self, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        if rng.random() < 0.88:
            return self._photograph(rng, height, width)
        corners = (rng.uniform(0, 255, (2, 2, 3)) * rng.random()).astype(np.float32)
        plain = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(plain, 0, 255).astype(np.uint8)

    def _pick(
        self, rng: np.random.Generator, source: str | None = None
    ) -> tuple[Picture, np.ndarray]:
        name = source or rng.choice(list(self.shares), p=list(self.shares.values()))
        pool = self.sources[name]
        picture = pool[rng.integers(len(pool))]
        image = picture.image()
        if name == "lfw" and rng.random() < 0.6:
            image = tint(image, rng)
        return picture, image

    def _mosaic(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Whole real pictures side by side, each cropped to its cell."""
        height, width = canvas.image.shape[:2]
        side = LEAST_CELL * (min(height, width) / LEAST_CELL) ** (rng.random() ** 0.5)
        rows, columns = max(round(height / side), 1), max(round(width / side), 1)
        ys = np.linspace(0, height, rows + 1).astype(int)
        xs = np.linspace(0, width, columns + 1).astype(int)
        for y1, y2 in itertools.pairwise(ys):
            for x1, x2 in itertools.pairwise(xs):
                picture, image = self._pick(rng)
                cell, size = np.array([x2 - x1, y2 - y1]), np.array(image.shape[1::-1])
                scale = float((cell / size).max() * np.exp(rng.uniform(0, 0.4)))
                flip = bool(rng.random() < 0.5)
                slack = (size * scale - cell).clip(0) / 2
                target = (x1, y1) + cell / 2 + rng.uniform(-1, 1, 2) * slack
                matrix = similarity(scale, 0.0, flip, size / 2, target)
                area = np.array([0, 0, *size], np.float32)
                patch = Patch(image, picture.faces, area, False, 0.0)
                put(canvas, patch, matrix, np.array([x1, y1, x2, y2]))

    def _face(self, canvas: Canvas, rng: np.random.Generator, source: str | None = None) -> None:
        """One face at a random size, place and roll, with more or less of what surrounds it."""
        height, width = canvas.image.shape[:2]
        picture, image = self._pick(rng, source)
        box = box_of(picture.faces[rng.integers(len(picture.faces))].outline)
        largest = min(self.largest, 0.9 * max(height, width))
        size = self.smallest * (largest / self.smallest) ** (rng.random() ** 0.75)
        scale = float(size / max(float((box[2:] - box[:2]).prod()) ** 0.5, 1.0))
        patch = cut(image, picture, box, rng)
        for _ in range(3):
            target = rng.uniform(-0.02, 1.02, 2) * (width, height)
            flip = bool(rng.random() < 0.5)
            matrix = similarity(scale, roll_of(rng), flip, (box[:2] + box[2:]) / 2, target)
            if put(canvas, patch, matrix):
                return

    def _distractor(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """A piece of a photograph without people, pasted just as a face would be."""
        picture = self.clean[rng.integers(len(self.clean))]
        image = picture.image()
        size = np.array(image.shape[1::-1])
        span = size * rng.uniform(0.1, 0.5, 2)
        low = rng.uniform(0, 1, 2) * (size - span)
        box = np.concatenate([low, low + span]).astype(np.float32)
        if rng.random() < 0.5:
            image = grey(image, 1.0)
            image = tint(image, rng) if rng.random() < 0.5 else image
        scale = float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
        target = rng.uniform(0, 1, 2) * canvas.image.shape[1::-1]
        matrix = similarity(scale, roll_of(rng), False, low + span / 2, target)
        put(canvas, cut(image, picture, box, rng), matrix)


def enlarged(picture: Picture, longest: int) -> Scene:
    """A whole photograph with its faces, enlarged or reduced to one long side."""
    image = picture.image()
    scale = longest / max(image.shape[:2])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    canvas = Canvas(image)
    for face in picture.faces:
        box = box_of(face.outline) * np.float32(scale)
        (canvas.boxes if face.sure else canvas.ignore).append(box)
    return canvas.scene()


def held_out_photographs(longest: int = 640) -> tuple[list[Scene], list[Scene]]:
    """Natural photographs that no detector learned from: without people, and with the teacher's
    boxes of those who are in them."""
    splits = [read_backgrounds(split) for split in ("val", "test")]
    clean = [enlarged(item, longest) for split in splits for item in split[0]]
    return clean, [enlarged(item, longest) for split in splits for item in split[1]]
