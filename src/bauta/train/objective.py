"""What a landmark network is told: named losses of its answer to a batch, section `[loss]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bauta import schemes
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.tables import mesh478
from bauta.train import losses
from bauta.train.losses import LOSSES, make_loss
from bauta.train.losses.parameters import parameter_loss
from bauta.train.true_head import TrueHead, attribute_of, expression_attributes

LIPS_AND_LIDS = [[159, 145], [160, 144], [158, 153], [386, 374], [385, 380], [387, 373], [13, 14]]
"""Pairs of points of mesh478: upper and lower lids, inner lips."""
BROWS68 = [[17, 36], [19, 36], [19, 39], [21, 39], [21, 27]]
BROWS68 += [[26, 45], [24, 45], [24, 42], [22, 42], [22, 27]]
MOUTH68 = [[48, 54], [51, 57], [62, 66], [33, 51], [57, 8], [48, 36], [54, 45]]
LIDS68 = [[37, 41], [38, 40], [43, 47], [44, 46]]
BROWS478 = [[70, 33], [105, 33], [105, 133], [107, 133], [107, 168]]
BROWS478 += [[300, 263], [334, 263], [334, 362], [336, 362], [336, 168]]
MOUTH478 = [[61, 291], [0, 17], [2, 0], [17, 152], [61, 33], [291, 263]]
SPANS = {
    "mesh478": [*BROWS478, *MOUTH478],
    "ibug68-3d": [*BROWS68, *MOUTH68, *LIDS68],
    "ibug68": [*BROWS68, *MOUTH68, *LIDS68],
}
"""Pairs of points whose distances are expressions: brows over the corners of the eyes and the root
of the nose, width and height of the mouth, its place between nose, chin and eyes, and how far
lids of the 68 points are apart (those of mesh478: `LIPS_AND_LIDS`)."""


@dataclass(frozen=True)
class LossSettings:
    """Weights of the terms; 0 leaves a term out."""

    points: str = "wing"
    """Loss of the points, a name of `bauta.train.losses.LOSSES`; "" for heat maps alone."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings of that loss, such as w and eps."""
    schemes: dict[str, float] = field(default_factory=dict)
    """Weight of a scheme's points; 1 where it is not named."""
    detail: float = 1.0
    """Weight of mesh478's points on lids, brows, nose, lips and irises against the rest."""
    gap: float = 0.0
    """Of the opening of lids and lips of mesh478: their common place may be uncertain while the gap
    between them is plain to see."""
    spans: float = 0.0
    """Likewise of what brows and mouth do (`SPANS`), in every scheme that has such pairs."""
    sigma: float = 0.0
    """Of the doubt: likelihood of the distances, which it does not move, under a Laplace law."""
    presence: float = 0.0
    pose: float = 0.0
    """Of the mean absolute error of yaw, pitch and roll, in tens of degrees."""
    attributes: dict[str, float] = field(default_factory=dict)
    """Weight of each attribute's cross entropy, as an auxiliary task."""
    expression: float = 0.0
    """Of the cross entropy of ARKit's weights (head `expression`), where packs say them."""
    classes: tuple[str, ...] = ()
    """Attributes (0 or 1) that `pfld` takes for kinds of faces beside the four of the pose: the
    paper's are expression and occlusion, which WFLW says."""
    parameters: float = 0.0
    """Of the parameters that the head `morphable` says, each weighed by how far it moves the
    vertices (`losses.parameters`). For packs of rendered heads, which say the true ones."""
    vertices: float = 0.0
    """Of the mean distance of all vertices from those of the true parameters, in percent of the
    crop's side: heads `vertices`, and `morphable` with `every`. For such packs, too."""
    heat: float = 0.0
    """Of heat maps, those of earlier stacks included."""
    heat_loss: str = "l2"
    """l2 (square of the difference, summed over the cells of a map) or adaptive_wing."""
    heat_width: float = 1.5
    """Standard deviation of a true peak in cells; its height is 1."""

    def __post_init__(self) -> None:
        if self.points:
            make_loss(self.points, self.settings)
        if self.points == "adaptive_wing":
            raise InputError("points: adaptive_wing is for heat maps: give it as heat_loss")
        if self.heat_loss not in ("l2", "adaptive_wing"):
            raise InputError(f"heat_loss: unknown {self.heat_loss!r}; l2 or adaptive_wing")
        if self.classes and self.points != "pfld":
            raise InputError('classes: kinds of faces are for points = "pfld"')
        if not (self.points or self.heat or self.parameters or self.vertices):
            known = ", ".join(name for name in LOSSES if name != "adaptive_wing")
            raise InputError(
                f"nothing is told: give points one of {known}, or heat, parameters or vertices a "
                "weight"
            )
        for name in self.schemes:
            schemes.get(name)


