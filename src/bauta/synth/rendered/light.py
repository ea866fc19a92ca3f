"""Light of a scene: even light as spherical harmonics, and lamps with shadows. Linear RGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COSINE = np.array([1, *[2 / 3] * 3, *[1 / 4] * 5], np.float32)
"""Lambert's cosine in the first three bands (Ramamoorthi and Hanrahan 2001, eq. 8), over pi: the
light that a white surface sends back."""


@dataclass(frozen=True, eq=False)
class Light:
    """Directions are in camera axes (x right, y down, z forward)."""

    even: np.ndarray
    """(9, 3) coefficients of the light that comes from all sides."""
    ways: np.ndarray
    """(n, 3) unit vectors towards the lamps."""
    lamps: np.ndarray
    """(n, 3) their light on a surface that faces them."""


def harmonics(directions: np.ndarray) -> np.ndarray:
    """(..., 9) real spherical harmonics of unit vectors (..., 3), bands 0, 1, 2."""
    x, y, z = (directions[..., k] for k in range(3))
    one = np.full_like(x, 0.282095)
    first = [0.488603 * y, 0.488603 * z, 0.488603 * x]
    second = [1.092548 * x * y, 1.092548 * y * z, 0.315392 * (3 * z * z - 1)]
    return np.stack([one, *first, *second, 1.092548 * x * z, 0.546274 * (x * x - y * y)], -1)


def irradiance(even: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(..., 3) light that a white surface with these normals (..., 3) sends back; never below a
    twentieth of the mean."""
    seen = harmonics(normals) @ (even * COSINE[:, None]).astype(normals.dtype)
    return np.maximum(seen, (0.05 * 0.282095 * even[0]).astype(normals.dtype))


def warmth(kelvin_shift: float) -> np.ndarray:
    """(3,) colour of a lamp: > 0 warmer than the white balance, < 0 colder; green stays 1."""
    return np.exp(np.array([0.35, 0.0, -0.55]) * kelvin_shift)


def draw_light(rng: np.random.Generator) -> Light:
    """Even light with a bright and a dark side, mostly from above, and none to two lamps."""
    even = np.zeros((9, 3))
    tint = warmth(rng.normal(0, 0.25))
    even[0] = tint / 0.282095
    way = rng.normal(0, 1, 3) + np.array([0, -0.8, -0.5])
    way /= np.linalg.norm(way)
    slope = rng.uniform(0.1, 0.9) * tint * warmth(rng.normal(0, 0.2))
    even[1:4] = np.outer(way[[1, 2, 0]], slope) / 0.488603
    even[4:] = rng.normal(0, 0.12, (5, 1)) * even[0] * rng.uniform(0.8, 1.2, 3)
    count = int(rng.choice(3, p=[0.25, 0.5, 0.25]))
    ways = rng.normal(0, 1, (count, 3)) * (1, 0.7, 0.6) + (0, -0.5, -0.7)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    strength = np.exp(rng.uniform(-1.2, 1.2, (count, 1)))
    lamps = strength * np.array([warmth(rng.normal(0, 0.35)) for _ in range(count)]).reshape(-1, 3)
    return Light(*(np.asarray(part, np.float32) for part in (even, ways, lamps)))
