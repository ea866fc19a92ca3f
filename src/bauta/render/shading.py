"""Light on surfaces, textures, and rendered layers put over a picture.

Formulas work on arrays (..., 3) of normals, of vertices or of pixels alike. Directions are unit
vectors in the axes of the normals.
"""

from __future__ import annotations

import numpy as np

from bauta.checks import InputError
from bauta.render.raster import compiled


def lambert(normals: np.ndarray, towards_light: np.ndarray, ambient: float = 0.0) -> np.ndarray:
    """Brightness (...,) `ambient + (1 - ambient) max(0, n . l)` (Lambert 1760).

    `normals` (..., 3), `towards_light` (3,), which is made a unit vector; `ambient` 0..1.
    """
    light = np.asarray(towards_light, np.float32)
    light = light / np.linalg.norm(light)
    return ambient + (1 - ambient) * np.maximum(normals @ light, 0)


def hemisphere(
    normals: np.ndarray, up: np.ndarray, sky: np.ndarray, ground: np.ndarray
) -> np.ndarray:
    """Light (..., 3) from all sides: `ground + (sky - ground) (1 + n . up) / 2`.

    `normals` (..., 3); `sky` and `ground` (3,) are the colours above and below.
    """
    share = (1 + normals @ np.asarray(up, np.float32))[..., None] / 2
    low, high = np.asarray(ground, np.float32), np.asarray(sky, np.float32)
    return low + (high - low) * share


def sample(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Bilinear colours (..., C) float32 of `texture` (H, W, C) at `uv` (..., 2), 0..1, v upwards.

    u = 0 is the left edge of the first pixel, v = 0 the lower edge of the last row. Outside of 0..1
    the border's colour. BautaError without numba.
    """
    table = np.ascontiguousarray(texture, np.float32)
    if table.ndim != 3 or table.size == 0:
        raise InputError(f"texture: expected shape (H, W, C), got {table.shape}")
    height, width, channels = table.shape
    places = np.asarray(uv, np.float32).reshape(-1, 2)
    places = np.column_stack([places[:, 0] * width, (1 - places[:, 1]) * height])
    places = np.ascontiguousarray(np.nan_to_num(places), np.float32)
    out = np.zeros((len(places), channels), np.float32)
    compiled().sample(table, places, out)
    return out.reshape(*np.shape(uv)[:-1], channels)


def blend(
    image: np.ndarray, colour: np.ndarray, coverage: np.ndarray, opacity: float = 1.0
) -> None:
    """Put a layer over `image` (H, W, 3) uint8, in place: `(1 - a) image + opacity colour`.

    `colour` (H, W, 3) 0..255 times coverage, `coverage` (H, W) 0..1, as `Raster.resolve` gives
    them; a = opacity * coverage.
    """
    ys, xs = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
    if not len(ys):
        return
    part = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    a = np.float32(opacity) * coverage[part][..., None]
    mixed = (1 - a) * image[part] + np.float32(opacity) * colour[part]
    image[part] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
