"""What is predicted beside the points: doubt, presence, pose, attributes. All read the code."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from bauta.assets.face import face_model
from bauta.checks import InputError, check_choice
from bauta.train.networks.heads.base import Head, Site
from bauta.train.networks.heads.turn import angles_of, rotation_of_six
from bauta.train.networks.layers import convolution

NECK = 64
"""Channels of the last map that `Expression` looks at."""
BLOCK = 16
"""Channels that ONNX Runtime keeps together on a CPU: other numbers cost it a copy of the map."""


class Uncertainty(Head):
    """`<scheme>_log_sigma` (B, K): log of the expected distance in percent of the crop's side.

    `numbers` squeezes the code to as many numbers first; 0: straight from the code.
    """

    def __init__(self, site: Site, numbers: int = 0) -> None:
        super().__init__()
        self.code = nn.Linear(site.code, numbers) if numbers else nn.Identity()
        self.log_sigma = nn.ModuleDict(
            {name: nn.Linear(numbers or site.code, k) for name, (k, _) in site.shapes.items()}
        )

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Begin at e percent of the side everywhere, with a tenth of the usual weights."""
        with torch.no_grad():
            for layer in self.log_sigma.values():
                layer.weight.mul_(0.1)
                layer.bias.fill_(1.0)

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        few = self.code(code)
        return {f"{name}_log_sigma": layer(few) for name, layer in self.log_sigma.items()}


class Presence(Head):
    """`presence` (B,): logit that the crop holds a well-framed face."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.logit = nn.Linear(site.code, 1)

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        return {"presence": self.logit(code)[:, 0]}


class Pose(Head):
    """`pose` (B, 3): yaw, pitch, roll in degrees (docs/conventions.md).

    `form` `angles` predicts the three; `6d` two columns of the rotation matrix, made orthonormal
    (Zhou et al. 2019, eq. 15), continuous at every pose, and gives `rotation` (B, 3, 3) too.
    """

    SCALE = 30.0
    """Degrees for an output of 1."""

    def __init__(self, site: Site, form: str = "angles") -> None:
        super().__init__()
        self.form = check_choice(form, ("angles", "6d"), "pose: form")
        self.linear = nn.Linear(site.code, 3 if form == "angles" else 6)
        if form == "6d":
            with torch.no_grad():
                self.linear.weight.mul_(0.1)
                self.linear.bias.copy_(torch.tensor([1.0, 0, 0, 0, -1, 0]))

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        values = self.linear(code)
        if self.form == "angles":
            return {"pose": values * self.SCALE}
        rotation = rotation_of_six(values)
        return {"pose": angles_of(rotation), "rotation": rotation}


class Expression(Head):
    """`expression` (B, E): logits of ARKit's weights, 0..1, in the order of the face model that
    ships.

    With `channels` 0 they are read off the code alone, which then has to hold what points hardly
    show; else the last three stages of the trunk are looked at once more, with that many channels,
    down to `numbers` beside those of the code.
    """

    def __init__(self, site: Site, channels: int = 0, numbers: int = 96) -> None:
        super().__init__()
        self.reads_stages = channels > 0
        if self.reads_stages:
            if len(site.stages) < 3:
                raise InputError("heads: expression: channels need a trunk of three stages or more")
            (fine, _), (middle, _), (last, side) = site.stages[-3:]
            half = BLOCK * math.ceil(channels / 2 / BLOCK)
            self.fine = convolution(fine, half, stride=2)
            self.middle = convolution(middle + half, channels, stride=2)
            self.last = convolution(last + channels, NECK, 1)
            self.drop = nn.Dropout(0.1)
            self.numbers = nn.Linear(NECK * side * side, numbers)
        seen = site.code + (numbers if self.reads_stages else 0)
        self.logits = nn.Linear(seen, len(face_model().expression_names))

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Begin at a twentieth everywhere, about what shapes have on average."""
        with torch.no_grad():
            self.logits.weight.mul_(0.1)
            self.logits.bias.fill_(-3.0)

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        if self.reads_stages:
            fine, middle, last = maps[-3:]
            middle = self.middle(torch.cat([middle, self.fine(fine)], 1))
            x = self.last(torch.cat([last, middle], 1))
            numbers = torch.relu(self.numbers(self.drop(x.flatten(1))))
            code = torch.cat([code, numbers.to(code.dtype)], 1)
        return {"expression": self.logits(code)}


class Attributes(Head):
    """`attribute_<name>`: (B,) a logit, or (B, classes) logits, for auxiliary tasks (TCDCN, Zhang
    et al. 2014): they shape the code in training and are left out of the exported file.

    `classes`: name -> number of classes; 1 for yes or no.
    """

    def __init__(self, site: Site, classes: dict[str, int] | None = None) -> None:
        super().__init__()
        if not classes:
            raise InputError("attributes: name at least one, such as classes = { smile = 1 }")
        self.logits = nn.ModuleDict(
            {name: nn.Linear(site.code, count) for name, count in classes.items()}
        )

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        out = {}
        for name, layer in self.logits.items():
            values = layer(code)
            out[f"attribute_{name}"] = values[:, 0] if values.shape[1] == 1 else values
        return out
