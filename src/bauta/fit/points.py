"""The points of the picture that the fit looks at, on the face model, as the solver wants them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.geometry.mesh import vertex_normals
from bauta.morphable.arkit import LOOKS
from bauta.morphable.model import SIDES, FaceModel
from bauta.schemes import LEFT_IRIS478, RIGHT_IRIS478
from bauta.tables import mesh478

IRISES = {"Right": RIGHT_IRIS478, "Left": LEFT_IRIS478}
OVAL_DOUBT = 2.0
"""How much less the outline of the face is believed: on a turned head it slides over the skin."""
LIDS = (((160, 144), (159, 145), (158, 153)), ((387, 373), (386, 374), (385, 380)))
"""Points of the upper and the lower lid that lie above each other, right eye first."""
FILLERS = 40
"""Points besides the contours of eyes, brows, nose, lips and face, spread evenly over the skin."""


@dataclass(frozen=True, eq=False)
class FitPoints:
    """K points of `mesh478` and what moves them. E shapes (without the looks), I identity modes."""

    rows: np.ndarray
    """(K,) of the 478."""
    doubt: np.ndarray
    """(K,) factor on their sigma."""
    mean: np.ndarray
    """(3, K) centimetres, head axes."""
    shapes: np.ndarray
    """(E, 3, K)"""
    looks: np.ndarray
    """(L, 3, K): what the looks do to the lids."""
    people: np.ndarray
    """(I, 3, K)"""
    shape_rows: np.ndarray
    """(E,) rows of the model's expressions."""
    look_rows: np.ndarray
    """(L,)"""
    normals: np.ndarray
    """(478, 3) of the mean, head axes."""
    eye_centre: np.ndarray
    """(2, 3) right, left, of the mean."""
    eye_people: np.ndarray
    """(2, 3, I) what identity adds to the centres."""
    iris: np.ndarray
    """(2, 5, 3) right, left: middle and rim of the irises of the mean, eyes at rest."""
    iris_people: np.ndarray
    """(2, 5, 3, I) what identity adds to them."""
    lids: np.ndarray
    """(2, K) float32 the lower lid less the upper, right eye first."""
    growth: np.ndarray
    """(I,) by how much each identity mode grows the head. This share of the mean is taken out of
    `people`, `eye_people` and `iris_people`: one camera cannot tell a large head from a near one,
    and size would wander between modes and distance."""


def spread(points: np.ndarray, chosen: list[int], allowed: np.ndarray, count: int) -> list[int]:
    """`chosen` and `count` more of `allowed`, each as far as possible from those taken."""
    taken = list(chosen)
    away = np.linalg.norm(points[:, None] - points[None, taken], axis=2).min(1)
    for _ in range(count):
        best = int(allowed[away[allowed].argmax()])
        taken.append(best)
        away = np.minimum(away, np.linalg.norm(points - points[best], axis=1))
    return taken


def chosen_rows() -> tuple[np.ndarray, np.ndarray]:
    """Rows of the 478 that are fitted, and their doubt: contours, and some skin in between."""
    table = mesh478()
    oval = np.unique(table["edges_face_oval"])
    features = [key for key in table if key.startswith("edges_") and "iris" not in key]
    features = [key for key in features if key not in ("edges_tesselation", "edges_face_oval")]
    marked = np.unique(np.concatenate([table[key].ravel() for key in features])).astype(int)
    marked = marked[marked < 468]
    skin = np.setdiff1d(np.arange(468), oval)
    rows = np.array(spread(table["canonical"], marked.tolist(), skin, FILLERS))
    return rows, np.where(np.isin(rows, oval), OVAL_DOUBT, 1.0)


def lid_rows(rows: np.ndarray) -> np.ndarray:
    """(2, K) float32 weights of the points `rows` (K,) of the 478: lower lid less upper."""
    result = np.zeros((2, len(rows)), np.float32)
    for k, pairs in enumerate(LIDS):
        for upper, lower in pairs:
            result[k, rows == lower] = 1 / len(pairs)
            result[k, rows == upper] = -1 / len(pairs)
    return result


def fit_points(model: FaceModel, modes: int) -> FitPoints:
    """The points and their bases, with the first `modes` identity modes."""
    rows, doubt = chosen_rows()
    mesh = model.at("mesh478")
    names = model.expression_names
    looks = np.array([names.index(name) for name in names if name in LOOKS], int)
    shapes = np.setdiff1d(np.arange(len(names)), looks)

    def columns(basis: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(basis[:, rows].transpose(0, 2, 1), np.float32)

    normals = vertex_normals(model.mean, model.triangles)
    centre, eye_people = _eyes(model, modes)
    irises = np.stack([IRISES[side] for side in reversed(SIDES)])
    still, people = mesh.mean.astype(np.float64), mesh.identity[:modes].astype(np.float64)
    skin = still[rows]
    growth = np.einsum("kx,ikx->i", skin, people[:, rows]) / (skin * skin).sum()
    people = people - growth[:, None, None] * still
    return FitPoints(
        rows=rows,
        doubt=doubt,
        mean=mesh.mean[rows].T.astype(np.float64),
        shapes=columns(mesh.expression[shapes]),
        looks=columns(mesh.expression[looks]),
        people=columns(people),
        shape_rows=shapes,
        look_rows=looks,
        normals=model.points("mesh478", normals),
        eye_centre=centre,
        eye_people=eye_people - centre[:, :, None] * growth,
        iris=still[irises],
        iris_people=people[:, irises].transpose(1, 2, 3, 0),
        lids=lid_rows(rows),
        growth=growth,
    )


def _eyes(model: FaceModel, modes: int) -> tuple[np.ndarray, np.ndarray]:
    centres, people = [], []
    for side in reversed(SIDES):
        eye = model.eyes[side]
        centres.append(eye.weight @ model.mean[eye.rows])
        people.append(np.einsum("v,ivx->xi", eye.weight, model.identity[:modes, eye.rows]))
    return np.stack(centres).astype(float), np.stack(people).astype(float)
