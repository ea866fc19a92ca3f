"""The true parameters and vertices of drawn heads, as their crops show them.

Packs that `bauta synth` rendered say pose, expression weights and identity of every face. Their
pictures were taken by a camera with a perspective; scale and place of the scaled orthographic one
that the heads `morphable` and `vertices` know are those that lay the true head's points best over
the labels (least squares in x and y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train.networks.heads.morphable import Morphable, OfModel, framing, stacked
from bauta.train.networks.heads.turn import rotation_of_angles

MODES = 50
"""Identity modes that rendered people have (`bauta.synth.rendered.person`)."""
SPREAD = {"rotation": 0.3, "scale": 0.1, "shift": 0.05, "identity": 1.0, "expression": 0.2}
"""About the standard deviations of the parameters over rendered crops."""


def expression_attributes() -> tuple[str, ...]:
    """Attributes of a pack that say the expression of a rendered head, in the order of the face
    model that ships."""
    return tuple(f"expression/{name}" for name in face_model().expression_names)


def true_attributes() -> tuple[str, ...]:
    """Attributes of a pack that say identity and expression of a rendered head."""
    return (*(f"identity/{mode:02d}" for mode in range(MODES)), *expression_attributes())


def attribute_of(batch: Batch, name: str) -> np.ndarray:
    """(B,) an attribute of the crops, NaN where unknown; InputError when nobody says it."""
    if name not in batch.attributes:
        raise InputError(f"loss: no pack says the attribute {name!r}")
    return batch.attributes[name]


@dataclass(frozen=True, eq=False)
class Truth:
    """Of B crops."""

    parameters: Tensor
    """(B, 9 + I + E) as `Morphable` says them."""
    reach: Tensor
    """(B, 9 + I + E) pixels, root mean square, by which one unit of each moves the vertices."""
    vertices: Tensor
    """(B, V, 3) pixels of the crop, z 0 at the model's origin."""
    known: Tensor
    """(B,) 1 where all of this is known, else 0."""


class TrueHead(nn.Module):
    """What `head` should say of a batch. InputError for a model that is not the one that ships."""

    mean: Tensor
    basis: Tensor
    spread: Tensor

    def __init__(self, head: OfModel) -> None:
        super().__init__()
        if not head.shipped:
            raise InputError("loss: parameters and vertices: pictures tell them of the head alone "
                             "that ships; leave `file` out of the network's head")  # fmt: skip
        self.size, self.scheme = head.size, next(iter(head.shapes))
        self.identity = head.identity if isinstance(head, Morphable) else 0
        if self.identity > MODES:
            raise InputError(f"heads.morphable: identity: rendered people have {MODES} modes")
        self.scale, _ = framing(head.face, list(head.shapes), head.size)
        mean, basis, (self.count, _) = stacked(head.face, [self.scheme], MODES, every=True)
        spread = [SPREAD["rotation"]] * 6 + [SPREAD["scale"]] + [SPREAD["shift"]] * 2
        spread += [SPREAD["identity"]] * self.identity
        spread += [SPREAD["expression"]] * len(head.face.expression)
        for name, values in (("mean", mean), ("basis", basis), ("spread", np.array(spread))):
            values = torch.from_numpy(values.astype(np.float32))
            self.register_buffer(name, values, persistent=False)
        norms = self.basis[:, : self.count].square().sum(-1).mean(1).sqrt()
        self.register_buffer("norms", norms, persistent=False)

    def forward(self, batch: Batch) -> Truth:
        """For the labels and attributes of a batch, on the buffers' device."""
        values = np.stack([attribute_of(batch, name) for name in true_attributes()], 1)
        said = np.concatenate([values, batch.pose], 1)
        known = self._tensor(np.all(np.isfinite(said), axis=1))
        coefficients = torch.nan_to_num(self._tensor(values))
        R = rotation_of_angles(torch.nan_to_num(self._tensor(batch.pose)))
        shape = self.mean + (coefficients @ self.basis.flatten(1)).unflatten(1, (-1, 3))
        seen = shape @ R.transpose(1, 2)
        scale, shift, found = self._camera(seen[:, self.count :, :2], batch)
        vertices = scale[:, None, None] * seen[:, : self.count]
        vertices = vertices + nn.functional.pad(shift, (0, 1))[:, None]
        kept = torch.cat([coefficients[:, : self.identity], coefficients[:, MODES:]], 1)
        where = [torch.log(scale / self.scale)[:, None], shift / self.size - 0.5]
        parameters = torch.cat([R[..., 0], R[..., 1], *where, kept], 1)
        return Truth(parameters, self._reach(shape, scale), vertices, known * found)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(self.mean.device)

    def _camera(self, seen: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Pixels a centimetre (B,) and the origin's pixel (B, 2) that lay points (B, K, 2) over
        their labels, and 1 where there are enough of these."""
        target = self._tensor(batch.points[self.scheme][..., :2])
        weight = self._tensor(batch.weights[self.scheme] > 0)[..., None]
        total = weight.sum(1).clamp_min(1)
        middles = [(weight * points).sum(1) / total for points in (seen, target)]
        x, y = (p - m[:, None] for p, m in zip((seen, target), middles, strict=True))
        scale = (weight * x * y).sum((1, 2)) / (weight * x * x).sum((1, 2)).clamp_min(1e-6)
        found = (weight.sum((1, 2)) > 2) & (scale > 0)
        scale = torch.where(found, scale, torch.full_like(scale, self.scale))
        return scale, middles[1] - scale[:, None] * middles[0], found.float()

    def _reach(self, shape: Tensor, scale: Tensor) -> Tensor:
        columns = shape[:, : self.count].square().mean(1).sqrt()  # of x, y and z
        length = shape[:, : self.count].square().sum(-1).mean(1).sqrt()[:, None]
        one = torch.ones_like(length)
        turn = [columns[:, :1].expand(-1, 3), columns[:, 1:2].expand(-1, 3), length]
        moved = torch.cat([self.norms[: self.identity], self.norms[MODES:]])
        shifts = (one * self.size).expand(-1, 2)
        return torch.cat([scale[:, None] * torch.cat(turn, 1), shifts, scale[:, None] * moved], 1)
