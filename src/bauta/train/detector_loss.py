"""What the detector should say, and how wrong it is: assignment of cells to faces, and losses.

A face belongs to the level whose size range holds the square root of its area; its cells are those
whose centre lies in its box and within 1.5 strides of its centre. The score of such a cell should
be the IoU that its box reaches (quality focal loss, Li et al. 2020); that of all others 0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bauta.train.networks.detector import STRIDES

SIZES = ((0.0, 44.0), (36.0, 120.0), (100.0, 1e6))
"""Face sizes of each level, pixels; overlapping, so that nothing falls between."""
RADIUS = 1.5


def cells(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres (N, 2) in pixels and level index (N,) of all cells of a picture, finest first."""
    centres, levels = [], []
    for level, stride in enumerate(STRIDES):
        y, x = torch.meshgrid(
            torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
        )
        centres.append((torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride)
        levels.append(torch.full((len(centres[-1]),), level))
    return torch.cat(centres), torch.cat(levels)


def assign(boxes: Tensor, kinds: Tensor, centres: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Face of every cell.

    `boxes` (B, G, 4) pixels, `kinds` (B, G): 1 face, -1 ignore, 0 padding. Returns the index into
    G (B, N), -1 for background, and the weight (B, N) of the score: 0 in regions to ignore.
    """
    stride = centres.new_tensor(STRIDES)[levels]
    low = centres.new_tensor([size[0] for size in SIZES])[levels]
    high = centres.new_tensor([size[1] for size in SIZES])[levels]
    point = centres[None, :, None]
    sides = torch.cat([point - boxes[:, None, :, :2], boxes[:, None, :, 2:] - point], -1)
    inside = sides.amin(-1) > 0
    middle = (boxes[:, None, :, :2] + boxes[:, None, :, 2:]) / 2
    distance = (point - middle).abs().amax(-1)
    area = (boxes[..., 2:] - boxes[..., :2]).prod(-1)[:, None]
    size = area.sqrt()
    fits = (size >= low[:, None]) & (size < high[:, None])
    near = distance < RADIUS * stride[:, None]
    nearest = distance <= stride[:, None] / 2
    mine = (kinds == 1)[:, None] & fits & ((inside & near) | nearest)
    cost = torch.where(mine, area, torch.inf)
    best, index = cost.min(-1)
    index = torch.where(best < torch.inf, index, -1)
    ignored = (inside & (kinds == -1)[:, None]).any(-1) & (index < 0)
    return index, 1.0 - ignored.float()


def giou(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Generalised IoU and IoU of boxes (P, 4) with (P, 4)."""
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(0)
    outer = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    inner, outer = inner.prod(1), outer.prod(1).clamp(1e-6)
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - inner
    overlap = inner / union.clamp(1e-6)
    return overlap - (outer - union) / outer, overlap


def detector_loss(
    outputs: list[tuple[Tensor, Tensor]], boxes: Tensor, kinds: Tensor, size: tuple[int, int]
) -> dict[str, Tensor]:
    """Losses `score` and `box` of one batch, each per positive cell; sum them."""
    centres, levels = (part.to(boxes.device) for part in cells(*size))
    logits = torch.cat([score.flatten(1) for score, _ in outputs], 1)
    edges = torch.cat([edge.flatten(2) for _, edge in outputs], 2).permute(0, 2, 1)
    with torch.no_grad():
        index, weight = assign(boxes, kinds, centres, levels)
    batch, cell = torch.nonzero(index >= 0, as_tuple=True)
    edge, centre = edges[batch, cell], centres[cell]
    found = torch.cat([centre - edge[:, :2], centre + edge[:, 2:]], 1)
    generalised, overlap = giou(found, boxes[batch, index[batch, cell]])
    target = torch.zeros_like(logits)
    target[batch, cell] = overlap.detach().clamp(0, 1)
    focus = (logits.detach().sigmoid() - target).abs() ** 2
    entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
    count = max(len(batch), 1)
    return {
        "score": (focus * entropy * weight).sum() / count,
        "box": 2.0 * (1 - generalised).sum() / count,
    }
