"""Light taken off a photographed face: what is left is the colour of its skin.

    colour(p) = albedo(p) * sum_k l_k Y_k(n_p)       k = 0..8: bands 0, 1, 2

(Ramamoorthi and Hanrahan 2001), fitted by least squares with the mean albedo in the place of the
face's own. Light and skin share their scale, channel by channel: albedo comes out relative to a
mean tone, and no one's own tone is told.
"""

from __future__ import annotations

import numpy as np

from bauta.synth.rendered.light import harmonics

ROUNDS = 6
"""Of iteratively reweighted least squares."""
SKIPPED = 4
"""Of so many texels one is fitted to."""
LOOSE = 0.15
"""Share of the light by which skin may differ before it counts less."""
FIRM = 1e-3
"""Ridge on all but the even light, over the sum of weights: what a face does not show of the light
stays small."""
DIM = 0.1
"""Light is never less than this share of its mean."""
SPECK = (-1.2, 0.5)
"""Logarithms of colour over the mean face's between which it is believed: below lie hair, frames of
glasses and cast shadows, above highlights."""


def light_on(colour: np.ndarray, normals: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(n, 3) the light on skin of linear colours (n, 3), normals (n, 3) and expected albedo (n, 3).

    Nine coefficients of grey light, and four of its colour: a face's own change of colour from brow
    to chin is as smooth as what the second band of coloured light could do.
    """
    basis, bare = harmonics(normals), colour / mean
    some, seen = basis[::SKIPPED], bare[::SKIPPED]
    even, weight = _fitted(some, seen.mean(1))
    grey = _lit(some, even)
    tints = [_solved(some[:, :4], seen[:, c] / grey, weight) for c in range(3)]
    return _lit(basis, even)[:, None] * np.stack([_lit(basis[:, :4], tint) for tint in tints], 1)


def _lit(basis: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """(n,) light of coefficients (K,), never near 0."""
    light = basis @ coefficients
    return np.maximum(light, max(DIM * float(light.mean()), 1e-6))


def _solved(basis: np.ndarray, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(K,) coefficients by weighted least squares."""
    ridge = FIRM * weight.sum() * (np.arange(basis.shape[1]) > 0)
    weighted = basis * weight[:, None]
    return np.linalg.solve(basis.T @ weighted + np.diag(ridge), weighted.T @ values)


def _fitted(basis: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) coefficients that most of the values (n,) agree with, and how much each was believed."""
    weight, found = np.ones(len(values)), np.zeros(basis.shape[1])
    for _ in range(ROUNDS):
        found = _solved(basis, values, weight)
        off = (values / _lit(basis, found) - 1) / LOOSE
        weight = 1 / (1 + off * off)
    return found, weight


def without_light(
    colour: np.ndarray, normals: np.ndarray, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) logarithm of the albedo of skin as in `light_on`, and (n,) bool where it is believed:
    near the mean face's (`SPECK`)."""
    found = np.log(np.maximum(colour, 1e-4) / light_on(colour, normals, mean))
    off = (found - np.log(mean)).mean(1)
    return found, (off > SPECK[0]) & (off < SPECK[1])
