"""The graph of a landmark network as it ships: uint8 crops in, points in pixels of the crop out."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from bauta.assets.face import face_model
from bauta.regress.landmarks import BLENDSHAPES, OUTPUTS
from bauta.train.export.graph import finish, fuse, trace
from bauta.train.export.storage import stored
from bauta.train.networks.heads.base import PIXELS, Head, to_pixels
from bauta.train.networks.heads.beside import Expression, Uncertainty
from bauta.train.networks.heads.coordinates import Coordinates
from bauta.train.networks.heads.morphable import Morphable, OfModel
from bauta.train.networks.network import LandmarkNetwork

OUTPUT_OF = {scheme: output for output, scheme in OUTPUTS.items()}
"""Scheme -> output, where the two names differ."""


WHOLE = {
    "pose": "yaw, pitch, roll in degrees",
    "scale": "pixels of the crop a unit of the face model, centimetres of the one that ships",
    "origin": "pixel of the crop on which the face model's origin lies",
    "identity": "coefficients of the face model's first modes, standard deviations",
    "expression": "weights of the face model's shapes, about 0..1, in the order of the metadata",
    "vertices": "pixels of the crop, the face model's vertices, z zero-mean",
    BLENDSHAPES: "0..1, what it believes of the shapes that the metadata name",
}
"""What a head says of the face model -> its meaning."""


def output_of(scheme: str) -> str:
    """Name of the output that holds the points of a scheme."""
    return OUTPUT_OF.get(scheme, scheme)


class _InPixels(Head):
    """Points of `Coordinates` in pixels of the crop with a z of mean zero, all of it in the linear
    layers: a network of a third of a millisecond has no time for a dozen small operations."""

    points = True

    def __init__(self, head: Coordinates) -> None:
        super().__init__()
        self.shapes = head.shapes
        self.linear = copy.deepcopy(head.linear)
        with torch.no_grad():
            for name, layer in self.linear.items():
                count, dims = head.shapes[name]
                layer.weight.mul_(head.size / PIXELS)
                bias = to_pixels(layer.bias.view(count, dims), head.size)
                layer.bias.copy_(bias.flatten())
                if dims == 3:
                    layer.weight[2::3] -= layer.weight[2::3].mean(0)
                    layer.bias[2::3] -= layer.bias[2::3].mean()

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        return {
            name: self.linear[name](code).view(-1, *shape) for name, shape in self.shapes.items()
        }


class LandmarkExport(nn.Module):
    """uint8 crops (B, size, size, 3) to points and sigma in pixels of the crop, and presence 0..1.

    `names` are the outputs: the schemes' points, `<output>_sigma` where the network doubts,
    `presence` where it knows it, and what heads of a face model say of it (`WHOLE`). z is made
    zero-mean. What else heads say is for training only, and so are heads that are `untrained`.
    """

    def __init__(self, network: LandmarkNetwork, untrained: Collection[str] = ()) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        fuse(self.network)
        for name in set(untrained) & set(self.network.heads):
            del self.network.heads[name]
        size, heads = network.config.size, self.network.heads
        self.says_shapes = isinstance(self.network, LandmarkNetwork) and "expression" in heads
        self.percent, self.centred = size / 100, False
        if isinstance(head := dict(heads).get("coordinates"), Coordinates):
            heads["coordinates"], self.centred = _InPixels(head), True
        if isinstance(head := dict(heads).get("uncertainty"), Uncertainty):
            self.percent = 1.0
            with torch.no_grad():
                for layer in head.log_sigma.values():
                    layer.bias += math.log(size / 100)
        self.schemes = network.config.schemes
        with torch.no_grad():
            out = self.network(torch.zeros(1, 3, size, size))
        self.doubted = [name for name in self.schemes if f"{name}_log_sigma" in out]
        self.knows_presence = "presence" in out
        self.names = [output_of(name) for name in self.schemes]
        self.names += [f"{output_of(name)}_sigma" for name in self.doubted]
        self.names += ["presence"] if self.knows_presence else []
        self.whole = list(self._whole(out))
        self.names += self.whole

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        out = self.network(crop.permute(0, 3, 1, 2).float() / 127.5 - 1)
        points = [out[name] for name in self.schemes]
        points = points if self.centred else [_zero_mean_z(one) for one in points]
        sigma = [torch.exp(out[f"{name}_log_sigma"]) for name in self.doubted]
        sigma = sigma if self.percent == 1 else [one * self.percent for one in sigma]
        presence = [torch.sigmoid(out["presence"])] if self.knows_presence else []
        whole = self._whole(out)
        return (*points, *sigma, *presence, *(whole[name] for name in self.whole))

    def _whole(self, out: dict[str, Tensor]) -> dict[str, Tensor]:
        """What is said of a face model, some of `WHOLE`."""
        found = {}
        if "morphable" in out:
            head = morphable_of(self.network)
            said = out["morphable"]
            scale, origin = head.camera(said)
            found = {"pose": out["pose"], "scale": scale, "origin": origin}
            first = 9 + head.identity
            found |= {"identity": said[:, 9:first], "expression": said[:, first:]}
        if "vertices" in out:
            found["vertices"] = _zero_mean_z(out["vertices"])
        if self.says_shapes:
            found[BLENDSHAPES] = torch.sigmoid(out["expression"])
        return found


def morphable_of(network: nn.Module) -> Morphable:
    """The head `morphable` of a network that has it."""
    return next(part for part in network.modules() if isinstance(part, Morphable))


def model_metadata(network: nn.Module) -> dict[str, str]:
    """What a file says of the face model whose parameters or vertices it gives."""
    heads = network.heads.values() if isinstance(network, LandmarkNetwork) else ()
    found = {}
    if any(isinstance(head, Expression) for head in heads):
        found[BLENDSHAPES] = ",".join(face_model().expression_names)
    head = next((head for head in heads if isinstance(head, OfModel)), None)
    if head is None:
        return found
    found |= {"face_model": head.face.name, "vertices": str(len(head.face.mean))}
    if isinstance(head, Morphable):
        found["identity_modes"] = str(head.identity)
        found["expression_names"] = ",".join(head.face.expression_names)
    return found


def _zero_mean_z(points: Tensor) -> Tensor:
    if points.shape[-1] == 2:
        return points
    return points - points[..., 2:].mean(1, keepdim=True) * points.new_tensor([0, 0, 1])


def metadata_of(
    network: LandmarkNetwork,
    name: str,
    version: str,
    ibug68_offset: tuple[float, float] = (0.0, 0.0),
    watched: bool = True,
) -> dict[str, str]:
    """What `bauta.regress` reads of a file. `watched`: nobody has measured on videos how well its
    presence tells faces from the rest, so the detector has a say."""
    found = {
        "bauta_task": "landmarks",
        "bauta_model": name,
        "version": version,
        "size": str(network.config.size),
        "schemes": ",".join(network.config.schemes),
    }
    found |= model_metadata(network)
    if watched:
        found["watched_by"] = "detector"
    if any(ibug68_offset):
        found["ibug68_offset"] = ",".join(map(str, ibug68_offset))
    return found


def landmark_graph(network: LandmarkNetwork, untrained: Collection[str] = ()) -> onnx.ModelProto:
    """The float32 graph; the network is left as it is. `untrained`: heads to leave out."""
    wrapper = LandmarkExport(network, untrained)
    size = network.config.size
    return trace(
        wrapper,
        torch.zeros(1, size, size, 3, dtype=torch.uint8),
        ["crop"],
        wrapper.names,
        {key: {0: "batch"} for key in ["crop", *wrapper.names]},
    )


def export_landmarks(
    network: LandmarkNetwork,
    name: str,
    version: str = "1",
    storage: str = "float16",
    calibration: np.ndarray | None = None,
    ibug68_offset: tuple[float, float] = (0.0, 0.0),
) -> bytes:
    """The file of a landmark network, watched by the detector.

    `ibug68_offset`: pixels of the picture that the labels of its `ibug68` lie off what they mark,
    and that were taken off in training (docs/conventions.md).
    """
    model = stored(landmark_graph(network), storage, calibration)
    return finish(model, metadata_of(network, name, version, ibug68_offset))
