"""Pinhole cameras with lens distortion, in OpenCV's convention and our pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bauta.checks import InputError, check_array

DEFAULT_FOV = 60.0
"""Degrees across the longer side when nothing is known: webcams have 55-70, phones 60-75."""


@dataclass(frozen=True, eq=False)
class Camera:
    """u = fx x / z + cx, v = fy y / z + cy of points in camera axes (x right, y down, z forward).

    Pixels are ours: (0, 0) is the corner of the first pixel, so `cx`, `cy` are 0.5 more than in
    OpenCV's calibration, which counts from pixel centres.
    """

    K: np.ndarray
    """(3, 3)."""
    distortion: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """() or k1 k2 p1 p2 [k3 [k4 k5 k6]], as OpenCV."""

    def __post_init__(self) -> None:
        K = check_array(self.K, (3, 3), "camera K").astype(np.float64)
        if K[0, 0] <= 0 or K[1, 1] <= 0 or abs(K[2, 2] - 1) > 1e-6 or np.abs(K[2, :2]).max() > 0:
            raise InputError(
                "camera K: expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with positive focal "
                f"lengths in pixels, got {K.tolist()}"
            )
        distortion = np.asarray(self.distortion, np.float64).ravel()
        if len(distortion) not in (0, 4, 5, 8) or not np.isfinite(distortion).all():
            raise InputError(
                f"camera distortion: expected 0, 4, 5 or 8 numbers, got {len(distortion)}"
            )
        object.__setattr__(self, "K", K)
        object.__setattr__(self, "distortion", distortion)

    @staticmethod
    def of_fov(width: int, height: int, degrees: float = DEFAULT_FOV) -> Camera:
        """A camera that sees `degrees` across the longer side, its axis through the middle."""
        if not 1.0 <= degrees <= 170.0:
            raise InputError(f"field of view: expected 1 to 170 degrees, got {degrees}")
        f = max(width, height) / 2 / np.tan(np.radians(degrees) / 2)
        return Camera(np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1.0]]))

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of points (..., 3) in camera axes, any unit of length."""
        flat = points / np.maximum(points[..., 2:], 1e-9)
        x, y = _distort(flat[..., 0], flat[..., 1], self.distortion)
        return np.stack(
            [self.K[0, 0] * x + self.K[0, 1] * y + self.K[0, 2], self.K[1, 1] * y + self.K[1, 2]],
            -1,
        )

    def at_depth(self, pixels: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(K, 3) camera axes of what a camera without distortion sees at `pixels` (K, 2 or more) at
        depths `z` (K,): the inverse of `project`."""
        y = (pixels[:, 1] - self.K[1, 2]) / self.K[1, 1]
        x = (pixels[:, 0] - self.K[0, 2] - self.K[0, 1] * y) / self.K[0, 0]
        return np.stack([x * z, y * z, z], axis=1)

    def undistorted(self, pixels: np.ndarray) -> np.ndarray:
        """Where pixels (..., 2) would lie without lens distortion: inverse of the distortion by
        fixed-point iteration. A no-op for a camera without one."""
        if not len(self.distortion):
            return pixels
        y0 = (pixels[..., 1] - self.K[1, 2]) / self.K[1, 1]
        x0 = (pixels[..., 0] - self.K[0, 2] - self.K[0, 1] * y0) / self.K[0, 0]
        x, y = x0, y0
        for _ in range(12):
            dx, dy = _distort(x, y, self.distortion)
            x, y = x + (x0 - dx), y + (y0 - dy)
        u = self.K[0, 0] * x + self.K[0, 1] * y + self.K[0, 2]
        return np.stack([u, self.K[1, 1] * y + self.K[1, 2]], -1).astype(pixels.dtype)


def _distort(x: np.ndarray, y: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(d):
        return x, y
    k1, k2, p1, p2, k3, k4, k5, k6 = np.concatenate([d, np.zeros(8 - len(d))])
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def read_camera(path: Path) -> Camera:
    """Camera of a JSON file `{"K": [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], "distortion": [...]}`,
    as OpenCV's calibration gives it (pixel centres); InputError when it cannot be used."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"camera {path}: cannot be read ({error})") from error
    except ValueError as error:
        raise InputError(f"camera {path}: not JSON ({error})") from error
    if not isinstance(data, dict) or "K" not in data:
        raise InputError(f'camera {path}: expected {{"K": 3 rows of 3, "distortion": [...]}}')
    try:
        K = np.array(data["K"], np.float64)
        camera = Camera(K, np.array(data.get("distortion", []), np.float64))
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"camera {path}: {error}") from error
    camera.K[:2, 2] += 0.5
    return camera
