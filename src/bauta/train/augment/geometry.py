"""Where the crop lies: one map, drawn first, that turns, shifts, scales and mirrors at once."""

from __future__ import annotations

import numpy as np

from bauta.geometry import affine
from bauta.train.augment.settings import BoxJitter, Geometry
from bauta.train.augment.view import Rng


def draw_map(
    rng: Rng,
    frame: tuple[float, float, float, float],
    size: int,
    geometry: Geometry,
    box: BoxJitter,
) -> np.ndarray:
    """T_crop_view (2, 3) of one random crop of `size` pixels.

    `frame`: centre x, y, side and angle of the face's own square, pixels of the view.
    """
    center, side, angle = np.array(frame[:2]), frame[2], frame[3]
    if rng.random() < box.share:
        center = center + rng.normal(size=2) * (box.shift_x, box.shift_y) * side
        side *= float(np.exp(rng.normal() * box.scale))
    side *= geometry.margin
    wide = rng.random() < geometry.wide
    reach = 2.0 if wide else 1.0
    draws = _draws(rng, geometry)
    turn = rng.uniform(-1, 1) * geometry.wide_rotation if wide else draws[0] * geometry.rotation
    side *= float(np.exp(draws[1] * geometry.scale * reach))
    center = center + draws[2:] * geometry.shift * reach * side
    upright = angle if geometry.upright else 0.0
    T = affine.similarity(center, side, upright + float(np.radians(turn)), size)
    return affine.compose(affine.mirror(size), T) if rng.random() < geometry.flip else T


def _draws(rng: Rng, geometry: Geometry) -> np.ndarray:
    """(4,) numbers for rotation, scale, x and y; a normal one never beyond two deviations."""
    if geometry.distribution == "uniform":
        return rng.uniform(-1, 1, 4)
    return rng.normal(size=4).clip(-2, 2)
