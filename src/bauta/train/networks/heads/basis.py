"""`basis`: points as a mean and a few fixed directions, of which the network says how much."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bauta.checks import InputError, SourceError
from bauta.train.networks.heads.base import (
    Head,
    Site,
    known_mean,
    normalise,
    of_dims,
    to_pixels,
)


def principal(points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (P,) and `count` directions (count, P) of rows (M, P), by principal components.

    A direction is as long as the standard deviation along it, so coefficients have variance 1.
    Directions beyond the rank are zero.
    """
    mean = points.mean(0)
    _, spread, axes = np.linalg.svd(points - mean, full_matrices=False)
    basis = np.zeros((count, points.shape[1]))
    kept = min(count, len(spread))
    basis[:kept] = axes[:kept] * (spread[:kept, None] / np.sqrt(len(points)))
    return mean, basis


class Basis(Head):
    """`<scheme>` (B, K, D) = mean + sum c_i B_i in pixels of the crop; `coefficients` (B, N).

    The basis is frozen: principal components of the labels that training starts from, or `file`,
    an npz with `mean_<scheme>` (K, D) and `basis_<scheme>` (N, K, D) for every scheme, in sides of
    the crop (x, y of its middle: 0.5).
    """

    points = True
    mean: Tensor
    basis: Tensor

    def __init__(self, site: Site, coefficients: int = 40, file: str = "") -> None:
        super().__init__()
        self.size, self.shapes = site.size, site.shapes
        self.given = bool(file)
        total = sum(k * d for k, d in self.shapes.values())
        self.register_buffer("mean", torch.zeros(total))
        self.register_buffer("basis", torch.zeros(coefficients, total))
        self.linear = nn.Linear(site.code, coefficients)
        if file:
            self._set(*self._read(Path(file), coefficients))

    def _read(self, path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
        mean, basis = [], []
        try:
            with np.load(path) as arrays:
                for name, shape in self.shapes.items():
                    m, b = arrays[f"mean_{name}"], arrays[f"basis_{name}"]
                    if m.shape != shape or b.shape != (count, *shape):
                        raise InputError(
                            f"{path}: expected mean_{name} {shape} and basis_{name} "
                            f"{(count, *shape)}, got {m.shape} and {b.shape}"
                        )
                    sides = np.array([0.5, 0.5, 0.0])[: shape[1]]
                    mean.append(8 * (m - sides).ravel())
                    basis.append(8 * b.reshape(count, -1))
        except (OSError, ValueError, KeyError) as error:
            if isinstance(error, InputError):
                raise
            raise SourceError(f"{path}: cannot read the basis: {error}") from error
        return np.concatenate(mean), np.concatenate(basis, 1)

    def _set(self, mean: np.ndarray, basis: np.ndarray) -> None:
        self.mean.copy_(torch.from_numpy(mean))
        self.basis.copy_(torch.from_numpy(basis))

    def start_from(self, labels: Mapping[str, np.ndarray]) -> None:
        """Principal components of the labels; nothing when the basis was given.

        Of faces with a z when these are more than the components; else of all, where the mean z
        stands in for one that is not known (0 when none is: then it stays 0).
        """
        if self.given or not set(self.shapes) <= set(labels):
            return
        parts = [
            normalise(torch.from_numpy(of_dims(labels[name], dims)), self.size).flatten(1)
            for name, (_, dims) in self.shapes.items()
        ]
        rows = torch.cat(parts, 1).double().numpy()
        whole = np.isfinite(rows).all(1)
        if whole.sum() > len(self.basis):
            rows = rows[whole]
        rows = np.where(np.isnan(rows), known_mean(rows), rows)
        self._set(*principal(rows, len(self.basis)))

    def forward(self, maps: list[Tensor], code: Tensor) -> dict[str, Tensor]:
        coefficients = self.linear(code)
        values = self.mean + coefficients @ self.basis
        out = {"coefficients": coefficients}
        parts = values.split([k * d for k, d in self.shapes.values()], 1)
        for (name, shape), part in zip(self.shapes.items(), parts, strict=True):
            out[name] = to_pixels(part.unflatten(1, shape), self.size)
        return out
