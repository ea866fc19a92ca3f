"""Where the 478 mesh points lie on the face model, learned from labelled faces:

    python -m bauta.data.face_points head.npz --out head.npz

The canonical mesh and the ICT head are different people, so that the nearest surface point is
millimetres off. Start: similarity and thin-plate warp of the canonical mesh onto the head by the 68
anatomical points, then the nearest surface point. Then, round by round: fit the head's identity to
a draw of labelled calm faces and move every point on the surface by what is left in the mean, the
same on both sides. No expression takes part: it would explain what is a matter of the points, such
as lips that are marked elsewhere, and would then be found in every blank face.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bauta.crop import mesh_rotation, roi_of_mesh
from bauta.data import teachers
from bauta.fit.fitter import start_translation
from bauta.fit.solver import Prior, Solution, SolverSettings, solve
from bauta.geometry import affine
from bauta.geometry.alignment import umeyama
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import nearest_on_mesh, vertex_normals
from bauta.morphable.embeddings import complete
from bauta.morphable.file import read_model, write_model
from bauta.morphable.model import Embedding, FaceModel
from bauta.schemes import INNER51
from bauta.tables import mesh478

log = logging.getLogger(__name__)
SIZE, FOV = 192.0, 25.0
"""Faces are brought to a picture of this size; a long lens, as cameras are unknown."""
SKIN_POINTS = 468
ROUNDS = 24
FACES = 300
"""Faces of one round."""
MODES = 30
TIMID = 2.0
"""Precision of an identity mode: timid, as what is left over is to move the points."""
STEP = 0.8


def labelled_meshes(split: str = "train") -> np.ndarray:
    """(N, 468, 3) meshes of sure labels, moved into pictures of `SIZE` pixels."""
    found = []
    for name in teachers.SETS:
        labels = teachers.read_teacher_set(name, teachers.read_pictures(name))
        for i, mesh in enumerate(labels.mesh):
            if labels.split[i] == split and labels.asym[i] < 4 and np.isfinite(mesh).all():
                found.append(affine.apply(map_of(mesh), mesh)[:SKIN_POINTS])
    return np.stack(found).astype(np.float64)


def map_of(mesh: np.ndarray) -> np.ndarray:
    """(2, 3) from a picture into one of `SIZE` pixels with its face (478, 3) in the middle."""
    roi = roi_of_mesh(mesh)
    return affine.similarity(roi.center, roi.side * 1.7, 0.0, int(SIZE))


def calm(meshes: np.ndarray) -> np.ndarray:
    """(N,) bool: mouth closed and neither wide nor pursed."""

    def span(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(meshes[:, a, :2] - meshes[:, b, :2], axis=1)

    eyes, mouth = span(33, 263), span(61, 291) / span(33, 263)
    return (
        (span(13, 14) < 0.03 * eyes)
        & (mouth > np.quantile(mouth, 0.1))
        & (mouth < np.quantile(mouth, 0.6))
    )


@dataclass
class Points:
    """Points on the surface: `triangle` (K,) rows of `triangles`, `weight` (K, 3)."""

    triangle: np.ndarray
    weight: np.ndarray

    def of(self, values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """Values (..., V, 3) at the points, (..., K, 3)."""
        return (values[..., triangles[self.triangle], :] * self.weight[:, :, None]).sum(-2)


class Placement:
    """The points on their way over one head."""

    def __init__(self, model: FaceModel, landmarks68: np.ndarray) -> None:
        self.model = model
        self.rows = np.flatnonzero(model.triangles_of("face"))
        self.triangles = model.triangles[self.rows]
        self.mirror = mesh478()["mirror"][:SKIN_POINTS].astype(int)
        self._lips()
        self.points = self.project(canonical_on(landmarks68))
        self.camera = Camera.of_fov(int(SIZE), int(SIZE), FOV)

    def _lips(self) -> None:
        """Upper and lower lip touch at rest: a point may only lie on the lip it belongs to."""
        canonical = mesh478()["canonical"]
        line = (canonical[13, 1] + canonical[14, 1]) / 2
        away = canonical[:, 1] - line
        near = (np.abs(canonical[:, 0]) < 2.3) & (np.abs(away) < 1.6) & (canonical[:, 2] > 3.5)
        opened = self.model.expression[self.model.expression_names.index("jawOpen")]
        drop = np.linalg.norm(opened, axis=1)
        share = drop[self.triangles].mean(1) / drop.max()
        self.sides = (
            (np.flatnonzero(near & (away > 0)), np.flatnonzero(share < 0.3)),
            (np.flatnonzero(near & (away < 0)), np.flatnonzero(share > 0.45)),
        )

    def project(self, targets: np.ndarray) -> Points:
        """The surface points nearest to `targets` (468, 3)."""
        triangle, weight = nearest_on_mesh(targets, self.model.mean, self.triangles)
        for points, allowed in self.sides:
            found, w = nearest_on_mesh(targets[points], self.model.mean, self.triangles[allowed])
            triangle[points], weight[points] = allowed[found], w
        return Points(triangle, weight)

    def improve(self, meshes: np.ndarray) -> float:
        """One round over `meshes` (N, 468, 3); returns the mean residual over the face's size."""
        mean, identity = (
            self.points.of(values.astype(np.float64), self.triangles)
            for values in (self.model.mean, self.model.identity[:MODES])
        )
        bases = identity.transpose(1, 2, 0)
        normals = self.points.of(
            vertex_normals(self.model.mean, self.model.triangles), self.triangles
        )
        H, G, errors = np.zeros((SKIN_POINTS, 3, 3)), np.zeros((SKIN_POINTS, 3)), []
        for mesh in meshes:
            size = face_size(mesh)
            found = fit_person(self.camera, mesh, mean, bases, size)
            assert found.residual is not None
            residual = found.residual.T
            errors.append(np.linalg.norm(residual, axis=1).mean() / size)
            depth = ((mean + bases @ found.c) @ found.R.T + found.t)[:, 2]
            P = (self.camera.K[0, 0] / depth)[:, None, None] * found.R[None, :2]
            seen = np.clip(0.15 - normals @ found.R[2], 0, 1)
            far = np.linalg.norm(residual, axis=1) / (0.06 * size)
            weight = seen / (0.02 * size) ** 2 / (1 + far * far) ** 2
            H += weight[:, None, None] * (P.transpose(0, 2, 1) @ P)
            G += weight[:, None] * np.einsum("kij,ki->kj", P, residual)
        self.points = self.project(mean + STEP * self._shift(H, G, normals))
        return float(np.mean(errors))

    def _shift(self, H: np.ndarray, G: np.ndarray, normals: np.ndarray) -> np.ndarray:
        scale = H.trace(axis1=1, axis2=2).mean()
        H = H + scale * (0.05 * normals[:, :, None] * normals[:, None] + 0.01 * np.eye(3))
        d = np.linalg.solve(H, G[:, :, None])[:, :, 0]
        return (d + d[self.mirror] * (-1, 1, 1)) / 2


