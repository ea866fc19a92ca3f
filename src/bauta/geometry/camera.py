"""Pinhole cameras with lens distortion, in OpenCV's convention and our pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bauta.checks import InputError, check_array
from bauta.geometry.lens import Lens, lens_of

DEFAULT_FOV = 60.0
"""Degrees across the longer side when nothing is known: webcams have 55-70, phones 60-75."""
FOVS = (1.0, 170.0)
"""Degrees across the longer side that a camera can have."""
ROUNDED = 1e-6
"""Degrees that single precision of `K` may take a field of view beyond that."""
OFF_MIDDLE = 0.1
"""Share of a side by which a lens can be off the middle of a picture that is whole."""
SAME_SHAPE = 0.01
"""Share by which width over height of a picture may differ from that of its camera."""
LEAST_SHARE, MOST_BENT = 0.5, 2.0
"""A lens says where half of the picture comes from, and pulls nothing out to twice its place."""


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
    size: tuple[int, int] | None = None
    """Width and height of the pictures that `K` is for, where that is known."""

    def __post_init__(self) -> None:
        K = check_array(self.K, (3, 3), "camera K").astype(np.float64)
        below = np.abs([K[1, 0], *K[2, :2], K[2, 2] - 1]).max()
        if K[0, 0] <= 0 or K[1, 1] <= 0 or below > 1e-6:
            raise InputError(
                "camera K: expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with positive focal "
                f"lengths in pixels, got {K.tolist()}"
            )
        distortion = np.asarray(self.distortion, np.float64).ravel()
        lens_of(tuple(distortion.tolist()))
        object.__setattr__(self, "K", K)
        object.__setattr__(self, "distortion", distortion)

    @staticmethod
    def of_fov(width: int, height: int, degrees: float = DEFAULT_FOV) -> Camera:
        """A camera that sees `degrees` across the longer side, its axis through the middle."""
        if not FOVS[0] <= degrees <= FOVS[1]:
            raise InputError(f"field of view: expected 1 to 170 degrees, got {degrees}")
        f = max(width, height) / 2 / np.tan(np.radians(degrees) / 2)
        return Camera(np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1.0]]))

    @property
    def lens(self) -> Lens | None:
        """The distortion; None without one."""
        return lens_of(tuple(self.distortion.tolist())) if len(self.distortion) else None

    def for_picture(self, width: int, height: int) -> Camera:
        """The camera of pictures of a size: itself, or with `K` in their pixels where its own
        `size` is another of the same shape.

        InputError when it cannot have taken them: another shape, less than 1 or more than 170
        degrees across the longer side, an axis far from their middle though no `size` says that
        they were cut out so, a lens that turns them over.
        """
        size = (width, height)
        camera = self if self.size in (None, size) else self._in_pixels_of(width, height)
        for f in camera.K[[0, 1], [0, 1]].tolist():
            fov = np.degrees(2 * np.arctan(max(size) / 2 / f))
            if not FOVS[0] - ROUNDED <= fov <= FOVS[1] + ROUNDED:
                raise InputError(
                    f"camera: a focal length of {f:g} pixels sees {fov:.3g} degrees of a "
                    f"{width}x{height} picture; expected 1 to 170; is K in pixels?"
                )
        off = np.abs(camera.K[:2, 2] / size - 0.5).max()
        if off > (OFF_MIDDLE if self.size is None else 1.5):
            x, y = camera.K[:2, 2]
            raise InputError(
                f"camera: its axis at ({x:g}, {y:g}) is far from the middle of a {width}x{height} "
                "picture; is it for pictures of another size? Then say size, [width, height] of "
                "those, beside K"
            )
        camera._check_lens(width, height)
        return camera

    def _in_pixels_of(self, width: int, height: int) -> Camera:
        assert self.size is not None
        across, down = width / self.size[0], height / self.size[1]
        if abs(across / down - 1) > SAME_SHAPE:
            raise InputError(
                f"camera: is for pictures of {self.size[0]}x{self.size[1]}, not of "
                f"{width}x{height}; calibrate with these, or give --fov alone"
            )
        K = self.K * np.array([[across], [down], [1.0]])
        return Camera(K, self.distortion, (width, height))

    def _check_lens(self, width: int, height: int) -> None:
        if self.lens is None:
            return
        across, down = np.linspace(0, width, 33), np.linspace(0, height, 33)
        seen = self._flat(np.stack(np.meshgrid(across, down), -1))
        x, y = self.lens.unbend(*seen)
        known = np.hypot(x, y) < self.lens.edge
        pulled = float((np.hypot(*seen) / np.maximum(np.hypot(x, y), 1e-9)).max())
        if known.mean() < LEAST_SHARE or pulled > MOST_BENT:
            raise InputError(
                f"camera distortion: {self.distortion.tolist()} is no lens for a {width}x{height} "
                "picture: it turns it over or pulls it apart; expected OpenCV's k1 k2 p1 p2 "
                "[k3 [k4 k5 k6]], for the K beside it"
            )

    def _flat(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y over z of pixels (..., 2 or more), as the lens shows them."""
        y = (pixels[..., 1] - self.K[1, 2]) / self.K[1, 1]
        return (pixels[..., 0] - self.K[0, 2] - self.K[0, 1] * y) / self.K[0, 0], y

    def _pixels(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(..., 2) the inverse of `_flat`."""
        K = self.K
        return np.stack([K[0, 0] * x + K[0, 1] * y + K[0, 2], K[1, 1] * y + K[1, 2]], -1)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of points (..., 3) in camera axes, any unit of length."""
        flat = points / np.maximum(points[..., 2:], 1e-9)
        x, y = flat[..., 0], flat[..., 1]
        if self.lens is not None:
            x, y = self.lens.bend(x, y)
        return self._pixels(x, y)

    def at_depth(self, pixels: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(K, 3) camera axes of what a camera without distortion sees at `pixels` (K, 2 or more) at
        depths `z` (K,): the inverse of `project`."""
        x, y = self._flat(pixels)
        return np.stack([x * z, y * z, z], axis=1)

    def undistorted(self, pixels: np.ndarray) -> np.ndarray:
        """Where pixels (..., 2) would lie without lens distortion, everywhere: docs/fit.md says
        what becomes of places the lens does not show. A no-op for a camera without one."""
        if self.lens is None:
            return pixels
        return self._pixels(*self.lens.unbend(*self._flat(pixels))).astype(pixels.dtype)
