"""A linear model of registered meshes: align, centre, principal components (Cootes et al. 1995).

    x_i = mean + sum_k a_ik s_k u_k        u_k of length 1, s_k^2 the variance along it

Registered: all meshes have the same vertices in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bauta.checks import InputError, ModelError, check_choice
from bauta.geometry.alignment import umeyama
from bauta.morphable.bases import build_model
from bauta.morphable.meshes import Mesh, read_mesh
from bauta.morphable.model import FaceModel

ALIGNMENTS = ("rigid", "similarity", "none")
MATRICES = ("covariance", "correlation")
ROUNDS = 20
STILL = 1e-8
"""Change of the mean shape, over its size, at which alignment ends."""


@dataclass(frozen=True, eq=False)
class Built:
    """Principal components of N shapes of V vertices."""

    mean: np.ndarray
    """(V, 3)."""
    modes: np.ndarray
    """(n, V, 3), displacement for one standard deviation, largest first."""
    variance: np.ndarray
    """(all,) variances along all components, also of those that were not kept."""

    @property
    def explained(self) -> np.ndarray:
        """(all,) share of the variance that a component and those before it explain, up to 1."""
        return np.cumsum(self.variance) / max(float(self.variance.sum()), 1e-300)


def align(shapes: np.ndarray, kind: str = "rigid") -> np.ndarray:
    """(N, V, 3) shapes moved onto their common mean: generalised Procrustes analysis (Gower 1975).

    `rigid` turns and shifts, `similarity` also scales (to the mean size of all), `none` leaves the
    shapes alone. The result lies where the first shape lay.
    """
    check_choice(kind, ALIGNMENTS, "alignment")
    if kind == "none":
        return shapes
    size = _size(shapes)
    moved = shapes.astype(np.float64)
    if kind == "similarity":
        middle = moved.mean(1, keepdims=True)
        moved = (moved - middle) * (size.mean() / size)[:, None, None] + middle
    mean = moved[0]
    for _ in range(ROUNDS):
        moved = np.stack([_onto(shape, mean, kind == "similarity") for shape in moved])
        new = _onto(moved.mean(0), moved[0], False)
        if kind == "similarity":
            middle = new.mean(0)
            new = (new - middle) * (size.mean() / _size(new[None])[0]) + middle
        change = np.abs(new - mean).max()
        mean = new
        if change < STILL * size.mean():
            break
    return moved


def _size(shapes: np.ndarray) -> np.ndarray:
    """(N,) root mean square distance of vertices from their middle."""
    return np.sqrt(((shapes - shapes.mean(1, keepdims=True)) ** 2).sum(2).mean(1))


def _onto(shape: np.ndarray, target: np.ndarray, scaled: bool) -> np.ndarray:
    s, R, t = umeyama(shape, target)
    if scaled:
        return s * shape @ R.T + t
    turned = shape @ R.T
    return turned + target.mean(0) - turned.mean(0)


def principal(
    shapes: np.ndarray,
    matrix: str = "covariance",
    modes: int | None = None,
    share: float | None = None,
) -> Built:
    """Components of shapes (N, V, 3) by SVD of the centred data; N - 1 of them at most.

    `correlation` divides each coordinate by its standard deviation before and multiplies after, so
    that lips count as much as the chin; its variances are in those units. At most `modes` are kept,
    and no more than explain `share` of the variance.
    """
    check_choice(matrix, MATRICES, "matrix")
    count = len(shapes)
    if count < 2:
        raise InputError(f"shapes: at least 2 are needed, got {count}")
    mean = shapes.mean(0)
    X = (shapes - mean).reshape(count, -1).astype(np.float64)
    scale = np.ones(X.shape[1])
    if matrix == "correlation":
        scale = np.sqrt((X**2).sum(0) / (count - 1))
        scale[scale < 1e-12 * max(float(scale.max()), 1e-300)] = 1.0
    _, singular, axes = np.linalg.svd(X / scale, full_matrices=False)
    variance = singular[: count - 1] ** 2 / (count - 1)
    kept = _count(variance, modes, share)
    vectors = axes[:kept] * scale * np.sqrt(variance[:kept])[:, None]
    return Built(mean, vectors.reshape(kept, *mean.shape), variance)


def _count(variance: np.ndarray, modes: int | None, share: float | None) -> int:
    real = int((variance > 1e-12 * max(float(variance[0]), 1e-300)).sum())
    if modes is not None and modes < 1:
        raise InputError(f"modes: expected 1 or more, got {modes}")
    if share is not None and not 0 < share <= 1:
        raise InputError(f"share: expected more than 0 and up to 1, got {share}")
    kept = real if modes is None else min(real, modes)
    if share is not None:
        explained = np.cumsum(variance) / max(float(variance.sum()), 1e-300)
        kept = min(kept, int(np.searchsorted(explained, share - 1e-12) + 1))
    return kept


def read_registered(paths: Sequence[Path]) -> tuple[np.ndarray, Mesh]:
    """(N, V, 3) vertices of .obj and .ply meshes and of folders of them, or of an .npz with
    `vertices` (N, V, 3) and `triangles`; and the first mesh. ModelError names a mesh that differs
    from the first."""
    first, shapes = None, []
    paths = [mesh for path in paths for mesh in (_meshes_in(path) if path.is_dir() else [path])]
    for path in paths:
        if path.suffix.lower() == ".npz":
            stack, mesh = _read_stack(path)
        else:
            mesh = read_mesh(path)
            stack = mesh.vertices[None]
        first = first or mesh
        have, expected = stack.shape[1], len(first.vertices)
        if have != expected:
            raise ModelError(f"{path}: {have} vertices, expected {expected} as in {paths[0]}")
        if not np.array_equal(mesh.triangles, first.triangles):
            raise ModelError(f"{path}: other triangles than {paths[0]}; meshes must be registered")
        shapes.append(stack)
    if first is None:
        raise InputError("meshes: none given")
    return np.concatenate(shapes).astype(np.float64), first


def _meshes_in(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".obj", ".ply"))
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed: {error.strerror}") from error
    if not found:
        raise InputError(
            f"{folder}: a folder without meshes; expected files ending in .obj or .ply"
        )
    return found


def _read_stack(path: Path) -> tuple[np.ndarray, Mesh]:
    try:
        with np.load(path, allow_pickle=False) as file:
            stack, triangles = file["vertices"].astype(np.float64), file["triangles"].astype(int)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: expected arrays `vertices` (N, V, 3) and `triangles` (T, 3) ({error})"
        ) from error
    stack = stack[None] if stack.ndim == 2 else stack
    if stack.ndim != 3 or stack.shape[2] != 3 or not np.isfinite(stack).all():
        raise ModelError(f"{path}: `vertices` should be finite and (N, V, 3), is {stack.shape}")
    return stack, Mesh(stack[0], triangles)


def model_of(built: Built, mesh: Mesh, name: str) -> FaceModel:
    """The face model of components; texture coordinates are those of `mesh`."""
    more = {}
    if mesh.uv is not None and mesh.uv_triangles is not None:
        more = {"uv": mesh.uv, "uv_triangles": mesh.uv_triangles}
    return build_model(name, name, built.mean, mesh.triangles, built.modes, None, None, **more)