def fit_person(
    camera: Camera, mesh: np.ndarray, mean: np.ndarray, bases: np.ndarray, size: float
) -> Solution:
    """Pose and identity of a calm face: `mesh` (K, 3) pixels of a face of `size` pixels, explained
    by the head's points `mean` (K, 3) and their modes `bases` (K, 3, MODES)."""
    most, nothing = np.full(MODES, 4.0), np.zeros(MODES)
    prior = Prior(-most, most, nothing, np.full(MODES, TIMID), nothing)
    R = mesh_rotation(mesh).astype(np.float64)
    t = start_translation(camera, R @ mean.T, mesh[:, :2].T)
    start = Solution(R, t, nothing)
    sigma = np.full(len(mesh), 0.015 * size)
    settings = SolverSettings(steps=6)
    columns = np.ascontiguousarray(bases.transpose(2, 1, 0), np.float32)
    return solve(camera, mean.T, columns, mesh[:, :2].T, sigma, start, prior, settings)


def face_size(mesh: np.ndarray) -> float:
    """Mean distance of the points from their middle, or between the outer eye corners; pixels."""
    spread = np.linalg.norm(mesh[:, :2] - mesh[:, :2].mean(0), axis=1).mean()
    return float(max(spread, np.linalg.norm(mesh[33, :2] - mesh[263, :2])))


def canonical_on(landmarks68: np.ndarray) -> np.ndarray:
    """(468, 3) the canonical mesh warped onto a head's 68 anatomical points (68, 3)."""
    table = mesh478()
    canonical = table["canonical"].astype(np.float64)
    ours = canonical[table["nearest68"]][INNER51]
    s, R, t = umeyama(ours, landmarks68[INNER51])
    moved, ours = s * canonical @ R.T + t, s * ours @ R.T + t
    return moved + thin_plate(ours, landmarks68[INNER51] - ours, moved)


def thin_plate(x: np.ndarray, y: np.ndarray, at: np.ndarray, smooth: float = 0.02) -> np.ndarray:
    """Values (M, 3) at `at` (M, 3) of the smoothing spline through values y (K, 3) at x (K, 3):
    kernel |r| in space (Duchon 1977), plus an affine map."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return -np.linalg.norm(a[:, None] - b[None], axis=2)

    A = np.concatenate([x, np.ones((len(x), 1))], 1)
    top = np.concatenate([kernel(x, x) - smooth * np.eye(len(x)), A], 1)
    system = np.concatenate([top, np.concatenate([A.T, np.zeros((4, 4))], 1)])
    solved = np.linalg.lstsq(system, np.concatenate([y, np.zeros((4, 3))]), rcond=None)[0]
    return (
        kernel(at, x) @ solved[: len(x)]
        + np.concatenate([at, np.ones((len(at), 1))], 1) @ solved[len(x) :]
    )


def place_mesh(model: FaceModel, landmarks68: np.ndarray, meshes: np.ndarray) -> Embedding:
    """Where the first 468 mesh points lie on the head."""
    placement, pool = Placement(model, landmarks68), meshes[calm(meshes)]
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        draw = pool[rng.choice(len(pool), min(FACES, len(pool)), replace=False)]
        log.info("residual %.2f %% of the face's size", 100 * placement.improve(draw))
    return Embedding(
        placement.rows[placement.points.triangle].astype(np.int32), placement.points.weight
    )


def main() -> None:
    """Place the mesh points on a head."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("head", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = read_model(options.head)
    landmarks68 = model.points("ibug68-3d", model.mean)
    skin = place_mesh(model, landmarks68, labelled_meshes())
    irises = model.embeddings["irises"]
    mesh = Embedding(
        np.concatenate([skin.triangle, irises.triangle]),
        np.concatenate([skin.weight, irises.weight]),
    )
    embeddings = {"ibug68-3d": model.embeddings["ibug68-3d"], "mesh478": mesh}
    write_model(options.out, complete(replace(model, embeddings=embeddings)), half=True)


if __name__ == "__main__":
    main()
