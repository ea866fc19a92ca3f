"""From labels to training targets: `ibug68` for the faces that have none, and outliers.

Of our own sets only `ytf` has `ibug68` labels. For every other face with both dense teachers they
come from one linear map of the teachers' points, fitted on the training people; they count less.
Conventions are never mixed: the map is an adapter from one to the other. A label far from what the
map says is a label of something else, and counts less the further it lies. Pictures that
`bauta synth` made take no part in either: they look far to the side, where the map is no longer
linear, and their labels are exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bauta.data.lids import EYES, TEACHER, lids_of_mesh, meeting
from bauta.data.packs import MADE, Column, Pack
from bauta.data.readers.own import lids_seen
from bauta.tables import mesh478

MAPPED_WEIGHT = 0.3
"""Weight of mapped `ibug68` points against labelled ones."""
EXACT = tuple(f"{MADE}{kind}" for kind in ("rendered", "free", "clips"))
"""Sets whose labels no teacher made: their lids meet already."""
RIDGE = 0.02
"""Of the fit, on points in sides of the face's own square."""
SURE = 0.4
"""Mean weight of the mesh from which a face takes part in the fit (asymmetry below 5 percent)."""
FEWEST = 200
"""Faces that a fit needs."""
OUTER_EYES = (36, 45)


def _in_frame(pack: Pack, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Points (R, K, 2) of `rows`, about the frame's centre, in sides of the frame."""
    frame = pack.frame[rows]
    return (points[rows, :, :2] - frame[:, None, :2]) / frame[:, None, 2:3]


def _fit(X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ridge regression: W, mean of X, mean of Y."""
    mean_x, mean_y = X.mean(0), Y.mean(0)
    A = (X - mean_x).T @ (X - mean_x)
    A[np.diag_indices_from(A)] += RIDGE
    return np.linalg.solve(A, (X - mean_x).T @ (Y - mean_y)), mean_x, mean_y


def with_shut_lids(pack: Pack) -> Pack:
    """The pack with meshes whose lids meet in shut eyes, where a teacher left a gap, and 68 points
    whose lids are the mesh's there; these weigh what the mesh does."""
    if "mesh478" not in pack.schemes or pack.schemes["mesh478"][1] < 3:
        return pack
    labels = pack.labels("mesh478")
    taught = ~np.isin(pack.source, EXACT) & np.isfinite(labels.points).all((1, 2))
    mesh = np.array(labels.points)
    mesh[taught] = meeting(mesh[taught], EYES["mesh478"], (TEACHER, TEACHER))
    mended = {"mesh478": replace(labels, points=mesh)}
    for name in ("ibug68", "ibug68-3d"):
        if name in pack.schemes:
            sure = labels.weight[taught].astype(np.float32)
            mended[name] = _with_lids(pack.labels(name), name, taught, mesh[taught], sure)
    return pack.with_labels(mended)


def _with_lids(
    labels: Column, name: str, rows: np.ndarray, mesh: np.ndarray, sure: np.ndarray
) -> Column:
    """68 labels whose `rows` have the lids of `mesh` (R, 478, 3) of weights `sure` (R, 478)."""
    nearest = mesh478()["nearest68"]
    points, weight = np.array(labels.points), np.array(labels.weight)
    points[rows], share = lids_of_mesh(points[rows], mesh, EYES[name], nearest)
    weight[rows] = (1 - share) * weight[rows] + share * sure[:, nearest]
    return replace(labels, points=points, weight=weight)


def map68(pack: Pack) -> np.ndarray:
    """(N, 68, 2) `ibug68` from the points of both dense teachers, pixels; NaN without them.

    Fitted on labelled faces of training people with a sure mesh; all NaN with too few of these.
    """
    mesh, bone, labels = (pack.labels(name) for name in ("mesh478", "ibug68-3d", "ibug68"))
    mapped = np.full((len(pack), 68, 2), np.nan, np.float32)
    dense = np.isfinite(mesh.points).all((1, 2)) & np.isfinite(bone.points[..., :2]).all((1, 2))
    sure = dense & (mesh.weight.mean(1, dtype=np.float32) > SURE) & (pack.split == "train")
    sure &= ~pack.made
    fit = np.flatnonzero(sure & np.isfinite(labels.points[..., :2]).all((1, 2)))
    if len(fit) < FEWEST:
        return mapped

    def features(rows: np.ndarray) -> np.ndarray:
        both = [_in_frame(pack, item.points, rows) for item in (mesh, bone)]
        return np.concatenate(both, 1).reshape(len(rows), -1).astype(np.float64)

    known = _in_frame(pack, labels.points, fit).reshape(len(fit), -1)
    W, mean_x, mean_y = _fit(features(fit), known.astype(np.float64))
    for rows in np.array_split(np.flatnonzero(dense), max(1, len(pack) // 4000)):
        found = ((features(rows) - mean_x) @ W + mean_y).reshape(len(rows), 68, 2)
        frame = pack.frame[rows]
        mapped[rows] = found * frame[:, None, 2:3] + frame[:, None, :2]
    return mapped


def with_mapped68(pack: Pack) -> Pack:
    """The pack with `ibug68` filled in and its outliers weighted down; unchanged where it lacks a
    teacher or labels to fit the map on."""
    if not {"mesh478", "ibug68-3d", "ibug68"} <= set(pack.schemes):
        return pack
    mapped, labels = map68(pack), pack.labels("ibug68")
    flat = labels.points[..., :2]
    labelled = np.isfinite(flat).any((1, 2))
    both = np.isfinite(mapped[:, 0, 0])
    eyes = np.linalg.norm(mapped[:, OUTER_EYES[0]] - mapped[:, OUTER_EYES[1]], axis=-1).clip(5)
    gap = np.linalg.norm(flat - mapped, axis=-1).mean(1) / eyes * 100
    # 4 % of the eye distance is usual, 12 % is not
    judged = np.isfinite(gap) & ~pack.made
    trust = np.where(judged, (gap < 12) / (1 + (gap / 8) ** 4), 1)
    weight = labels.weight * trust[:, None]
    fill = both & ~labelled
    mesh = pack.labels("mesh478")
    doubt = mesh.weight[fill].mean(1, dtype=np.float32)
    lids = np.array([lids_seen(face) for face in mesh.points[fill]]).reshape(-1, 68)
    weight[fill] = MAPPED_WEIGHT * doubt[:, None] * lids
    points = np.where(fill[:, None, None], mapped, flat)
    return pack.with_labels({"ibug68": Column(points, weight.astype(np.float16), labels.visible)})
