"""One face, or one photograph of nobody, cut as a pack stores it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from bauta import schemes
from bauta.checks import BautaError, InputError, check_image
from bauta.crop import Roi
from bauta.data.framing import OUTLINE, frame_of
from bauta.data.sample import Sample
from bauta.geometry import affine
from bauta.regress.landmarks import cut

PHOTO = 2
"""The shorter side of a photograph without a face is at most this many sides of a crop."""


@dataclass(frozen=True)
class PackSettings:
    """How faces are cut and stored."""

    side: int = 192
    """Pixels of a crop."""
    margin: float = 1.7
    """Side of a crop over the side of the face's own square: room to turn, shift and scale."""
    quality: int = 92
    """Quality of the crops, 1 to 100."""
    codec: Literal["jpeg", "webp"] = "jpeg"
    """How crops are stored: WebP takes two thirds of JPEG's bytes at the same error and twice the
    time to decode."""
    unit: int = 32
    """Points are kept to 1 / `unit` pixel of the crop."""
    shard: int = 1000
    """Samples of a shard."""
    schemes: tuple[str, ...] = ()
    """Schemes to keep; empty: all that the set has."""

    def __post_init__(self) -> None:
        if not (self.side >= 16 and self.margin >= 1 and 1 <= self.quality <= 100):
            raise InputError(
                "pack: expected side >= 16, margin >= 1 and quality 1..100, got "
                f"{self.side}, {self.margin}, {self.quality}"
            )
        if self.unit < 1 or self.shard < 1:
            raise InputError(f"pack: unit and shard are 1 or more, got {self.unit}, {self.shard}")
        for name in self.schemes:
            schemes.get(name)


SMALL = PackSettings(side=128, quality=80, codec="webp", unit=8)
"""To be copied to a borrowed machine: all three of our own sets in less than 55 MB."""


@dataclass(frozen=True, eq=False)
class Row:
    """One sample, cut."""

    sample: Sample
    picture: bytes
    transform: np.ndarray
    rect: np.ndarray
    frame: np.ndarray
    outline: np.ndarray

    @property
    def digest(self) -> int:
        return int.from_bytes(hashlib.sha1(self.picture).digest()[:8], "big")


def _shrunk(image: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A whole photograph, its shorter side at most `PHOTO * side`, and T_crop_picture."""
    scale = min(1.0, PHOTO * side / min(image.shape[:2]))
    width, height = (max(1, round(n * scale)) for n in image.shape[1::-1])
    T = np.array([[width / image.shape[1], 0, 0], [0, height / image.shape[0], 0]])
    if scale < 1:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return image, T


def _cut(sample: Sample, settings: PackSettings) -> Row:
    image = check_image(sample.picture(), sample.name)
    height, width = image.shape[:2]
    found = frame_of(sample)
    if found is None:
        crop, T = _shrunk(image, settings.side)
        frame, outline = np.full(4, np.nan), np.full((OUTLINE, 2), np.nan)
    else:
        roi, outline = found
        upright = Roi(roi.center, roi.side * settings.margin, 0.0)
        T = upright.transform(settings.side)
        crop = cut(image, upright, settings.side)
        center = affine.apply(T, roi.center)
        frame = np.array([*center, settings.side / settings.margin, roi.angle])
        outline = affine.apply(T, outline)
    rect = affine.apply(T, np.array([[0, 0], [width, height]], np.float64)).ravel()
    return Row(sample, _encoded(crop, settings), T, rect, frame, outline)


def _encoded(crop: np.ndarray, settings: PackSettings) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, settings.quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    if settings.codec == "webp":
        flags = [cv2.IMWRITE_WEBP_QUALITY, settings.quality]
    ending = ".webp" if settings.codec == "webp" else ".jpg"
    done, data = cv2.imencode(ending, cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), flags)
    if not done:
        raise InputError(f"this OpenCV cannot write {settings.codec}")
    return data.tobytes()


def try_cut(sample: Sample, settings: PackSettings) -> Row | str:
    try:
        return _cut(sample, settings)
    except (BautaError, OSError, cv2.error) as error:
        return str(error).strip().splitlines()[-1]
