"""The person's texture from one picture: each place of the texture takes the colour of the pixel
where its point of the surface is seen. Needs numba."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.checks import ModelError, check_image
from bauta.export.animation import Animation
from bauta.export.parts import part_colours, skin_rows
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import vertex_normals
from bauta.render.raster import Raster, rasterise
from bauta.render.shading import sample

SIZE = 1024
"""Pixels of a side."""
BEHIND = 0.4
"""Centimetres behind the nearest surface up to which a point counts as seen."""
STEEP, FLAT = 0.15, 0.45
"""Cosines of the angle between surface and view: a place that is seen at less than `STEEP` takes
the plain colour, above `FLAT` the picture's, in between both."""
QUALITY = 90


def unwrap(animation: Animation, row: int, image: np.ndarray, size: int = SIZE) -> np.ndarray:
    """(size, size, 3) uint8 sRGB, laid out by the model's texture places, of a frame's picture.

    What the picture does not show has plain colours; skin takes the median of what is seen.
    ModelError for a model without texture places; BautaError without numba.
    """
    check_image(image)
    model = animation.model
    if model.uv is None or model.uv_triangles is None:
        raise ModelError(f"{model.name}: has no texture places; export without a texture")
    height, width = image.shape[:2]
    T = animation.matrices[row]
    points = animation.vertices(row) @ T[:3, :3].T + T[:3, 3]
    atlas = _atlas(model.uv, model.uv_triangles, size)
    shares = _shown(animation, atlas, points, (width, height))
    places = animation.camera.project(atlas.interpolate(model.triangles, points))
    seen = sample(image, places / (width, height) * (1, -1) + (0, 1))
    plain = _plain(animation, atlas, seen, shares)
    texture = shares[..., None] * seen + (1 - shares[..., None]) * plain
    return _bleed(np.clip(np.rint(texture), 0, 255).astype(np.uint8), atlas)


def _atlas(uv: np.ndarray, triangles: np.ndarray, size: int) -> Raster:
    """Which triangle, and where in it, lies at each pixel of the texture."""
    flat = np.column_stack([uv[:, 0] * size, (1 - uv[:, 1]) * size, np.ones(len(uv))])
    return rasterise(flat, triangles, Camera(np.eye(3)), (size, size), cull=False)


def _shown(
    animation: Animation, atlas: Raster, points: np.ndarray, picture: tuple[int, int]
) -> np.ndarray:
    """(size, size) float32 0..1: how well the camera sees each place."""
    model, camera = animation.model, animation.camera
    front = rasterise(points, model.triangles, camera, picture)
    spots = atlas.interpolate(model.triangles, points)
    normals = atlas.interpolate(model.triangles, vertex_normals(points, model.triangles))
    away = np.maximum(np.linalg.norm(spots, axis=2), 1e-9)
    cosine = -(normals * spots).sum(2) / away / np.maximum(np.linalg.norm(normals, axis=2), 1e-9)
    pixels = np.floor(camera.project(spots)).astype(int)
    width, height = picture
    inside = ((pixels >= 0) & (pixels < (width, height))).all(2) & (atlas.triangle >= 0)
    at = np.clip(pixels, 0, (width - 1, height - 1))
    near = spots[..., 2] < front.depth[at[..., 1], at[..., 0]] + BEHIND
    share = np.clip((cosine - STEEP) / (FLAT - STEEP), 0, 1) * (inside & near)
    soft = cv2.GaussianBlur(share.astype(np.float32), (0, 0), atlas.triangle.shape[0] / 256)
    return np.minimum(share, soft).astype(np.float32)


def _plain(animation: Animation, atlas: Raster, seen: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(size, size, 3) sRGB 0..255 of the parts, skin as in the picture."""
    model = animation.model
    colours = 255 * _srgb(part_colours(model, animation.neutral()))
    skin = skin_rows(model)
    good = skin[model.triangles[np.maximum(atlas.triangle, 0), 0]] & (shares > 0.9)
    if good.any():
        colours[skin] = np.median(seen[good], axis=0)
    return atlas.interpolate(model.triangles, colours)


def _srgb(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _bleed(texture: np.ndarray, atlas: Raster) -> np.ndarray:
    """Colours run over the borders of the islands, so that smaller copies show no seams."""
    known = (atlas.triangle >= 0).astype(np.float32)
    colour, steps = texture.astype(np.float32) * known[..., None], 0
    while not known.all() and steps < 24:
        weight = cv2.blur(known, (3, 3))
        spread = cv2.blur(colour * known[..., None], (3, 3)) / np.maximum(weight, 1e-6)[..., None]
        new = (known == 0) & (weight > 0)
        colour[new], known[new], steps = spread[new], 1.0, steps + 1
    return np.rint(colour).astype(np.uint8)


def to_jpeg(texture: np.ndarray) -> bytes:
    """A JPEG of an RGB picture (H, W, 3) uint8."""
    ok, data = cv2.imencode(".jpg", texture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert ok, "encoding a JPEG in memory"
    return data.tobytes()
