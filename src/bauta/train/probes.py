"""What experiments measure on held-out people: error, and what moves points without moving faces.

Every held-out face gives one crop, framed as by our detector, the same in every experiment. Points
are then predicted for the crop as it is, with another background, with other light and quality, and
with sensor noise; how far they move is in percent of the distance of the true outer eye corners.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from bauta import schemes
from bauta.crop import roi_of_mesh
from bauta.eval.steadiness import jitter
from bauta.geometry import affine
from bauta.regress.landmarks import cut
from bauta.regress.two_stage import roi_of_five
from bauta.schemes import INNER51
from bauta.tracker import Tracker
from bauta.train.augment import NONE, Augment, View, augmented
from bauta.train.augment.appearance import appearance
from bauta.train.augment.background import replace_background
from bauta.train.augment.settings import Appearance, BoxJitter, Geometry
from bauta.train.dataset import DataSettings, FaceCrops
from bauta.train.tasks.landmarks import to_tensor
from bauta.video.source import open_video

FRAMING = replace(
    NONE, geometry=Geometry(rotation=8.0, shift=0, scale=0, flip=0), box=BoxJitter(share=1.0)
)
"""The crop of a probe: the detector's misses, and heads that are not quite upright."""
TURNED = replace(
    NONE,
    geometry=Geometry(rotation=90.0, shift=0, scale=0, flip=0),
    box=BoxJitter(share=1.0, shift_x=0.044, shift_y=0.05, scale=0.116),
)
"""Turned by anything up to a right angle, and boxes that miss twice as far as our detector's."""
FRAMINGS: dict[str, tuple[Augment, int]] = {"detector": (FRAMING, 0), "turned": (TURNED, 160)}
"""Name -> how a face is framed, and pixels of the picture that is handed over; 0: the network's."""
QUALITY = Appearance(
    tone=1.0,
    grey=0,
    shade=0.5,
    dark=0,
    blur=0.5,
    motion_blur=0,
    low_resolution=0.5,
    noise=0,
    jpeg=0.5,
)
"""Other light and quality."""
NOISE, COPIES = 8.0, 8
"""Sensor noise: standard deviation of 255, and copies of each crop."""
LEAST_EYES = 0.1
"""Faces whose eye corners are nearer, in sides of the crop, are left out: profiles."""

MOST = 64
"""Crops predicted at a time."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Crops (B, S, S, 3) uint8 -> points (B, K, 2 or 3), pixels of the crop."""


MEASURES = (
    *("error", "background_error", "background_shift", "quality_error", "quality_shift"),
    *("spread", "jitter"),
)
"""What is measured a face."""


@dataclass(frozen=True)
class Measured:
    """One number a face (N,), in percent of the outer eye corners' distance."""

    error: np.ndarray
    background_error: np.ndarray
    background_shift: np.ndarray
    quality_error: np.ndarray
    quality_shift: np.ndarray
    spread: np.ndarray
    jitter: np.ndarray
    """The same for all faces: of a clip, where there is one."""
    person: np.ndarray
    name: np.ndarray


