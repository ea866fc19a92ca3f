"""What a room, a camera and a codec do to a crop. No effect moves a point.

Each effect takes (rng, image, settings) and gives a new image (H, W, 3) uint8; `appearance` runs
them in the order of a camera, each with its own share.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from bauta.train.augment.settings import Appearance
from bauta.train.augment.view import Image, Rng

DESIGN_SIDE = 112
"""Side for which settings in pixels are meant; they grow with larger crops."""
_LEVELS = np.linspace(0, 1, 256)[:, None]


def _lut(image: Image, table: np.ndarray) -> Image:
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8).reshape(256, 1, -1))


def tone(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Exposure, contrast, gamma and white balance, one table a channel."""
    z = rng.normal(size=7)
    gamma = np.exp(z[0] * settings.gamma)
    gain = np.exp(z[1] * settings.light + z[2:5] * settings.colour)
    pivot = rng.uniform(0.3, 0.6)
    contrast = np.exp(z[5] * settings.contrast)
    level = (_LEVELS**gamma * gain - pivot) * contrast + pivot + z[6] * settings.offset
    return _lut(image, level * 255)


def dark(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Low light: few levels left, amplified again in part."""
    level = rng.uniform(0.06, 0.4)
    lifted = level ** rng.uniform(0.2, 1.0)
    table = np.round(np.arange(256) * level) / level * lifted
    return _lut(image, np.repeat(table[:, None], 3, 1))


def grey(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Luminance only."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def shade(rng: Rng, image: Image, settings: Appearance) -> Image:
    """One-sided light: a ramp of gain across the crop in a random direction."""
    height, width = image.shape[:2]
    a, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.1)
    across = np.exp(np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(a) * strength))
    down = np.exp(np.linspace(-1, 1, height, dtype=np.float32) * np.float32(np.sin(a) * strength))
    gain = cv2.merge([down[:, None] * across[None]] * 3)
    return cv2.multiply(image, gain, dtype=cv2.CV_8U)


def blur(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Defocus."""
    sigma = float(rng.uniform(*settings.blur_sigma)) * image.shape[0] / DESIGN_SIDE
    return cv2.GaussianBlur(image, (0, 0), sigma)


def motion_blur(rng: Rng, image: Image, settings: Appearance) -> Image:
    """A straight smear, as long to both sides: nothing moves."""
    length = float(rng.uniform(*settings.motion_length)) * image.shape[0] / DESIGN_SIDE
    n = int(length / 2) * 2 + 1
    kernel = np.zeros((n, n), np.float32)
    a, middle = rng.uniform(0, np.pi), n // 2
    reach = (np.array([np.cos(a), np.sin(a)]) * middle).round().astype(int)
    cv2.line(kernel, (middle - reach).tolist(), (middle + reach).tolist(), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def low_resolution(rng: Rng, image: Image, settings: Appearance) -> Image:
    """A face of fewer pixels, enlarged."""
    low, high = np.log(settings.resolution)
    share = float(np.exp(rng.uniform(low, high)))
    height, width = image.shape[:2]
    small = (max(2, round(width * share)), max(2, round(height * share)))
    down = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    up = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return cv2.resize(down, (width, height), interpolation=up)


_MIDDLE, _BANK_SIGMA = 128, 32


@cache
def _grain() -> np.ndarray:
    """(2^20,) uint8, normal with mean `_MIDDLE` and deviation `_BANK_SIGMA`: drawn once."""
    drawn = np.random.default_rng(0).normal(size=1 << 20) * _BANK_SIGMA + _MIDDLE
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


def noise(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Sensor noise, fine or coarse, coloured or grey."""
    height, width = image.shape[:2]
    sigma = float(rng.uniform(*settings.noise_sigma))
    channels = 3 if rng.random() < 0.6 else 1
    count, bank = height * width * channels, _grain()
    start = int(rng.integers(0, len(bank)))
    picked = bank[start : start + count]
    if len(picked) < count:
        picked = np.resize(np.roll(bank, -start), count)
    grain = picked.reshape(height, width, channels)
    if rng.random() < 0.3:
        grain, sigma = cv2.GaussianBlur(grain, (0, 0), 0.8), sigma * 2
    if channels == 1:
        grain = cv2.cvtColor(grain, cv2.COLOR_GRAY2RGB)
    share = sigma / _BANK_SIGMA
    return cv2.addWeighted(image, 1.0, grain, share, -share * _MIDDLE)


def jpeg(rng: Rng, image: Image, settings: Appearance) -> Image:
    """Compression."""
    low, high = settings.jpeg_quality
    quality = round(float(rng.uniform(low, high)))
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was written a line above
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB, dst=decoded)


EFFECTS = (grey, shade, dark, tone, blur, motion_blur, low_resolution, noise, jpeg)
"""In the order of a camera. The share of an effect is the setting of its name."""


def appearance(rng: Rng, image: Image, settings: Appearance) -> Image:
    """The chain of effects."""
    draws = rng.random(len(EFFECTS))
    for effect, draw in zip(EFFECTS, draws, strict=True):
        if draw < getattr(settings, effect.__name__):
            image = effect(rng, image, settings)
    return image
