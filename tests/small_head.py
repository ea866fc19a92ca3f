"""A face model of six vertices, written by hand: a square with its middle, and one loose vertex."""

from __future__ import annotations

import numpy as np

from bauta.morphable.model import Contour, Embedding, Eye, FaceModel


def small_head() -> FaceModel:
    """A model that has every optional part of the format."""
    mean = np.array(
        [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1], [0, 0, 5]], np.float32
    )
    rng = np.random.default_rng(3)
    return FaceModel(
        name="small",
        mean=mean,
        identity=rng.normal(size=(2, 6, 3)).astype(np.float32),
        expression=rng.normal(size=(3, 6, 3)).astype(np.float32),
        expression_names=("eyeLookOutLeft", "jawOpen", "mouthClose"),
        triangles=np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], np.int32),
        part=np.array([0, 0, 0, 0, 0, 1], np.uint8),
        part_names=("face", "eyeball_left"),
        mirror=np.array([1, 0, 3, 2, 4, 5], np.int32),
        uv=np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]], np.float32),
        uv_triangles=np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], np.int32),
        embeddings={
            "celeba5": Embedding(
                np.array([0, 1, 2, 3, 0], np.int32),
                np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.25, 0.25], [0.5, 0.5, 0]], "f4"),
            )
        },
        eyes={"Left": Eye(np.array([5], np.int32), np.ones(1, np.float32))},
        contour=Contour(
            np.ones((17, 2), np.int32),
            np.full((17, 2, 3), 1 / 3, np.float32),
            np.tile(np.array([-10, 20], np.float32), (17, 1)),
            np.tile(np.array([1, 0, 0], np.float32), (17, 1)),
        ),
        regions={"lips": np.array([1, 4], np.int32)},
        albedo_mean=np.full((6, 3), 0.25, np.float32),
        albedo=rng.normal(scale=0.01, size=(1, 6, 3)).astype(np.float32),
        licence="MIT",
        notice="made by hand",
    )
