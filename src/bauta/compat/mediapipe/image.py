"""`mp.Image` and `mp.ImageFormat`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from bauta.checks import InputError, check_image
from bauta.video.pictures import read_picture


class ImageFormat(IntEnum):
    """What the numbers of a picture are."""

    SRGB = 1
    SRGBA = 2
    GRAY8 = 3


@dataclass(frozen=True, eq=False)
class Image:
    """A picture: (H, W, 3) RGB, (H, W, 4) RGBA or (H, W) grey, uint8."""

    image_format: ImageFormat
    data: np.ndarray

    @classmethod
    def create_from_file(cls, file_name: str) -> Image:
        """The picture of a file, upright."""
        return cls(ImageFormat.SRGB, read_picture(file_name))

    @property
    def width(self) -> int:
        """Pixels."""
        return self.data.shape[1]

    @property
    def height(self) -> int:
        """Pixels."""
        return self.data.shape[0]

    @property
    def channels(self) -> int:
        """1, 3 or 4."""
        return self.data.shape[2] if self.data.ndim == 3 else 1

    def numpy_view(self) -> np.ndarray:
        """The numbers, read-only."""
        view = self.data.view()
        view.flags.writeable = False
        return view

    def rgb(self) -> np.ndarray:
        """(H, W, 3) uint8."""
        if self.image_format == ImageFormat.GRAY8 and self.channels == 1:
            return np.repeat(self.data.reshape(self.height, self.width, 1), 3, axis=2)
        if self.image_format == ImageFormat.SRGBA and self.channels == 4:
            return np.ascontiguousarray(self.data[..., :3])
        if self.image_format != ImageFormat.SRGB:
            raise InputError(
                f"image: expected {self.image_format.name} of uint8, got shape {self.data.shape}"
            )
        return check_image(self.data)
