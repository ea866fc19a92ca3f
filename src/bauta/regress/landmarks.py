"""The landmark regressor at run time: a turned square of a picture in, its points out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from bauta import schemes
from bauta.assets.face import face_model
from bauta.checks import ModelError
from bauta.crop import Roi
from bauta.engine.session import Session
from bauta.geometry import affine
from bauta.morphable.arkit import mirrored

TASK = "landmarks"
"""What cards and files of such networks name as theirs."""
OUTPUTS = {"mesh": "mesh478", "ibug68": "ibug68", "ibug68_3d": "ibug68-3d"}
"""Output of the network -> scheme, where the two names differ and for files that name no schemes;
all other outputs are called as their scheme."""
BLENDSHAPES = "blendshapes"
"""Output that says the expression besides the points, and metadata that name its weights."""
MAIN = ("mesh478", "ibug68-3d", "ibug68")
"""Which scheme says how the head lies, the best first."""


@dataclass(frozen=True)
class Prediction:
    """Points of one face by scheme: (points, 2 or 3) float32 in pixels of the picture, z zero-mean.

    `sigma` by scheme (points,), the distance from the truth that the network expects, in pixels,
    where it says so; `presence` 0..1, its belief that the crop holds a face.
    """

    points: dict[str, np.ndarray]
    sigma: dict[str, np.ndarray]
    presence: float
    crop: np.ndarray | None = None
    """(S, S, 3) uint8 RGB: what the network saw."""
    T_crop_image: np.ndarray | None = None
    """(2, 3), from the picture to pixels of `crop`."""
    blendshapes: np.ndarray | None = None
    """(E,) float32 0..1 in the order of the face model that ships: what the network believes of the
    expression besides the points; None where it says nothing."""

    def averaged(self, other: Prediction) -> Prediction:
        """The mean of this and another look at the same face; the crop is this one's."""
        return replace(
            self,
            points={name: (p + other.points[name]) / 2 for name, p in self.points.items()},
            sigma={name: (s + other.sigma[name]) / 2 for name, s in self.sigma.items()},
            presence=(self.presence + other.presence) / 2,
            blendshapes=_mean(self.blendshapes, other.blendshapes),
        )

    def apart(self, other: Prediction) -> float:
        """Mean distance of the points of the main scheme from those of another look; pixels."""
        between = self.points[self.main] - other.points[self.main]
        return float(np.linalg.norm(between[:, :2], axis=1).mean())

    @cached_property
    def main(self) -> str:
        """The scheme that says best how the head lies."""
        return next((name for name in MAIN if name in self.points), next(iter(self.points)))


@dataclass(frozen=True)
class Doubt:
    """How sure a network's points must be for a new face; stored with the model, as networks differ
    in what they take for one. Chosen on held-out scenes (docs/detector.md)."""

    most: float = 25.0
    """Percent of the face's size, times the detector's score: the largest doubt, which is the
    median `sigma` of the points and how far those of the mirror image lie from them. Faces have
    2-5, masked ones up to 10, what only looks like one 8-40; the less sure the detector, the less
    doubt is left."""
    surely_found: float = 0.6
    """Score of the detector from which doubt does not count."""

    @classmethod
    def read(cls, text: str) -> Doubt:
        """From a model's metadata, "most,surely_found"; ValueError when it is anything else."""
        most, surely_found = (float(number) for number in text.split(","))
        return cls(most, surely_found)

    def __str__(self) -> str:
        return f"{self.most:g},{self.surely_found:g}"


class Regressor(Protocol):
    """What finds the points of the face in a square: one network, or two stages of them."""

    @property
    def schemes(self) -> dict[str, str]:
        """Schemes that it predicts, by output."""
        ...

    @property
    def ibug68_offset(self) -> np.ndarray:
        """(2,) the pixel origin of its `ibug68`: docs/conventions.md."""
        ...

    @property
    def watched(self) -> bool:
        """Nobody has measured how well it tells faces from the rest: the detector has a say."""
        ...

    @property
    def doubt(self) -> Doubt:
        """How sure it must be of a new face."""
        ...

    @property
    def device(self) -> str:
        """What it runs on."""
        ...

    def __call__(self, image: np.ndarray, roi: Roi) -> Prediction:
        """Points of the face in `roi` of an RGB uint8 picture (H, W, 3)."""
        ...


def cut(image: np.ndarray, roi: Roi, size: int) -> np.ndarray:
    """Crop (size, size, 3) uint8; black outside of the picture.

    A face more than twice as large as the crop is averaged down first, so that no pixel is skipped.
    """
    return _cut(image, roi, size, roi.transform(size))


