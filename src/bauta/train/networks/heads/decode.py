"""From heat maps to points. Cell (row, column) covers column..column + 1, row..row + 1, as a pixel
does in docs/conventions.md: a peak in the middle of cell (0, 0) lies at (0.5, 0.5) cells.

All functions take maps (B, K, h, w) and return (B, K, 2) x, y in cells.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as fn


def peaks(heat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Flat index, column and row (B, K) of the highest cell; the first of equal ones."""
    width = heat.shape[-1]
    index = heat.flatten(2).argmax(-1)
    row = torch.div(index, width, rounding_mode="floor")
    return index, index - row * width, row


def argmax_quarter(heat: Tensor) -> Tensor:
    """The highest cell's middle, a quarter of a cell towards the higher neighbour on each axis.

    Newell et al. 2016, section 3.1. Cells on the border stay as they are along that axis.
    """
    height, width = heat.shape[-2:]
    _, column, row = peaks(heat)

    def at(r: Tensor, c: Tensor) -> Tensor:
        place = r.clamp(0, height - 1) * width + c.clamp(0, width - 1)
        return heat.flatten(2).gather(2, place[..., None])[..., 0]

    inside_x = ((column > 0) & (column < width - 1)).to(heat.dtype)
    inside_y = ((row > 0) & (row < height - 1)).to(heat.dtype)
    dx = torch.sign(at(row, column + 1) - at(row, column - 1)) * inside_x
    dy = torch.sign(at(row + 1, column) - at(row - 1, column)) * inside_y
    x, y = column.to(heat.dtype), row.to(heat.dtype)
    return torch.stack([x + 0.5 + 0.25 * dx, y + 0.5 + 0.25 * dy], -1)


def argmax_offset(heat: Tensor, offset: Tensor) -> Tensor:
    """The highest cell's middle and the offset (B, K, 2, h, w) x, y in cells that is read there.

    OpenSeeFace's decoding, with cells' middles where it has multiples of (size - 1) / (n - 1).
    """
    index, column, row = peaks(heat)
    place = index[:, :, None, None].expand(-1, -1, 2, 1)
    moved = offset.flatten(3).gather(3, place)[..., 0]
    return torch.stack([column, row], -1).to(heat.dtype) + 0.5 + moved


def probabilities(heat: Tensor) -> Tensor:
    """Softmax over the cells of each map: sums to 1."""
    return fn.softmax(heat.flatten(2), -1).view_as(heat)


def expectation(probability: Tensor) -> Tensor:
    """sum p x, sum p y over the cells' middles (DSNT, Nibali et al. 2018, eq. 3)."""
    height, width = probability.shape[-2:]
    x = torch.arange(width, device=probability.device, dtype=probability.dtype) + 0.5
    y = torch.arange(height, device=probability.device, dtype=probability.dtype) + 0.5
    return torch.stack([(probability.sum(2) * x).sum(-1), (probability.sum(3) * y).sum(-1)], -1)
