"""What cameras and codecs do to a whole picture: light, colour, blur, noise, compression.

Geometry is never touched, so labels stay true.
"""

from __future__ import annotations

import cv2
import numpy as np


def relight(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gamma, contrast, brightness and a colour cast through one table per channel; uint8."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32)
    dark = rng.random() < 0.15
    gamma = np.exp(rng.uniform(0.1, 0.7) if dark else rng.normal(0, 0.25))
    gain = rng.uniform(0.4, 0.9) if dark else rng.uniform(0.75, 1.25)
    cast = np.exp(rng.normal(0, 0.08 if rng.random() < 0.7 else 0.2, 3))
    shift = rng.normal(0, 0.04)
    table = np.stack([np.power(ramp, gamma) * gain * c + shift for c in cast], 1)
    table = np.clip(table * 255, 0, 255).astype(np.uint8)
    return cv2.LUT(image, table.reshape(256, 1, 3))


def grey(image: np.ndarray, amount: float) -> np.ndarray:
    """Mix with the luminance: amount 1 is a grey picture, below 0 is more colourful."""
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2)
    return cv2.addWeighted(image, 1 - amount, light, amount, 0)


def blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Out of focus, or moved along a line of up to 7 pixels."""
    if rng.random() < 0.6:
        return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.8)))
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length)) + 1e-9
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def coarsen(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Small sensor: shrink by 1.2 to 2.5 and enlarge again."""
    height, width = image.shape[:2]
    factor = rng.uniform(1.2, 2.5)
    size = (max(int(width / factor), 1), max(int(height / factor), 1))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(0, 3)]
    return cv2.resize(small, (width, height), interpolation=way)


def noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of 2 to 18 grey levels, the same for the three channels half of the time."""
    height, width = image.shape[:2]
    channels = 1 if rng.random() < 0.5 else 3
    grains = rng.standard_normal((height, width, channels), np.float32)
    return np.clip(image + rng.uniform(2, 18) * grains, 0, 255).astype(np.uint8)


def compress(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """JPEG at quality 20 to 90."""
    quality = int(rng.uniform(20, 90))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def degrade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some of the above at random, or nothing (one in seven); RGB uint8 in and out."""
    if rng.random() < 1 / 7:
        return image
    if rng.random() < 0.8 and image.mean() > 30:
        image = relight(image, rng)
    if rng.random() < 0.35:
        image = grey(image, 1.0 if rng.random() < 0.6 else float(rng.uniform(-0.6, 0.8)))
    for chance, change in ((0.15, coarsen), (0.22, blur), (0.25, noise), (0.35, compress)):
        if rng.random() < chance:
            image = change(image, rng)
    return image
