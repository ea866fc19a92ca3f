"""The person's texture from one picture: each place of the texture takes the colour of the pixel
where its point of the surface is seen. Needs numba."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.checks import check_image
from bauta.export.animation import Animation
from bauta.export.atlas import EYE_RADIUS, Atlas, atlas_of
from bauta.export.parts import (
    COLOURS,
    IRIS,
    IRIS_DEGREES,
    PUPIL,
    PUPIL_DEGREES,
    SKIN,
    srgb,
)
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import vertex_normals
from bauta.render.raster import Raster, rasterise
from bauta.render.shading import sample

SIZE = 1024
"""Pixels of a side."""
BEHIND = 0.4
"""Centimetres behind the nearest surface up to which a point counts as seen."""
STEEP, FLAT = 0.25, 0.6
"""Cosines of the angle between surface and view: a place that is seen at less than `STEEP` takes
the plain colour, above `FLAT` the picture's, in between both."""
QUALITY = 90


def unwrap(animation: Animation, row: int, image: np.ndarray, size: int = SIZE) -> np.ndarray:
    """(size, size, 3) uint8 sRGB, laid out by `atlas_of`, of a frame's picture (H, W, 3) uint8 RGB.

    Skin that the picture does not show has the median colour of what it shows; eyes and what is
    inside the mouth are plain. BautaError without numba.
    """
    check_image(image)
    model, atlas = animation.model, atlas_of(animation.model)
    height, width = image.shape[:2]
    T = animation.matrices[row]
    points = animation.vertices(row) @ T[:3, :3].T + T[:3, 3]
    chart = _chart(atlas, size)
    skin = model.triangles[atlas.skin]
    shares = _shown(animation, chart, skin, points, (width, height))
    places = animation.camera.project(chart.interpolate(skin, points))
    seen = sample(image, places / (width, height) * (1, -1) + (0, 1))
    good = shares > 0.9
    plain = np.median(seen[good], axis=0) if good.any() else 255 * srgb(np.array(SKIN))
    colour = shares[..., None] * seen + (1 - shares[..., None]) * plain
    texture = _bleed(np.clip(np.rint(colour), 0, 255).astype(np.uint8), chart)
    _paint(texture, atlas)
    return texture


def _chart(atlas: Atlas, size: int) -> Raster:
    """Which triangle of the skin, and where in it, lies at each pixel of the texture; of several
    the outermost."""
    depth = 1000.0 - atlas.radius  # hardly a slope: weights stay those of the flat chart
    flat = np.column_stack(
        [atlas.uv[:, 0] * size, (1 - atlas.uv[:, 1]) * size, np.ones(len(depth))]
    )
    triangles = atlas.triangles[atlas.skin]
    return rasterise(flat * depth[:, None], triangles, Camera(np.eye(3)), (size, size), cull=False)


def _shown(
    animation: Animation,
    chart: Raster,
    skin: np.ndarray,
    points: np.ndarray,
    picture: tuple[int, int],
) -> np.ndarray:
    """(size, size) float32 0..1: how well the camera sees each place."""
    model, camera = animation.model, animation.camera
    front = rasterise(points, model.triangles, camera, picture)
    spots = chart.interpolate(skin, points)
    normals = chart.interpolate(skin, vertex_normals(points, model.triangles))
    away = np.linalg.norm(spots, axis=2) * np.linalg.norm(normals, axis=2)
    cosine = -(normals * spots).sum(2) / np.maximum(away, 1e-9)
    pixels = np.floor(camera.project(spots)).astype(int)
    width, height = picture
    inside = ((pixels >= 0) & (pixels < (width, height))).all(2) & (chart.triangle >= 0)
    at = np.clip(pixels, 0, (width - 1, height - 1))
    near = spots[..., 2] < front.depth[at[..., 1], at[..., 0]] + BEHIND
    share = np.clip((cosine - STEEP) / (FLAT - STEEP), 0, 1) * (inside & near)
    soft = cv2.GaussianBlur(share.astype(np.float32), (0, 0), chart.triangle.shape[0] / 256)
    return np.minimum(share, soft).astype(np.float32)


def _paint(texture: np.ndarray, atlas: Atlas) -> None:
    """Eyes and inner parts, in place."""
    size = len(texture)

    def disc(middle: tuple[float, float], radius: float, linear: tuple[float, ...]) -> None:
        x, y = middle[0] * size - 0.5, (1 - middle[1]) * size - 0.5
        spot, scale = (round(16 * x), round(16 * y)), round(16 * radius * size)
        colour = (255 * srgb(np.array(linear))).round().tolist()
        cv2.circle(texture, spot, scale, colour, -1, cv2.LINE_AA, 4)

    for side, middle in atlas.eyes.items():
        disc(middle, 1.05 * EYE_RADIUS, COLOURS[f"eyeball_{side.lower()}"])
        disc(middle, EYE_RADIUS * IRIS_DEGREES / 180, IRIS)
        disc(middle, EYE_RADIUS * PUPIL_DEGREES / 180, PUPIL)
    for name, middle in atlas.swatches.items():
        disc(middle, 0.02, COLOURS[name])


def _bleed(texture: np.ndarray, chart: Raster) -> np.ndarray:
    """Colours run over the borders of the islands, so that smaller copies show no seams."""
    known = (chart.triangle >= 0).astype(np.float32)
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
