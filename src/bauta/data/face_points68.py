"""Where the 68-point schemes lie on the face model, learned from labelled faces:

    python -m bauta.data.face_points68 face.npz --out face.npz

The ICT head's own 68 vertices are another convention than the labels': its jaw runs two centimetres
in front of the bone that AFLW2000-3D's flavour marks, and its brows lie half a centimetre off. So
each point moves on the surface to where the labels of calm faces that look ahead have it, the same
on both sides: `ibug68-3d` in space, at the depth that its labels say, and where the outline of
`ibug68` starts (`Contour`'s home) as seen from in front.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.crop import mesh_rotation
from bauta.data import teachers
from bauta.data.face_points import FOV, MODES, SIZE, SKIN_POINTS, face_size, fit_person, map_of
from bauta.data.readers.own import unbiased68
from bauta.fit.solver import Solution
from bauta.geometry import affine
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import nearest_on_mesh
from bauta.geometry.rotation import to_angles
from bauta.morphable.contour import JAW
from bauta.morphable.embeddings import apart, complete, even, home_of
from bauta.morphable.file import read_model, write_model
from bauta.morphable.model import Embedding, FaceModel
from bauta.schemes import INNER51

AHEAD = 15.0
"""Degrees of yaw and pitch up to which a face looks ahead."""
SURE = 4.0
"""Doubt of either teacher (`asym`) up to which a face takes part."""
ROUNDS, FACES = 3, 600
"""Rounds, and faces of each."""
SKIN = ("face", "head_neck")
"""Parts on which a jaw may lie."""
FLAT = 0.3
"""How much a difference of depth counts against one across, where only x and y are known."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A face in a picture of `SIZE` pixels."""

    mesh: np.ndarray
    """(468, 3)"""
    bone: np.ndarray
    """(68, 3) `ibug68-3d`"""
    seen: np.ndarray
    """(68, 2) `ibug68`, NaN where it is not labelled"""


def labelled(split: str = "train") -> Iterator[Labelled]:
    """Sure faces of the teachers' sets that look ahead."""
    for name in teachers.SETS:
        table = teachers.read_teacher_set(name, teachers.read_pictures(name))
        sure = (table.asym < SURE) & (table.alt_asym < SURE)
        for i in np.flatnonzero(sure & (np.array(table.split) == split)):
            mesh = table.mesh[i]
            if not np.isfinite(mesh).all() or not np.isfinite(table.alt68[i]).all():
                continue
            if np.abs(to_angles(mesh_rotation(mesh))[:2]).max() > AHEAD:
                continue
            T = map_of(mesh)
            seen = affine.apply(T, unbiased68(table.pts68[i]))
            bone = affine.apply(T, table.alt68[i])
            yield Labelled(affine.apply(T, mesh)[:SKIN_POINTS].astype(np.float64), bone, seen)


@dataclass(frozen=True, eq=False)
class Basis:
    """Points of the head: `mean` (K, 3) centimetres and `modes` (K, 3, MODES)."""

    mean: np.ndarray
    modes: np.ndarray

    @classmethod
    def of(cls, model: FaceModel, where: Embedding) -> Basis:
        """Those of an embedding."""
        small = replace(model, embeddings={"these": where}).at("these")
        modes = small.identity[:MODES].transpose(1, 2, 0)
        return cls(small.mean.astype(np.float64), modes.astype(np.float64))


def moves(model: FaceModel, faces: list[Labelled]) -> tuple[np.ndarray, np.ndarray]:
    """From the points of `ibug68-3d` (68, 3), and of the outline's home (17, 3), to where faces
    have them in the median: centimetres in head axes, alike on both sides."""
    mesh, bone = (Basis.of(model, model.embeddings[name]) for name in ("mesh478", "ibug68-3d"))
    home, camera = Basis.of(model, home_of(model)), Camera.of_fov(int(SIZE), int(SIZE), FOV)
    skin = Basis(mesh.mean[:SKIN_POINTS], mesh.modes[:SKIN_POINTS])
    bones, homes = [], []
    for face in faces:
        found = fit_person(camera, face.mesh, skin.mean, skin.modes, face_size(face.mesh))
        here, depth = _stand(bone, found)
        z = face.bone[:, 2] - face.bone[INNER51, 2].mean()
        depth = depth[INNER51].mean() * (1 + z / camera.K[0, 0])
        bones.append((camera.at_depth(face.bone, depth) - found.t) @ found.R - here)
        if np.isfinite(face.seen).all():
            here, depth = _stand(home, found)
            homes.append((camera.at_depth(face.seen[:JAW], depth) - found.t) @ found.R - here)
    mirror, flip = schemes.get("ibug68-3d").mirror, np.array([-1, 1, 1])
    bone_shift, home_shift = np.median(bones, 0), np.median(homes, 0)
    return (
        (bone_shift + bone_shift[mirror] * flip) / 2,
        (home_shift + home_shift[::-1] * flip) / 2,
    )


def _stand(basis: Basis, found: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 3) of the person in head axes, and their depths (K,) in the camera's."""
    head = basis.mean + basis.modes @ found.c
    return head, (head @ found.R.T + found.t)[:, 2]


def moved(
    model: FaceModel, bone_shift: np.ndarray, home_shift: np.ndarray
) -> tuple[Embedding, Embedding]:
    """`ibug68-3d`, and the outline's home, after these moves (68, 3), (17, 3), on the surface.

    Inner points are put where the surface is nearest in several poses at once: each stays on the
    lip or lid that it was on.
    """
    now, shapes, flat = model.embeddings["ibug68-3d"], apart(model), np.array([1, 1, FLAT])
    places = now.of(shapes, model.triangles)
    places[:, :3] += bone_shift
    inner = _on(model, places[JAW:], shapes, ("face",))
    jaw = _on(model, places[:JAW, :3], model.mean, SKIN)
    both = (np.concatenate(pair) for pair in zip(_parts(jaw), _parts(inner), strict=True))
    start = Basis.of(model, home_of(model)).mean + home_shift
    home = _on(model, start * flat, model.mean * flat, SKIN)
    mirror = schemes.get("ibug68-3d").mirror
    return even(model, Embedding(*both), mirror), even(model, home, mirror[:JAW])


def _parts(where: Embedding) -> tuple[np.ndarray, np.ndarray]:
    return where.triangle, where.weight


def _on(
    model: FaceModel, places: np.ndarray, vertices: np.ndarray, parts: tuple[str, ...]
) -> Embedding:
    """The surface points of some parts nearest to `places` (K, n), on vertices (V, n)."""
    rows = np.flatnonzero(model.triangles_of(*parts))
    found, weight = nearest_on_mesh(places, vertices, model.triangles[rows])
    return Embedding(rows[found].astype(np.int32), weight.astype(np.float32))


def main() -> None:
    """Place the points of both schemes on a head whose mesh points are placed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("head", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model, faces = read_model(options.head), list(labelled())
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        draw = [faces[i] for i in rng.choice(len(faces), min(FACES, len(faces)), replace=False)]
        bone_shift, home_shift = moves(model, draw)
        shifts = (np.linalg.norm(shift, axis=1).mean() for shift in (bone_shift, home_shift))
        sys.stderr.write("ibug68-3d {:.2f} cm, outline {:.2f} cm to go\n".format(*shifts))
        bone, home = moved(model, bone_shift, home_shift)
        model = replace(model, embeddings={**model.embeddings, "ibug68-3d": bone})
        model = complete(model, home)
    write_model(options.out, model, half=True)


if __name__ == "__main__":
    main()
