"""What a camera, a room and a bad codec do to a crop. Pure numpy and OpenCV, one picture at a time.

Geometry is one affine map, drawn first (`draw_map`), so that pixels and points move together;
everything after it changes appearance only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Image = np.ndarray
Rng = np.random.Generator


@dataclass(frozen=True)
class Jitter:
    """How a crop misses the face: the tracker's small misses and the detector's large ones."""

    roll: float = 14.0
    """Standard deviation of the roll, degrees."""
    wide_roll: float = 45.0
    """Half range of the roll in `wide` of the crops, degrees."""
    shift: float = 0.05
    """Standard deviation of the shift over the side."""
    scale: float = 0.10
    """Standard deviation of the logarithm of the side."""
    wide: float = 0.25
    """Share of crops whose shift and scale are twice as wide and whose roll is uniform."""


def draw_map(rng: Rng, jitter: Jitter, pack_size: int, pack_margin: float, size: int) -> np.ndarray:
    """T_crop_pack (2, 3) of one random crop of `size` pixels around the middle of a pack."""
    from bauta.geometry.affine import similarity

    wide = rng.random() < jitter.wide
    spread = 2.0 if wide else 1.0
    roll = rng.uniform(-1, 1) * jitter.wide_roll if wide else rng.normal() * jitter.roll
    side = pack_size / pack_margin * float(np.exp(rng.normal() * jitter.scale * spread))
    center = pack_size / 2 + rng.normal(size=2).clip(-2, 2) * jitter.shift * spread * side
    return similarity(center, side, float(np.radians(roll)), size)


def _lut(image: Image, table: np.ndarray) -> Image:
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


def tone(rng: Rng, image: Image) -> Image:
    """Exposure, contrast, gamma and white balance, one table a channel."""
    x = np.linspace(0, 1, 256)[:, None]
    gamma = np.exp(rng.normal() * 0.35)
    gain = np.exp(rng.normal() * 0.18 + rng.normal(size=3) * 0.08)
    pivot = rng.uniform(0.3, 0.6)
    y = (x**gamma * gain - pivot) * np.exp(rng.normal() * 0.2) + pivot + rng.normal() * 0.06
    return _lut(image, (y * 255).reshape(256, 1, 3))


def dark(rng: Rng, image: Image) -> Image:
    """Low light: few levels left, amplified again in part."""
    level = rng.uniform(0.06, 0.4)
    lifted = level ** rng.uniform(0.2, 1.0)
    x = np.round(np.arange(256) * level) / level
    return _lut(image, x * lifted)


def grey(rng: Rng, image: Image) -> Image:
    """Luminance only."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def shade(rng: Rng, image: Image) -> Image:
    """One-sided light: a linear ramp of gain across the crop in a random direction."""
    size = image.shape[0]
    a = rng.uniform(0, 2 * np.pi)
    t = np.linspace(-1, 1, size, dtype=np.float32)
    ramp = np.cos(a) * t[None, :] + np.sin(a) * t[:, None]
    gain = np.exp(ramp * rng.uniform(0.2, 1.1))
    return np.clip(image * gain[..., None], 0, 255).astype(np.uint8)


def blur(rng: Rng, image: Image) -> Image:
    """Defocus."""
    return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 2.2)))


def motion_blur(rng: Rng, image: Image) -> Image:
    """A straight smear of 3 to 11 pixels."""
    n = int(rng.integers(1, 6)) * 2 + 1
    kernel = np.zeros((n, n), np.float32)
    a = rng.uniform(0, np.pi)
    d = np.array([np.cos(a), np.sin(a)]) * n / 2
    middle = n // 2
    start, stop = (middle - d).round().astype(int), (middle + d).round().astype(int)
    cv2.line(kernel, start.tolist(), stop.tolist(), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def low_resolution(rng: Rng, image: Image) -> Image:
    """A face of 20 to 80 pixels, enlarged."""
    size = image.shape[0]
    small = int(size * np.exp(rng.uniform(np.log(0.22), np.log(0.8))))
    down = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    up = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return cv2.resize(down, (size, size), interpolation=up)


def jpeg(rng: Rng, image: Image) -> Image:
    """Compression at quality 15 to 80."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return image if decoded is None else decoded


_NOISE = np.random.default_rng(0).normal(size=1 << 20).astype(np.float32)


def noise(rng: Rng, image: Image) -> Image:
    """Sensor noise, fine or coarse, per channel or grey."""
    size = image.shape[0]
    channels = 3 if rng.random() < 0.6 else 1
    start = int(rng.integers(0, len(_NOISE) - size * size * channels))
    grain = _NOISE[start : start + size * size * channels].reshape(size, size, channels)
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8).reshape(size, size, channels) * 2
    return np.clip(image + grain * float(rng.uniform(2, 18)), 0, 255).astype(np.uint8)


def occlude(rng: Rng, image: Image, texture: Image) -> Image:
    """A piece of `texture` (same shape), or flat colour, over part of the crop."""
    size = image.shape[0]
    mask = np.zeros((size, size), np.uint8)
    center = rng.uniform(0.05, 0.95, 2) * size
    axes = rng.uniform(0.06, 0.28, 2) * size
    angle = float(rng.uniform(0, 180))
    box = (tuple(center.tolist()), tuple((2 * axes).tolist()), angle)
    if rng.random() < 0.5:
        cv2.ellipse(mask, box, 255, -1)
    else:
        cv2.fillConvexPoly(mask, cv2.boxPoints(box).astype(np.int32), 255)
    cover = texture if rng.random() < 0.7 else np.full_like(image, rng.integers(0, 255, 3))
    out = image.copy()
    out[mask > 0] = cover[mask > 0]
    return out


def replace_background(rng: Rng, image: Image, outline: np.ndarray, texture: Image) -> Image:
    """`texture` outside the hull of the points (N, 2), grown to keep hair and neck in part."""
    size = image.shape[0]
    hull = cv2.convexHull(outline.astype(np.float32))[:, 0]
    middle = hull.mean(0)
    grown = middle + (hull - middle) * rng.uniform(1.0, 1.5)
    mask = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(mask, grown.astype(np.int32), 255)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 3)))[..., None] / np.float32(255)
    return (image * soft + texture * (1 - soft)).astype(np.uint8)


_CHAIN: list[tuple[float, Callable[[Rng, Image], Image]]] = [
    (0.25, grey),
    (0.25, shade),
    (0.10, dark),
    (0.70, tone),
    (0.12, blur),
    (0.12, motion_blur),
    (0.30, low_resolution),
    (0.35, noise),
    (0.25, jpeg),
]


def appearance(rng: Rng, image: Image) -> Image:
    """The chain of effects, each with its own probability, in the order of a camera."""
    for probability, effect in _CHAIN:
        if rng.random() < probability:
            image = effect(rng, image)
    return image