def detail_weights(detail: float) -> Tensor:
    """(478,) `detail` on lids, brows, nose, lips and irises, 1 elsewhere."""
    weights = torch.ones(478)
    for key, edges in mesh478().items():
        if key.startswith("edges_") and key not in ("edges_tesselation", "edges_face_oval"):
            weights[np.unique(edges).astype(int)] = detail
    return weights


def gaussian_maps(points: Tensor, size: int, side: int, deviation: float = 1.0) -> Tensor:
    """Maps (B, K, side, side), 1 at the peak, of points (B, K, 2 or 3) in pixels of the crop.

    exp(-d^2 / (2 s^2)) with d in cells from the cell's middle and s = `deviation` cells.
    """
    middle = torch.arange(side, device=points.device) + 0.5
    dx, dy = ((middle - points[..., axis, None] * (side / size)) ** 2 for axis in (0, 1))
    return torch.exp(-(dx[..., None, :] + dy[..., :, None]) / (2 * deviation**2))


def square_error(heat: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over maps (B, K, h, w) of the squared difference, summed over their cells: its
    size does not depend on that of the empty background. `weights` (B, K)."""
    return losses.weighted_mean(((heat - target) ** 2).sum((-2, -1)), weights)


class Objective(nn.Module):
    """Weighted named losses of a network's answer for `names`, schemes of crops of `size`.

    `truth`: what its head should say; needed for `parameters` and `vertices`.
    """

    def __init__(
        self,
        settings: LossSettings,
        names: tuple[str, ...],
        size: int,
        truth: TrueHead | None = None,
    ) -> None:
        super().__init__()
        self.truth = truth
        if settings.gap and "mesh478" not in names:
            raise InputError("loss: gap needs the scheme mesh478 in the network's schemes")
        self.settings, self.names, self.size = settings, names, size
        self.points = make_loss(settings.points, settings.settings) if settings.points else None
        self.heat = make_loss("adaptive_wing") if settings.heat_loss == "adaptive_wing" else None
        self.register_buffer("detail", detail_weights(settings.detail))

    def forward(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """The terms, weighted, for what the network says of the batch's crops."""
        device = out[self.names[0]].device
        if self.detail.device != device:
            self.to(device)
        terms: dict[str, Tensor] = {}
        for name in self.names:
            target, weight = (
                torch.from_numpy(part[name]).to(device) for part in (batch.points, batch.weights)
            )
            terms |= self._scheme(name, out, target, weight, batch)
        return terms | self._beside(out, batch, device)

    def _scheme(
        self, name: str, out: dict[str, Tensor], target: Tensor, weight: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        s, terms = self.settings, {}
        importance = s.schemes.get(name, 1.0)
        dims = min(target.shape[-1], out[name].shape[-1])  # no set may have the depth
        said, target = out[name][..., :dims], target[..., :dims]
        # nor some of the faces: there it is as the network says, no error and no gradient
        target = torch.where(torch.isnan(target), said.detach(), target)
        if s.gap and name == "mesh478":
            terms["gap"] = s.gap * self._apart(said, target, weight, LIPS_AND_LIDS)
        if s.spans and name in SPANS:
            terms[f"{name}_spans"] = s.spans * self._apart(said, target, weight, SPANS[name])
        if name == "mesh478":
            weight = weight * self.detail
        if self.points is not None:
            more = self._needed(name, out, batch, target.device)
            terms[name] = importance * self.points(said, target, weight, **more)
        if s.sigma:
            d = losses.distance(said.detach(), target, self.size)
            nll = losses.laplace_nll(d, out[f"{name}_log_sigma"])
            terms[f"{name}_sigma"] = s.sigma * losses.weighted_mean(nll, weight)
        if s.heat:
            terms[f"{name}_heat"] = s.heat * importance * self._heat(name, out, target, weight)
        return terms

    def _apart(
        self, said: Tensor, target: Tensor, weight: Tensor, pairs: list[list[int]]
    ) -> Tensor:
        """Mean error of the vectors between pairs of points, each as sure as the less sure one."""
        rows = torch.tensor(pairs, device=said.device)
        error = losses.gap_error(said, target, rows, self.size)
        return losses.weighted_mean(error, weight[:, rows].amin(-1))

    def _needed(
        self, name: str, out: dict[str, Tensor], batch: Batch, device: torch.device
    ) -> dict[str, Any]:
        """What the loss of the points takes beside them."""
        found: dict[str, Any] = {"size": self.size}
        needs = self.points.needs if self.points is not None else ()
        if "log_sigma" in needs:
            found["log_sigma"] = _said(out, f"{name}_log_sigma", "uncertainty")
        if "pose" in needs:
            found["pose"] = _said(out, "pose", "pose")
            found["true_pose"] = torch.from_numpy(batch.pose).to(device)
            found["classes"] = self._classes(batch, device)
        return {key: found[key] for key in needs}

    def _classes(self, batch: Batch, device: torch.device) -> Tensor | None:
        """(B, classes) of the settings' attributes, NaN unknown; None when there are none."""
        if not self.settings.classes:
            return None
        columns = [attribute_of(batch, name) for name in self.settings.classes]
        return torch.from_numpy(np.stack(columns, 1)).to(device)

    def _heat(self, name: str, out: dict[str, Tensor], target: Tensor, weight: Tensor) -> Tensor:
        maps = [value for key, value in out.items() if key.startswith(f"{name}_heat")]
        if not maps:
            raise InputError("loss: heat needs the head `heatmap`")
        side = maps[0].shape[-1]
        truth = gaussian_maps(target, self.size, side, self.settings.heat_width)
        error = square_error if self.heat is None else self.heat
        return torch.stack([error(heat, truth, weight) for heat in maps]).sum()

    def _beside(
        self, out: dict[str, Tensor], batch: Batch, device: torch.device
    ) -> dict[str, Tensor]:
        s, terms = self.settings, {}
        if s.presence:
            present = torch.from_numpy(batch.present).to(device)
            said = _said(out, "presence", "presence")
            terms["presence"] = s.presence * losses.presence_loss(said, present)
        if s.pose:
            truth = torch.from_numpy(batch.pose).to(device)
            known = torch.isfinite(truth).all(1, keepdim=True).float().expand_as(truth)
            error = (_said(out, "pose", "pose") - torch.nan_to_num(truth)).abs() / 10
            terms["pose"] = s.pose * losses.weighted_mean(error, known)
        if s.expression:
            names = expression_attributes()
            truth = torch.from_numpy(np.stack([attribute_of(batch, n) for n in names], 1))
            said = _said(out, "expression", "expression").flatten()
            terms["expression"] = s.expression * attribute_loss(said, truth.flatten().to(device))
        for name, weight in s.attributes.items():
            truth = torch.from_numpy(attribute_of(batch, name)).to(device)
            said = _said(out, f"attribute_{name}", f"attributes ({name})")
            terms[f"attribute_{name}"] = weight * attribute_loss(said, truth)
        return terms | self._whole(out, batch)

    def _whole(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """Terms of the whole head: its parameters, its vertices."""
        s, terms = self.settings, {}
        if not (s.parameters or s.vertices):
            return terms
        if self.truth is None:
            raise InputError(
                "loss: parameters and vertices need the head `morphable` or `vertices`"
            )
        truth = self.truth(batch)
        if s.parameters:
            said = _said(out, "morphable", "morphable")
            each = parameter_loss(said, truth.parameters, truth.reach, self.truth.spread)
            terms["parameters"] = s.parameters * losses.weighted_mean(each, truth.known)
        if s.vertices:
            said = _said(out, "vertices", "vertices` or `morphable` with `every = true")
            d = losses.distance(said, truth.vertices, self.size).mean(1)
            terms["vertices"] = s.vertices * losses.weighted_mean(d, truth.known)
        return terms


def _said(out: dict[str, Tensor], key: str, head: str) -> Tensor:
    if key not in out:
        raise InputError(f"loss: needs the head `{head}` in the network's heads")
    return out[key]


def attribute_loss(said: Tensor, truth: Tensor) -> Tensor:
    """Mean cross entropy over the faces whose attribute (B,) is known (not NaN).

    `said`: a logit (B,) for yes or no, or logits (B, classes).
    """
    known = torch.isfinite(truth)
    truth = torch.nan_to_num(truth)
    if said.ndim == 1:
        values = fn.binary_cross_entropy_with_logits(said, truth, reduction="none")
    else:
        values = fn.cross_entropy(said, truth.long(), reduction="none")
    return losses.weighted_mean(values, known.float())
