"""From linear light to the bytes of a camera: exposure, white balance, blur, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bauta.synth.rendered.canvas import compiled

TOP, STEPS = 2.0, 1025
"""The root of the brightest light that is told from brighter, and samples of the curve."""


@dataclass(frozen=True, eq=False)
class Lens:
    """One camera, one exposure. The same for all pictures of a clip but for the noise."""

    gain: float
    """Exposure over the one that makes the face's mean a middle grey."""
    balance: np.ndarray
    """(3,) factors of the channels."""
    gamma: float
    """Of the tone curve; 2.2 is usual."""
    blur: float
    """Standard deviation in pixels, 0: sharp."""
    motion: tuple[float, float]
    """Pixels that the picture moves while the shutter is open."""
    shot: float
    """Noise of photons at full light, in shares of full light."""
    read: float
    """Noise of the sensor."""
    quality: int
    """JPEG, 0: none."""
    grey: bool


def draw_lens(rng: np.random.Generator) -> Lens:
    """Most are sharp and clean, some are bad cameras in bad light."""
    blur = float(rng.uniform(0.4, 1.6)) if rng.random() < 0.35 else 0.0
    moved = rng.random() < 0.12
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(2, 7)
    motion = (float(length * np.cos(angle)), float(length * np.sin(angle))) if moved else (0.0, 0.0)
    noisy = rng.random() < 0.4
    return Lens(
        gain=float(np.exp(rng.normal(0, 0.38))),
        balance=np.exp(rng.normal(0, 0.07, 3)),
        gamma=float(rng.uniform(1.9, 2.5)),
        blur=blur,
        motion=motion,
        shot=float(rng.uniform(0.01, 0.06)) if noisy else 0.006,
        read=float(rng.uniform(0.002, 0.012)) if noisy else 0.001,
        quality=int(rng.uniform(30, 95)) if rng.random() < 0.6 else 0,
        grey=bool(rng.random() < 0.08),
    )


def exposed(linear: np.ndarray, face: float, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 of linear light (H, W, 3); `face` is the face's mean, which becomes 0.2."""
    light, gain = linear, 0.2 * lens.gain / max(face, 1e-4)
    if any(lens.motion):
        light = _moved(light, lens.motion)
    if lens.blur:
        light = cv2.GaussianBlur(light, (0, 0), lens.blur)
    grain = rng.standard_normal(light.shape, np.float32)
    balance, byte = (gain * lens.balance).astype(np.float32), np.empty(light.shape, np.uint8)
    develop = compiled().develop
    develop(light, grain, balance, lens.shot, lens.read, _curve(lens.gamma), TOP, byte)
    if lens.grey:
        byte = cv2.cvtColor(byte, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2)
    if lens.quality:
        _, data = cv2.imencode(".jpg", byte[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, lens.quality])
        byte = np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
    return byte


def _curve(gamma: float) -> np.ndarray:
    """(n,) float32 bytes at evenly spaced roots of light from 0 to `TOP`: what is bright fades into
    full light, then the tone curve. Nearly straight lines between, since gamma is near 2."""
    light = (np.linspace(0, TOP, STEPS) ** 2).astype(np.float32)
    soft = np.where(light > 0.8, 1 - 0.2 * np.exp(-(light - 0.8) / 0.2), light)
    return (np.power(soft, 1 / gamma) * 255).astype(np.float32)


def _moved(light: np.ndarray, motion: tuple[float, float]) -> np.ndarray:
    """The mean over a straight movement whose middle is the picture as it is."""
    reach = int(np.ceil(max(abs(motion[0]), abs(motion[1])) / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for t in np.linspace(-0.5, 0.5, 25):
        x, y = reach + t * motion[0], reach + t * motion[1]
        x0, y0 = int(x), int(y)
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            kernel[y0 + i, x0 + j] += (1 - abs(y - y0 - i)) * (1 - abs(x - x0 - j))
    return cv2.filter2D(light, -1, kernel / kernel.sum())