def predictor(network: nn.Module, scheme: str) -> Predict:
    """The network's points of a scheme."""
    device = next(network.parameters()).device
    network.eval()

    @torch.no_grad()
    def predict(images: np.ndarray) -> np.ndarray:
        pieces = np.array_split(images, max(len(images) // MOST, 1))
        said = [network(to_tensor(piece, device))[scheme].cpu().numpy() for piece in pieces]
        return np.concatenate(said)[..., :2]

    return predict


def reduced(predict: Predict, size: int) -> Predict:
    """`predict` of crops of `size` pixels, for larger ones."""

    def of(images: np.ndarray) -> np.ndarray:
        small = [cv2.resize(im, (size, size), interpolation=cv2.INTER_AREA) for im in images]
        return predict(np.stack(small)) * (images.shape[1] / size)

    return of


def in_two_stages(coarse: Predict, coarse_size: int, fine: Predict, fine_size: int) -> Predict:
    """Five points of the whole crop, then all points in the crop that they make upright."""

    def of(images: np.ndarray) -> np.ndarray:
        rois = [roi_of_five(five) for five in reduced(coarse, coarse_size)(images)]
        crops = [cut(image, roi, fine_size) for image, roi in zip(images, rois, strict=True)]
        back = [affine.invert(roi.transform(fine_size)) for roi in rois]
        said = fine(np.stack(crops))
        return np.stack([affine.apply(T, points) for T, points in zip(back, said, strict=True)])

    return of


class ClipProbe:
    """Unfiltered points over the first frames of a clip, in the same crops for every network.

    The crops follow `model`'s filtered points, so that a network is not blamed for its own crops.
    """

    def __init__(self, clip: Path, size: int, frames: int = 300, model: str = "base") -> None:
        self.images, self.maps = [], []
        with Tracker(model, fit=False) as tracker, open_video(str(clip)) as source:
            for frame in itertools.islice(source, frames):
                for face in tracker(frame)[:1]:
                    roi = roi_of_mesh(face.mesh)
                    self.images.append(cut(frame.image, roi, size))
                    self.maps.append(affine.invert(roi.transform(size)))

    def jitter(self, predict: Predict) -> float:
        """Mean second difference of the inner 51 of 68 points, percent of the eye distance."""
        said = predict(np.stack(self.images))
        points = np.stack([affine.apply(T, p) for T, p in zip(self.maps, said, strict=True)])
        eyes = np.linalg.norm(points[:, 36] - points[:, 45], axis=-1)
        return jitter(points[:, INNER51], eyes)


class Probe:
    """The held-out faces of some packs in one scheme."""

    def __init__(
        self, data: DataSettings, scheme: str, size: int, framing: Augment = FRAMING
    ) -> None:
        plain = DataSettings(packs=data.packs, schemes=(scheme,), map68=data.map68)
        self.crops = FaceCrops(plain, NONE, size, "val")
        self.scheme, self.size, self.framing = scheme, size, framing

    def views(self) -> Iterator[tuple[int, View]]:
        """Row and framed crop of every face."""
        for row in self.crops.rows.tolist():
            rng = np.random.default_rng([11, row])
            texture = partial(self.crops.nobody.texture, rng, self.size)
            view, rect = self.crops.view(row), self.crops.pack.rect[row]
            yield row, augmented(rng, view, self.size, rect, self.framing, texture)

    def measure(self, predict: Predict) -> Measured:
        """All probes of a network."""
        found: dict[str, list] = {name: [] for name in Measured.__dataclass_fields__}
        right, left = schemes.get(self.scheme).outer_eye_corners or (0, 1)
        for row, view in self.views():
            truth, weight = view.points[self.scheme][:, :2], view.weights[self.scheme]
            eyes = float(np.linalg.norm(truth[right] - truth[left]))
            if eyes < LEAST_EYES * self.size or not (weight[[right, left]] > 0).all():
                continue
            said = predict(np.stack(self._variants(row, view)))
            d = np.linalg.norm(said[:3] - truth, axis=-1)[:, weight > 0].mean(1) / eyes * 100
            moved = np.linalg.norm(said[1:3] - said[0], axis=-1).mean(1) / eyes * 100
            spread = np.sqrt(said[3:, INNER51].var(0).sum(-1)).mean() / eyes * 100
            values = (d[0], d[1], moved[0], d[2], moved[1], spread)
            names = ("error", "background_error", "background_shift")
            names += ("quality_error", "quality_shift", "spread")
            for name, value in zip(names, values, strict=True):
                found[name].append(value)
            found["jitter"].append(np.nan)
            found["person"].append(str(self.crops.pack.person[row]))
            found["name"].append(str(self.crops.pack.name[row]))
        return Measured(**{name: np.array(values) for name, values in found.items()})

    def _variants(self, row: int, view: View) -> list[np.ndarray]:
        rng = np.random.default_rng([12, row])
        elsewhere = replace_background(rng, view, self.crops.nobody.texture(rng, self.size))
        other = appearance(rng, view.image, QUALITY)
        grain = rng.normal(0, NOISE, (COPIES, *view.image.shape))
        noisy = np.clip(view.image + grain, 0, 255).astype(np.uint8)
        return [view.image, elsewhere.image, other, *noisy]
