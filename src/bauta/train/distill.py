"""Teaching a small network what a large one says.

Heat maps: the hourglass student of the fast pose distillation of Zhang, Zhu and Ye, CVPR 2019,
L = MSE(h_student, truth) + MSE(h_student, h_teacher), and the maps of every block through 1 x 1
convolutions, MSE(A(f_student), f_teacher) (FitNets, Romero et al. 2015). Coordinates: what a large
regressor says of pictures without labels, believed as far as it believes itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bauta.train.losses import distance, weighted_mean
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig


def heat_error(heat: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over points of the mean squared difference of maps (B, K, h, w); `weights` (B, K).

    A target of another size is scaled to that of `heat`.
    """
    if target.shape[-2:] != heat.shape[-2:]:
        target = fn.interpolate(target, heat.shape[-2:], mode="bilinear", align_corners=False)
    d = ((heat - target) ** 2).mean((-2, -1))
    return weighted_mean(d, torch.ones_like(d) if weights is None else weights)


def pair_blocks(student: int, teacher: int) -> list[int]:
    """The teacher's block for each of the student's: spread evenly, last with last."""
    return [round((i + 1) * teacher / student) - 1 for i in range(student)]


class DistilledStudent(LandmarkNetwork):
    """A student with the 1 x 1 convolutions that make its blocks' maps comparable.

    `forward` gives the student's answer and, as `adapted_<i>`, its maps as the teacher's blocks
    `pairs[i]` should be. The convolutions, `aside`, are for training only.
    """

    def __init__(self, config: NetworkConfig, teacher: nn.Module) -> None:
        super().__init__(config)
        maps, taught = features_of(self, config.size), features_of(teacher, config.size)
        self.pairs = pair_blocks(len(maps), len(taught))
        pairs = zip(maps, (taught[i] for i in self.pairs), strict=True)
        self.aside = nn.ModuleList(nn.Conv2d(m.shape[1], t.shape[1], 1) for m, t in pairs)

    def forward(self, x: Tensor, features: bool = False) -> dict[str, Tensor]:
        out = super().forward(x, True)
        if features:
            return out
        adapted = {
            f"adapted_{i}": adapter(out[f"feature_{i}"]) for i, adapter in enumerate(self.aside)
        }
        return {key: v for key, v in out.items() if not key.startswith("feature_")} | adapted


@torch.no_grad()
def features_of(network: nn.Module, size: int) -> list[Tensor]:
    """Maps of every block of a landmark network for one empty crop."""
    was = network.training
    network.eval()
    out = network(torch.zeros(1, 3, size, size, device=next(network.parameters()).device), True)
    network.train(was)
    return _features(out)


def _features(out: dict[str, Tensor]) -> list[Tensor]:
    count = sum(name.startswith("feature_") for name in out)
    return [out[f"feature_{i}"] for i in range(count)]


def feature_error(out: dict[str, Tensor], taught: dict[str, Tensor], pairs: list[int]) -> Tensor:
    """Mean over the pairs of MSE(adapted student's map, teacher's map).

    Each over the mean square of the teacher's, so that no block drowns the others.
    """
    errors, blocks = [], _features(taught)
    for i, number in enumerate(pairs):
        mine, theirs = out[f"adapted_{i}"], blocks[number]
        if mine.shape[-2:] != theirs.shape[-2:]:
            mine = fn.interpolate(mine, theirs.shape[-2:], mode="bilinear", align_corners=False)
        errors.append(((mine - theirs) ** 2).mean() / (theirs**2).mean().clamp_min(1e-6))
    return torch.stack(errors).mean()


def imitation(
    out: dict[str, Tensor], taught: dict[str, Tensor], schemes: tuple[str, ...], size: int
) -> dict[str, Tensor]:
    """Losses of a regressor whose labels are another's answers, scaled to its own crop of `size`.

    Points: the distance in percent, weighted by 1 / sigma of the teacher relative to the batch's
    mean, and by its belief that there is a face. Doubt: |log sigma - log sigma_teacher|.
    """
    terms: dict[str, Tensor] = {}
    face = torch.sigmoid(taught["presence"])[:, None] if "presence" in taught else None
    for scheme in schemes:
        d = distance(out[scheme], taught[scheme], size)
        weight = torch.ones_like(d) if face is None else face.expand_as(d)
        doubt = f"{scheme}_log_sigma"
        if doubt in taught:
            trust = torch.exp(-taught[doubt])
            trust = trust / weighted_mean(trust, weight).clamp_min(1e-6)
            if doubt in out:
                terms[f"{scheme}_doubt"] = weighted_mean((out[doubt] - taught[doubt]).abs(), weight)
            weight = weight * trust
        terms[scheme] = weighted_mean(d, weight)
    if face is not None and "presence" in out:
        terms["presence"] = fn.binary_cross_entropy_with_logits(out["presence"], face[:, 0])
    return terms
