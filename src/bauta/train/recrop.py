"""Batches seen through further maps of the plane: pixels, points and pose move together."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np

from bauta import schemes
from bauta.data.batch import Batch
from bauta.geometry import affine


def row_generators(
    seed: int, step: int, count: int, rank: int = 0, world: int = 1
) -> list[np.random.Generator]:
    """One generator for each row that process `rank` of `world` has of the `count` of a step.

    The same row gets the same one however many processes there are.
    """
    return [np.random.default_rng([seed, step, row, 1]) for row in range(rank, count, world)]


def recrop(batch: Batch, maps: np.ndarray, size: int) -> Batch:
    """Crops of `size` pixels of the batch's own, through T_new_old (B, 2, 3) similarities."""
    images = np.stack(
        [
            cv2.warpAffine(
                image, affine.for_opencv(T), (size, size), borderMode=cv2.BORDER_REPLICATE
            )
            for image, T in zip(batch.images, maps, strict=True)
        ]
    )
    points = {
        scheme: np.stack([affine.apply(T, p) for T, p in zip(maps, values, strict=True)])
        for scheme, values in batch.points.items()
    }
    pose = np.array(batch.pose)
    if len(pose):
        pose[:, 2] += np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0]))
    return replace(batch, images=images, points=points, pose=pose)


def repeat(batch: Batch, n: int) -> Batch:
    """Every row n times, one after the other."""

    def repeated(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: np.repeat(item, n, axis=0) for key, item in value.items()}
        return np.repeat(value, n, axis=0)

    return replace(batch, **{f.name: repeated(getattr(batch, f.name)) for f in fields(batch)})


def mirror(batch: Batch, which: np.ndarray) -> Batch:
    """The batch with the rows `which` (B,) bool mirrored: left and right change their names."""
    size = batch.images.shape[2]

    def flipped(scheme: str, values: np.ndarray) -> np.ndarray:
        order = schemes.get(scheme).mirror
        shape = (-1,) + (1,) * (values.ndim - 1)
        return np.where(which.reshape(shape), values[:, order], values)

    points = {}
    for scheme, values in batch.points.items():
        turned = flipped(scheme, values)
        turned[which, :, 0] = size - turned[which, :, 0]
        points[scheme] = turned
    images = batch.images.copy()
    images[which] = images[which, :, ::-1]
    pose = np.array(batch.pose)
    if len(pose):
        pose[which] *= np.array([-1, 1, -1], pose.dtype)
    return replace(
        batch,
        images=images,
        points=points,
        weights={scheme: flipped(scheme, values) for scheme, values in batch.weights.items()},
        visible={scheme: flipped(scheme, values) for scheme, values in batch.visible.items()},
        pose=pose,
    )