def _cut(image: np.ndarray, roi: Roi, size: int, T: np.ndarray) -> np.ndarray:
    """`cut`, by the crop's map."""
    import cv2

    factor = int(1 / max(affine.scale_of(T), 1e-3))
    if factor >= 2:
        reach = roi.side / 2 * (abs(np.cos(roi.angle)) + abs(np.sin(roi.angle))) + factor
        low = np.maximum(np.floor(roi.center - reach), 0).astype(int)
        high = np.minimum(np.ceil(roi.center + reach), image.shape[1::-1]).astype(int)
        wide, tall = (high - low) // factor
        if wide >= 1 and tall >= 1:
            x, y = low
            region = image[y : y + tall * factor, x : x + wide * factor]
            image = cv2.resize(region, (int(wide), int(tall)), interpolation=cv2.INTER_AREA)
            T = affine.compose(T, np.array([[factor, 0, x], [0, factor, y]], np.float64))
    return cv2.warpAffine(image, affine.for_opencv(T), (size, size))


class LandmarkRegressor:
    """A network of the task `landmarks`. ModelError when the session holds something else.

    `size` pixels of its crop; `schemes` that it predicts, by output; `knows_presence` is False for
    a network that was only ever shown faces: its predictions have the presence 1. `watched` is True
    where nobody has measured how well it tells faces from the rest: the detector then has a say.
    """

    def __init__(self, session: Session) -> None:
        task = session.metadata.get("bauta_task")
        if task != TASK:
            raise ModelError(
                f"{session.name}: not a bauta landmark model (task {task!r}); "
                "`bauta models` lists those that ship"
            )
        self._session = session
        try:
            self.size = int(session.metadata["size"])
            # the labels' own pixel origin, part of their convention: docs/conventions.md
            offset = session.metadata.get("ibug68_offset", "0,0").split(",")
            self.ibug68_offset = np.array(offset, np.float32).reshape(2)
            self.schemes = self._schemes()
            self.knows_presence = "presence" in session.outputs
            self.watched = (
                not self.knows_presence or session.metadata.get("watched_by") == "detector"
            )
            self.doubt = Doubt.read(session.metadata.get("doubt", str(Doubt())))
            self._shapes = self._shape_rows()
            self._try_out()
        except (KeyError, ValueError, ModelError) as error:
            raise ModelError(
                f"{session.name}: says that it is a bauta landmark model, but does not work as one "
                f"({error}); export it again with `bauta export-model`"
            ) from error

    @property
    def device(self) -> str:
        """What its session runs on."""
        return self._session.device

    def _schemes(self) -> dict[str, str]:
        """Output -> scheme, as the file says."""
        if "schemes" not in self._session.metadata:
            return OUTPUTS
        names = self._session.metadata["schemes"].split(",")
        known = {scheme: output for output, scheme in OUTPUTS.items()}
        return {known.get(name, name): name for name in names}

    def _shape_rows(self) -> np.ndarray | None:
        """(2, E) which of the network's weights is each of the face model's, and in a mirror."""
        if BLENDSHAPES not in self._session.outputs:
            return None
        said = self._session.metadata[BLENDSHAPES].split(",")
        names = face_model().expression_names
        return np.array([[said.index(n) for n in names], [said.index(mirrored(n)) for n in names]])

    def _try_out(self) -> None:
        """One empty crop: names, shapes and finite numbers are as they should be, or ValueError."""
        out = self._session.run({"crop": np.zeros((1, self.size, self.size, 3), np.uint8)})
        for name, scheme in self.schemes.items():
            count = schemes.get(scheme).count
            _check(out, name, [(1, count, 2), (1, count, 3)])
            if f"{name}_sigma" in out:
                _check(out, f"{name}_sigma", [(1, count)])
        if self.knows_presence:
            _check(out, "presence", [(1,)])
        if self._shapes is not None:
            _check(out, BLENDSHAPES, [(1, self._shapes.shape[1])])

    def __call__(self, image: np.ndarray, roi: Roi) -> Prediction:
        """Points of the face in `roi` of an RGB uint8 picture (H, W, 3)."""
        T = roi.transform(self.size)
        crop = _cut(image, roi, self.size, T)
        out = self._session.run({"crop": crop[None]})
        T_image_crop = affine.invert(T)
        scale = affine.scale_of(T_image_crop)
        points, sigma = {}, {}
        for output, scheme in self.schemes.items():
            order = schemes.get(scheme).mirror if roi.mirrored else slice(None)
            points[scheme] = affine.apply(T_image_crop, out[output][0])[order]
            if f"{output}_sigma" in out:
                sigma[scheme] = out[f"{output}_sigma"][0][order] * scale
        if "ibug68" in points:
            points["ibug68"] += self.ibug68_offset
        presence = float(out["presence"][0]) if self.knows_presence else 1.0
        shapes = None
        if self._shapes is not None:
            shapes = out[BLENDSHAPES][0][self._shapes[int(roi.mirrored)]]
        return Prediction(points, sigma, presence, crop, T, shapes)


def _mean(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    return one if one is None or other is None else (one + other) / 2


def _check(out: dict[str, np.ndarray], name: str, shapes: list[tuple[int, ...]]) -> None:
    """ValueError unless the output `name` is there, finite and of one of `shapes`."""
    if name not in out or out[name].shape not in shapes:
        raise ValueError(f"output {name!r} is missing or not of shape {shapes[-1]}")
    if not np.isfinite(out[name]).all():
        raise ValueError(f"output {name!r} is not finite")
