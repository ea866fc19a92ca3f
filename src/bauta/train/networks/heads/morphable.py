"""`morphable` and `vertices`: a whole head, by the parameters of a linear model or point by point.

The model is the head that ships (docs/face-model.md), or any that `bauta.morphable.load` reads and
that has the points of the network's schemes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.crop import MARGIN
from bauta.morphable import load
from bauta.morphable.model import FaceModel
from bauta.train.networks.heads.base import Head, Site, dims_of, normalise, to_pixels
from bauta.train.networks.heads.turn import angles_of, rotation_of_six

FRONTAL = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
"""First two columns of the rotation of a face that looks straight into the camera."""


def linear(face: FaceModel) -> FaceModel:
    """The model without eyes that turn: what an `eyeLook` shape turns them by at weight 1 is part
    of that shape."""
    shapes = np.array(face.expression, np.float32)
    for row, weights in enumerate(np.eye(len(shapes), dtype=np.float32)):
        if face.eyes and face.expression_names[row].startswith("eyeLook"):
            shapes[row] = face.vertices(None, weights) - face.mean
    return replace(face, expression=shapes, eyes={})


def stacked(
    face: FaceModel, names: Sequence[str], modes: int, every: bool
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Mean (M, 3) and basis (modes + E, M, 3) of the points of the schemes, behind all vertices
    with `every`; and how many rows belong to each."""
    parts = [face] * every + [face.at(name) for name in names]
    mean = np.concatenate([part.mean for part in parts])
    basis = [np.concatenate([part.identity[:modes], part.expression]) for part in parts]
    return mean, np.concatenate(basis, 1), [len(part.mean) for part in parts]


class OfModel(Head):
    """What both heads share: the model `face`, with eyes that do not turn, and whether it is the
    one that ships."""

    points = True

    def __init__(self, site: Site, file: str, model: FaceModel | None) -> None:
        super().__init__()
        self.size, self.shapes = site.size, site.shapes
        self.shipped = model is None and not file
        if model is None:
            model = load(file) if file else face_model()
        for name in self.shapes:
            if name not in model.embeddings:
                known = ", ".join(model.embeddings) or "none"
                raise InputError(f"face model {model.name!r}: no points of {name}; it has: {known}")
        self.face = linear(model)


def framing(face: FaceModel, names: Sequence[str], size: int) -> tuple[float, np.ndarray]:
    """Pixels a unit, and the pixel (2,) of the origin, with which the points of the mean face fill
    1 / MARGIN of the crop and lie in its middle, seen from the front."""
    points = np.concatenate([face.points(name, face.mean) for name in names])
    points = points[:, :2] * np.array([1.0, -1.0])
    low, high = points.min(0), points.max(0)
    scale = size / MARGIN / float((high - low).max())
    return scale, size / 2 - scale * (low + high) / 2


class Morphable(OfModel):
    """p = s R V + t, V = mean + identity a + expression b: a scaled orthographic camera.

    `morphable` (B, 9 + I + E) holds what the network says: six numbers of R (Zhou et al. 2019),
    log of the scale over that of a well-framed face, t in sides of the crop from its middle, then a
    (the first `identity` modes) and b. `pose` (B, 3) degrees, `rotation` (B, 3, 3), and
    `<scheme>` (B, K, D) in pixels of the crop, z 0 at the model's origin; with `every` also
    `vertices` (B, V, 3).
    """

    mean: Tensor
    basis: Tensor

    def __init__(
        self,
        site: Site,
        file: str = "",
        identity: int = 40,
        every: bool = False,
        model: FaceModel | None = None,
    ) -> None:
        super().__init__(site, file, model)
        self.identity = min(identity, self.face.modes)
        mean, basis, self.pieces = stacked(self.face, list(self.shapes), self.identity, every)
        self.names = ["vertices"] * every + list(self.shapes)
        self.register_buffer("mean", torch.from_numpy(mean.astype(np.float32)))
        self.register_buffer("basis", torch.from_numpy(basis.astype(np.float32)))
        self.scale, origin = framing(self.face, list(self.shapes), site.size)
        self.linear = nn.Linear(site.code, 9 + len(basis))
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.zero_()
            self.linear.bias[:6] = torch.tensor(FRONTAL)
            self.linear.bias[7:9] = torch.from_numpy(origin / site.size - 0.5).float()

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        return self.posed(self.linear(code))

    def camera(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels a unit (B,), and the pixel (B, 2) of the model's origin."""
        return self.scale * torch.exp(parameters[:, 6]), self.size * (0.5 + parameters[:, 7:9])

    def posed(self, parameters: Tensor) -> dict[str, Tensor]:
        """Points and pose of `parameters` (B, 9 + I + E)."""
        rotation = rotation_of_six(parameters[:, :6])
        scale, origin = self.camera(parameters)
        shape = self.mean + (parameters[:, 9:] @ self.basis.flatten(1)).unflatten(1, (-1, 3))
        placed = scale[:, None, None] * (shape @ rotation.transpose(1, 2))
        placed = placed + nn.functional.pad(origin, (0, 1))[:, None]
        out = {"morphable": parameters, "rotation": rotation, "pose": angles_of(rotation)}
        for name, points in zip(self.names, placed.split(self.pieces, 1), strict=True):
            out[name] = points if name == "vertices" else points[..., : dims_of(name)]
        return out


class Vertices(OfModel):
    """Every vertex predicted directly: `vertices` (B, V, 3) in pixels of the crop, and the points
    of the schemes on their triangles. Of the model only the mean (as a start) and the triangles are
    used."""

    def __init__(self, site: Site, file: str = "", model: FaceModel | None = None) -> None:
        super().__init__(site, file, model)
        for name in self.shapes:
            embedding = self.face.embeddings[name]
            corners = torch.from_numpy(self.face.triangles[embedding.triangle].astype(np.int64))
            self.register_buffer(f"corners_{name}", corners, persistent=False)
            weight = torch.from_numpy(embedding.weight.astype(np.float32))
            self.register_buffer(f"weight_{name}", weight, persistent=False)
        self.linear = nn.Linear(site.code, self.face.mean.size)
        scale, origin = framing(self.face, list(self.shapes), site.size)
        start = scale * self.face.mean * np.array([1.0, -1.0, -1.0]) + [*origin, 0.0]
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.copy_(normalise(torch.from_numpy(start).float(), site.size).ravel())

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """The mean face stays the start: labels say nothing of the other vertices."""

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        vertices = to_pixels(self.linear(code).unflatten(1, (-1, 3)), self.size)
        out = {"vertices": vertices}
        for name in self.shapes:
            corners = getattr(self, f"corners_{name}")
            picked = vertices.index_select(1, corners.flatten()).unflatten(1, corners.shape)
            points = (picked * getattr(self, f"weight_{name}")[..., None]).sum(2)
            out[name] = points[..., : dims_of(name)]
        return out
