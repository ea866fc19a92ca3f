"""The losses as modules: settings in the constructor, tensors in the call, one number back.

Every call starts with `predicted`, `target` (B, K, 2 or 3) in pixels of the network's input (for
heat maps (B, K, h, w)) and `weights` (B, K) >= 0, where 0 leaves a point out. `needs` names the
keyword arguments that a loss takes beyond these three:

size        int, side of the network's input in pixels
log_sigma   (B, K) log of the distance that the network expects, in percent of `size`
pose        (B, 3) yaw, pitch, roll as the network says, degrees
true_pose   (B, 3) the same as labelled, NaN where unknown
classes     (B, C) 0 or 1, or None: kinds of faces beyond those that the pose tells
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from bauta.checks import check_choice
from bauta.train.losses import adaptive_wing, coordinates, likelihood, pfld
from bauta.train.losses.distances import Z_WEIGHT, differences, distance, weighted_mean


def per_face(values: Tensor, weights: Tensor, over: str) -> Tensor:
    """sum_k w v (B,) of values (B, K), with `over` = "mean" divided by sum_k w."""
    total = (values * weights).sum(1)
    return total if over == "sum" else total / weights.sum(1).clamp_min(1e-6)


def mean_of_faces(values: Tensor, weights: Tensor) -> Tensor:
    """Mean of values (B,) over the faces that have a point of weight > 0; 0 when none has."""
    known = weights.amax(1) > 0
    return torch.where(known, values, torch.zeros_like(values)).sum() / known.sum().clamp_min(1)


class CoordinateLoss(nn.Module):
    """mean over faces of sum over points and coordinates of w f(x), x in pixels of the input."""

    needs: tuple[str, ...] = ()

    def __init__(self, penalty: Callable[[Tensor], Tensor], over: str, z: float) -> None:
        super().__init__()
        check_choice(over, ("sum", "mean"), "over")
        self.penalty, self.over, self.z = penalty, over, z

    def forward(self, predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        values = self.penalty(differences(predicted, target, self.z)).sum(-1)
        return mean_of_faces(per_face(values, weights, self.over), weights)


class L2(CoordinateLoss):
    """`coordinates.l2`. `over`: "sum" or "mean" of the points of a face; `z`: weight of depth."""

    def __init__(self, over: str = "sum", z: float = Z_WEIGHT) -> None:
        super().__init__(coordinates.l2, over, z)


class L1(CoordinateLoss):
    """`coordinates.l1`. `over`: "sum" or "mean" of the points of a face; `z`: weight of depth."""

    def __init__(self, over: str = "sum", z: float = Z_WEIGHT) -> None:
        super().__init__(coordinates.l1, over, z)


class SmoothL1(CoordinateLoss):
    """`coordinates.smooth_l1`; `beta` in pixels, `over` and `z` as for L2."""

    def __init__(self, beta: float = 1.0, over: str = "sum", z: float = Z_WEIGHT) -> None:
        super().__init__(partial(coordinates.smooth_l1, beta=beta), over, z)


class Wing(CoordinateLoss):
    """`coordinates.wing`; `w` and `eps` in pixels, `over` and `z` as for L2."""

    def __init__(
        self, w: float = 10.0, eps: float = 2.0, over: str = "sum", z: float = Z_WEIGHT
    ) -> None:
        super().__init__(partial(coordinates.wing, w=w, eps=eps), over, z)


class Distance(nn.Module):
    """Weighted mean over all points of the distance in percent of the crop's side."""

    needs = ("size",)

    def forward(self, predicted: Tensor, target: Tensor, weights: Tensor, size: int) -> Tensor:
        return weighted_mean(distance(predicted, target, size), weights)


class Laplace(nn.Module):
    """Weighted mean of `likelihood.laplace_nll`: teaches the points and their doubt at once."""

    needs = ("log_sigma", "size")

    def forward(
        self, predicted: Tensor, target: Tensor, weights: Tensor, log_sigma: Tensor, size: int
    ) -> Tensor:
        d = distance(predicted, target, size)
        return weighted_mean(likelihood.laplace_nll(d, log_sigma), weights)


class Gaussian(nn.Module):
    """Weighted mean of `likelihood.gaussian_nll`: teaches the points and their doubt at once.

    The doubt stays what the network's other losses take it for, an expected distance: it is
    `MEAN_DISTANCE` times the standard deviation of a coordinate.
    """

    needs = ("log_sigma", "size")

    def forward(
        self, predicted: Tensor, target: Tensor, weights: Tensor, log_sigma: Tensor, size: int
    ) -> Tensor:
        dims = predicted.shape[-1]
        d = distance(predicted, target, size)
        log_deviation = log_sigma - math.log(likelihood.MEAN_DISTANCE[dims])
        return weighted_mean(likelihood.gaussian_nll(d, log_deviation, dims), weights)


class AdaptiveWing(nn.Module):
    """`adaptive_wing` of heat maps, weighted by the paper's map and by `weights` of the points.

    `foreground` is the extra weight near a peak; 0 weighs every pixel alike.
    """

    needs: tuple[str, ...] = ()

    def __init__(
        self,
        omega: float = 14.0,
        theta: float = 0.5,
        eps: float = 1.0,
        alpha: float = 2.1,
        foreground: float = 10.0,
    ) -> None:
        super().__init__()
        self.penalty = partial(
            adaptive_wing.adaptive_wing, omega=omega, theta=theta, eps=eps, alpha=alpha
        )
        self.foreground = foreground

    def forward(self, predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        values = self.penalty(predicted, target)
        values = values * adaptive_wing.weight_map(target, factor=self.foreground)
        return weighted_mean(values.mean((-2, -1)), weights)


class PFLD(nn.Module):
    """Squared distances of faces weighted by `pfld.angle_weight` and `pfld.class_weight`.

    The network's pose is needed in training only; the loss trains it as well. `z` as for L2.
    """

    needs = ("pose", "true_pose", "classes")

    def __init__(self, z: float = Z_WEIGHT) -> None:
        super().__init__()
        self.z = z

    def forward(
        self,
        predicted: Tensor,
        target: Tensor,
        weights: Tensor,
        pose: Tensor,
        true_pose: Tensor,
        classes: Tensor | None = None,
    ) -> Tensor:
        d = differences(predicted, target, self.z)
        squared = per_face((d * d).sum(-1), weights, "sum")
        rare = pfld.class_weight(pfld.classes(true_pose, classes))
        return mean_of_faces(rare * pfld.angle_weight(pose, true_pose) * squared, weights)
