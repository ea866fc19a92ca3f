"""Settings of the augmentation: `[augment]` of a recipe. Defaults: the founding recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal

from bauta.checks import InputError


def _check_shares(settings: object, names: tuple[str, ...]) -> None:
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise InputError(f"{name}: expected a share from 0 to 1, got {getattr(settings, name)}")


def _check_range(name: str, pair: tuple[float, float], low: float, high: float) -> None:
    if not low <= pair[0] <= pair[1] <= high:
        raise InputError(f"{name}: expected two rising numbers within {low}..{high}, got {pair}")


@dataclass(frozen=True)
class Geometry:
    """Where a crop lies, drawn anew each time."""

    margin: float = 1.0
    """Side of the crop over the face's own square, which is 1.25 times the face (`bauta.crop`)."""
    rotation: float = 40.0
    """Degrees: half range of a uniform draw, or standard deviation of a normal one."""
    shift: float = 0.10
    """Of the crop's side, in x and in y: half range, or standard deviation."""
    scale: float = 0.10
    """Of the logarithm of the crop's side: half range, or standard deviation."""
    distribution: Literal["uniform", "normal"] = "uniform"
    wide: float = 0.0
    """Share of crops with twice the shift and scale, and a uniform rotation."""
    wide_rotation: float = 45.0
    """Degrees: half range of the rotation of wide crops."""
    flip: float = 0.5
    """Share of mirror images."""
    upright: bool = False
    """Turn the head upright first; otherwise the crop is upright as the picture is."""

    def __post_init__(self) -> None:
        _check_shares(self, ("wide", "flip"))
        if self.margin <= 0 or min(self.rotation, self.shift, self.scale) < 0:
            raise InputError("margin must be above 0; rotation, shift and scale 0 or more")


@dataclass(frozen=True)
class BoxJitter:
    """How our detector's box misses the face, on top of `Geometry`.

    The defaults are measured on 821 faces of the val people of `ytf`, `lfw` and `masks`: the square
    that `bauta.crop` draws around the detector's box against the one around the teacher's mesh.
    """

    share: float = 0.5
    """Of the crops that are framed as after detection; the others as after tracking."""
    shift_x: float = 0.022
    """Standard deviation over the side of the square."""
    shift_y: float = 0.025
    scale: float = 0.058
    """Standard deviation of the logarithm of the side."""

    def __post_init__(self) -> None:
        _check_shares(self, ("share",))


@dataclass(frozen=True)
class Occlusion:
    """Things in front of the face."""

    share: float = 0.25
    """Of the crops that get one."""
    shapes: tuple[str, ...] = (
        "ellipse", "rectangle", "blob", "hand", "mask", "scarf", "glasses", "edge",
    )  # fmt: skip
    """Which, equally often: see `bauta.train.augment.occluders`."""

    def __post_init__(self) -> None:
        from bauta.train.augment.occluders import SHAPES

        _check_shares(self, ("share",))
        unknown = set(self.shapes) - set(SHAPES)
        if unknown or not self.shapes:
            raise InputError(f"shapes: expected some of {', '.join(SHAPES)}, got {self.shapes}")


@dataclass(frozen=True)
class Appearance:
    """What light, camera and codec do. Shares of crops, and how much; pixels at 112 a side."""

    tone: float = 0.7
    """Share with other light, contrast, colour and gamma, which are:"""
    light: float = 0.18
    """Standard deviation of the logarithm of the gain."""
    offset: float = 0.06
    """Standard deviation of what is added, of the full range."""
    contrast: float = 0.2
    """Standard deviation of the logarithm of the contrast about a middle grey."""
    colour: float = 0.08
    """Standard deviation of the logarithm of each channel's gain."""
    gamma: float = 0.35
    """Standard deviation of the logarithm of gamma."""
    grey: float = 0.25
    """Share without colour."""
    shade: float = 0.25
    """Share lit from one side."""
    dark: float = 0.1
    """Share in low light: few levels left, amplified again in part."""
    blur: float = 0.12
    """Share out of focus."""
    blur_sigma: tuple[float, float] = (0.4, 2.2)
    motion_blur: float = 0.12
    """Share smeared along a line."""
    motion_length: tuple[float, float] = (3.0, 11.0)
    low_resolution: float = 0.3
    """Share enlarged from fewer pixels."""
    resolution: tuple[float, float] = (0.22, 0.8)
    """Share of the side that is left of these."""
    noise: float = 0.35
    """Share with sensor noise, fine or coarse, coloured or grey."""
    noise_sigma: tuple[float, float] = (2.0, 18.0)
    """Of 255."""
    jpeg: float = 0.25
    """Share compressed."""
    jpeg_quality: tuple[float, float] = (15.0, 80.0)

    def __post_init__(self) -> None:
        shares = ("tone", "grey", "shade", "dark", "blur", "motion_blur", "low_resolution")
        _check_shares(self, (*shares, "noise", "jpeg"))
        _check_range("blur_sigma", self.blur_sigma, 0.1, 20)
        _check_range("motion_length", self.motion_length, 2, 60)
        _check_range("resolution", self.resolution, 0.05, 1)
        _check_range("noise_sigma", self.noise_sigma, 0, 127)
        _check_range("jpeg_quality", self.jpeg_quality, 1, 100)


@dataclass(frozen=True)
class Augment:
    """All of it: the table `[augment]` of a recipe."""

    geometry: Geometry = field(default_factory=Geometry)
    box: BoxJitter = field(default_factory=BoxJitter)
    background: float = 0.15
    """Share of crops whose background is replaced by a photograph, the face's hull kept."""
    occlusion: Occlusion = field(default_factory=Occlusion)
    appearance: Appearance = field(default_factory=Appearance)

    def __post_init__(self) -> None:
        _check_shares(self, ("background",))


def _none() -> Augment:
    shares = {
        f.name: 0.0
        for f in fields(Appearance)
        if f.name not in ("light", "offset", "contrast", "colour", "gamma") and f.type == "float"
    }
    geometry = Geometry(rotation=0, shift=0, scale=0, flip=0)
    appearance = replace(Appearance(), **shares)
    return Augment(geometry, BoxJitter(share=0), 0.0, Occlusion(share=0), appearance)


NONE = _none()
"""The crop as it is: no draw changes anything."""
