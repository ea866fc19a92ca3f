"""`morphable` and `vertices`: a whole head, by the parameters of a linear model or point by point.

The model is an npz: `mean` (V, 3), `identity` (I, V, 3) and `expression` (E, V, 3) in head axes
(docs/conventions.md) and any one unit, and for every scheme that is asked for `points_<scheme>`
(K,), the vertex of each of its points. Any 3D morphable model can be written so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import InputError, SourceError
from bauta.crop import MARGIN
from bauta.train.networks.heads.base import Head, Site, dims_of, normalise, to_pixels
from bauta.train.networks.heads.turn import angles_of, rotation_of_six

FRONTAL = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
"""First two columns of the rotation of a face that looks straight into the camera."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """V = mean + sum a_i identity_i + sum b_j expression_j, in head axes."""

    mean: np.ndarray
    """(V, 3)."""
    identity: np.ndarray
    """(I, V, 3)."""
    expression: np.ndarray
    """(E, V, 3)."""
    points: dict[str, np.ndarray]
    """Scheme -> (K,) vertex of each point."""

    def __post_init__(self) -> None:
        shape = np.shape(self.mean)
        if len(shape) != 2 or shape[1] != 3:
            raise InputError(f"mean: expected shape (V, 3), got {shape}")
        for name in ("identity", "expression"):
            got = np.shape(getattr(self, name))
            if len(got) != 3 or got[1:] != shape:
                raise InputError(f"{name}: expected shape (count, {shape[0]}, 3), got {got}")
        for name, index in self.points.items():
            if index.min() < 0 or index.max() >= shape[0]:
                raise InputError(f"points_{name}: expected vertices 0..{shape[0] - 1}")

    def only(self, vertices: np.ndarray) -> LinearModel:
        """The same model of some vertices."""
        place = {int(v): i for i, v in enumerate(vertices)}
        points = {
            name: np.array([place[int(v)] for v in index]) for name, index in self.points.items()
        }
        return LinearModel(
            self.mean[vertices], self.identity[:, vertices], self.expression[:, vertices], points
        )


def read_linear_model(path: Path, names: tuple[str, ...]) -> LinearModel:
    """The model of an npz with the points of the schemes `names`; SourceError, InputError."""
    try:
        with np.load(path) as arrays:
            parts = {key: np.asarray(arrays[key]) for key in ("mean", "identity", "expression")}
            points = {name: np.asarray(arrays[f"points_{name}"]) for name in names}
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{path}: cannot read the morphable model: {error}") from error
    return LinearModel(**parts, points=points)


class _OfModel(Head):
    """What both heads share: a model, and the points of the schemes among its vertices."""

    points = True

    def __init__(self, site: Site, file: str, model: LinearModel | None, every: bool) -> None:
        super().__init__()
        self.size, self.shapes = site.size, site.shapes
        if model is None:
            if not file:
                raise InputError("file: name the npz of a morphable model")
            model = read_linear_model(Path(file), site.schemes)
        for name, (count, _) in self.shapes.items():
            if name not in model.points or model.points[name].shape != (count,):
                raise InputError(f"the morphable model has no points_{name} ({count},)")
        if not every:
            used = np.unique(np.concatenate([model.points[name] for name in self.shapes]))
            model = model.only(used)
        self.model = model
        self.every = every
        for name in self.shapes:
            index = torch.from_numpy(model.points[name].astype(np.int64))
            self.register_buffer(f"index_{name}", index, persistent=False)

    def _named(self, vertices: Tensor) -> dict[str, Tensor]:
        """Points of every scheme, and `vertices` when all are wanted."""
        out = {"vertices": vertices} if self.every else {}
        for name in self.shapes:
            picked = vertices.index_select(1, getattr(self, f"index_{name}"))
            out[name] = picked[..., : dims_of(name)]
        return out


def framing(model: LinearModel, size: int) -> tuple[float, np.ndarray]:
    """Pixels a unit, and the pixel (2,) of the origin, with which the points of the mean face fill
    1 / MARGIN of the crop and lie in its middle, seen from the front."""
    face = model.mean[np.concatenate(list(model.points.values()))][:, :2] * np.array([1.0, -1.0])
    low, high = face.min(0), face.max(0)
    scale = size / MARGIN / float((high - low).max())
    return scale, size / 2 - scale * (low + high) / 2


class Morphable(_OfModel):
    """p = s R V + t, V = mean + identity a + expression b: a scaled orthographic camera.

    `morphable` (B, 9 + I + E) holds what the network says: six numbers of R (Zhou et al. 2019),
    log of the scale over that of a well-framed face, t in sides of the crop from its middle, then a
    and b in units of `identity` and `expression`. `pose` (B, 3) degrees, `rotation` (B, 3, 3), and
    `<scheme>` (B, K, D) in pixels of the crop, z 0 at the model's origin; with `every` also
    `vertices` (B, V, 3).
    """

    mean: Tensor
    basis: Tensor

    def __init__(
        self, site: Site, file: str = "", every: bool = False, model: LinearModel | None = None
    ) -> None:
        super().__init__(site, file, model, every)
        model = self.model
        basis = np.concatenate([model.identity, model.expression]).astype(np.float32)
        self.register_buffer("mean", torch.from_numpy(model.mean.astype(np.float32)))
        self.register_buffer("basis", torch.from_numpy(basis))
        self.scale, origin = framing(model, site.size)
        self.linear = nn.Linear(site.code, 9 + len(basis))
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.zero_()
            self.linear.bias[:6] = torch.tensor(FRONTAL)
            self.linear.bias[7:9] = torch.from_numpy(origin / site.size - 0.5).float()

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        return self.posed(self.linear(code))

    def posed(self, parameters: Tensor) -> dict[str, Tensor]:
        """Points and pose of `parameters` (B, 9 + I + E)."""
        rotation = rotation_of_six(parameters[:, :6])
        scale = self.scale * torch.exp(parameters[:, 6:7, None])
        shift = nn.functional.pad(self.size * (0.5 + parameters[:, 7:9]), (0, 1))
        shape = self.mean + (parameters[:, 9:] @ self.basis.flatten(1)).unflatten(1, (-1, 3))
        vertices = scale * (shape @ rotation.transpose(1, 2)) + shift[:, None]
        out = {"morphable": parameters, "rotation": rotation, "pose": angles_of(rotation)}
        return out | self._named(vertices)


class Vertices(_OfModel):
    """Every vertex predicted directly: `vertices` (B, V, 3) in pixels of the crop, and the points
    of the schemes among them. Of the model only the mean (as a start) and the points are used."""

    def __init__(self, site: Site, file: str = "", model: LinearModel | None = None) -> None:
        super().__init__(site, file, model, every=True)
        self.linear = nn.Linear(site.code, self.model.mean.size)
        scale, origin = framing(self.model, site.size)
        start = scale * self.model.mean * np.array([1.0, -1.0, -1.0]) + [*origin, 0.0]
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.copy_(normalise(torch.from_numpy(start).float(), site.size).ravel())

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """The mean face stays the start: labels say nothing of the other vertices."""

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        return self._named(to_pixels(self.linear(code).unflatten(1, (-1, 3)), self.size))
