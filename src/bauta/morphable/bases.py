"""From the arrays of published models to ours: vectors to (n, V, 3), units, colours, winding."""

from __future__ import annotations

import numpy as np

from bauta.checks import ModelError
from bauta.morphable.file import FORMAT, from_arrays
from bauta.morphable.model import FaceModel


def finite(values: object, what: str, where: str) -> np.ndarray:
    """float64 array of numbers; ModelError when it holds anything else."""
    try:
        result = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{where}: {what} should be numbers") from error
    if not result.size or not np.isfinite(result).all():
        raise ModelError(f"{where}: {what} is empty, or holds NaN or infinity")
    return result


def points_of(vector: np.ndarray, what: str, where: str) -> np.ndarray:
    """(V, 3) of a vector x0 y0 z0 x1 ... (3 V,), in whatever shape it is stored."""
    if vector.size % 3:
        raise ModelError(f"{where}: {what} should hold three numbers a vertex, has {vector.size}")
    return vector.reshape(-1, 3)


def modes_of(
    basis: np.ndarray, deviation: np.ndarray, vertices: int, what: str, where: str
) -> np.ndarray:
    """(n, V, 3) displacements for one standard deviation, of columns `basis` (3 V, n) of length 1
    and their standard deviations (n,)."""
    deviation = deviation.ravel()
    if basis.ndim != 2 or len(basis) != 3 * vertices or basis.shape[1] != len(deviation):
        raise ModelError(
            f"{where}: {what} should have {3 * vertices} rows and a column for each of "
            f"{len(deviation)} deviations, is {basis.shape}"
        )
    if (deviation < 0).any():
        raise ModelError(f"{where}: {what} has negative deviations")
    return (basis * deviation).T.reshape(len(deviation), vertices, 3)


def linear_colours(mean: np.ndarray, modes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear RGB of colours in sRGB, both 0..1: mean (V, 3) and modes (n, V, 3).

    The mean goes through the transfer function of sRGB (IEC 61966-2-1), the modes are multiplied by
    its slope at the mean: exact to first order.
    """
    c = np.clip(mean, 0, 1)
    bent = ((c + 0.055) / 1.055) ** 2.4
    slope = 2.4 / 1.055 * ((c + 0.055) / 1.055) ** 1.4
    dark = c <= 0.04045
    return np.where(dark, c / 12.92, bent), modes * np.where(dark, 1 / 12.92, slope)


def inside_out(mean: np.ndarray, triangles: np.ndarray) -> bool:
    """Does most of the surface face the middle of the head?"""
    a, b, c = (mean[triangles[:, k]] for k in range(3))
    away = ((a + b + c) / 3 - mean.mean(0)) * np.cross(b - a, c - a)
    return bool(away.sum() < 0)


def build_model(
    where: str,
    name: str,
    mean: np.ndarray,
    triangles: np.ndarray,
    identity: np.ndarray,
    expression: np.ndarray | None = None,
    expression_names: tuple[str, ...] | None = None,
    **more: np.ndarray,
) -> FaceModel:
    """The checked model of such arrays; `more` as in the npz format. Triangles that run clockwise
    are turned over.

    Without names, expressions are called `expression000`, ... and their weights are standard
    deviations, not 0..1.
    """
    if expression is None:
        expression = np.zeros((0, len(mean), 3))
    if expression_names is None:
        expression_names = tuple(f"expression{k:03d}" for k in range(len(expression)))
    if triangles.size and not 0 <= triangles.min() <= triangles.max() < len(mean):
        raise ModelError(f"{where}: triangles name vertices that the model does not have")
    if inside_out(mean, triangles):
        triangles = triangles[:, ::-1]
        if "uv_triangles" in more:
            more["uv_triangles"] = more["uv_triangles"][:, ::-1]
    arrays = {
        "format": np.array(FORMAT),
        "name": np.array(name),
        "mean": mean.astype(np.float32),
        "identity": identity.astype(np.float32),
        "expression": expression.astype(np.float32),
        "expression_names": np.array(expression_names, dtype=str),
        "triangles": triangles.astype(np.int32),
        **more,
    }
    return from_arrays(arrays, where)
