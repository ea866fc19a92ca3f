"""Every labelled face cropped once, upright as in its picture, into one array on disk.

A pack is a folder with `images.npy` (N, PACK, PACK, 3) uint8 RGB, and `labels.npz`, whose points
are in pixels of the pack. Training draws its own turned, shifted and scaled crops out of it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bauta.crop import roi_of_mesh
from bauta.data import teachers
from bauta.geometry import affine
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

PACK = 192
"""Pixels of a packed crop."""
PACK_MARGIN = 1.7
"""Side of a packed crop over the side of the face's own Roi: room to turn and shift."""

PTS68_BIAS_X = 0.018
PTS68_BIAS_Y = 1.15
"""`pts68` of `ytf` lies right and below of what it marks: 1.8 % of the outer eye corners'
distance to the right at every face size, 1.15 pixels down (measured against the mirror-symmetric
part of the difference to the mesh). It is taken off before a picture is turned or mirrored."""

LABEL_OFFSET68 = (0.78, 1.16)
"""The same offset as one constant, pixels of the picture (median over the training people): what a
regressor trained without it adds to its points to speak the convention of the labels."""


@dataclass(frozen=True)
class CropPack:
    """N packed faces; points in pixels of the pack; `rect` (N, 4) the picture's extent in it."""

    images: np.ndarray
    mesh: np.ndarray
    alt68: np.ndarray
    pts68: np.ndarray
    asym: np.ndarray
    alt_asym: np.ndarray
    rect: np.ndarray
    scale: np.ndarray
    source: np.ndarray
    split: np.ndarray
    picture: np.ndarray

    def eye_ratio(self) -> np.ndarray:
        """(N, 2) lid gap over eye width of the mesh, right and left."""
        eyes = [self.mesh[:, RIGHT_EYE478], self.mesh[:, LEFT_EYE478]]
        return np.stack([eye_aspect_ratio(eye) for eye in eyes], axis=1)


def unbiased68(pts68: np.ndarray) -> np.ndarray:
    """`pts68` (..., 68, 2) in pixels of the JPEG without its teacher's offset."""
    eyes = np.linalg.norm(pts68[..., 36, :] - pts68[..., 45, :], axis=-1)
    offset = np.stack([PTS68_BIAS_X * eyes, np.full_like(eyes, PTS68_BIAS_Y)], axis=-1)
    return pts68 - offset[..., None, :]


def _pack_one(
    image: np.ndarray, mesh: np.ndarray, points: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, float]:
    roi = roi_of_mesh(mesh)
    T = affine.similarity(roi.center, roi.side * PACK_MARGIN, 0.0, PACK)

    crop = cv2.warpAffine(image, affine.for_opencv(T), (PACK, PACK))
    height, width = image.shape[:2]
    rect = affine.apply(T, np.array([[0, 0], [width, height]], np.float64)).ravel()
    return crop, [affine.apply(T, p) for p in points], rect, affine.scale_of(T)


def pack(folder: Path) -> None:
    """Crop every face of the three sets that the mesh teacher found into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    images: list[np.ndarray] = []
    rows: dict[str, list] = {key: [] for key in CropPack.__dataclass_fields__ if key != "images"}
    seen: set[bytes] = set()
    for name in teachers.SETS:
        pictures = teachers.read_pictures(name)
        labels = teachers.read_teacher_set(name, pictures)
        for i, file in enumerate(labels.files):
            if np.isnan(labels.mesh[i, 0, 0]) or pictures[file] in seen:
                continue
            seen.add(pictures[file])
            points = [labels.mesh[i], labels.alt68[i], unbiased68(labels.pts68[i])]
            crop, moved, rect, scale = _pack_one(
                teachers.decode(pictures[file]), labels.mesh[i], points
            )
            images.append(crop)
            values = (*moved, labels.asym[i], labels.alt_asym[i], rect, scale)
            values += (name, labels.split[i], file)
            for key, value in zip(rows, values, strict=True):
                rows[key].append(value)
    np.save(folder / "images.npy", np.stack(images))
    arrays: dict[str, Any] = {key: np.array(value) for key, value in rows.items()}
    np.savez(folder / "labels.npz", **arrays)


def load_pack(folder: Path) -> CropPack:
    """Memory-mapped images and labels of a pack."""
    images = np.load(folder / "images.npy", mmap_mode="r")
    with np.load(folder / "labels.npz") as labels:
        return CropPack(images, **{key: labels[key] for key in labels.files})


def main() -> None:
    """Pack the training faces: `python -m bauta.data.crops .packs/faces`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    pack(parser.parse_args().folder)


if __name__ == "__main__":
    main()
