"""The 68 points are carried to where labels have them: made faces with labels known to be off."""

import numpy as np
import pytest

from bauta import schemes
from bauta.assets.face import face_model
from bauta.data.face_points import FOV, SIZE
from bauta.data.face_points68 import Basis, Labelled, moved, moves
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.morphable.contour import JAW
from bauta.morphable.embeddings import home_of
from bauta.schemes import INNER51

JAW_BACK = np.array([(0.3 * np.sign(k - 8), -0.3, -1.0) for k in range(JAW)])
"""Centimetres by which labels have the jaw elsewhere than the head: also outwards."""
BROWS_DOWN = np.array([0.0, -0.5, 0.0])
OUTLINE_DOWN = np.array([(0.2 * np.sign(k - 8), -0.4, 0.0) for k in range(JAW)])


def made_faces() -> list[Labelled]:
    """The mean head in five poses, tilted, seen 85 cm away."""
    head, camera = face_model(), Camera.of_fov(int(SIZE), int(SIZE), FOV)
    bone = head.points("ibug68-3d", head.mean).astype(np.float64)
    bone[:JAW] += JAW_BACK
    bone[17:27] += BROWS_DOWN
    home = Basis.of(head, home_of(head)).mean + OUTLINE_DOWN
    faces = []
    for yaw, pitch in ((10, 6), (6, 10), (12, 4), (8, 8), (10, 10)):
        R, t = from_angles(yaw, pitch, 25), np.array([0.0, 0, 85])

        def seen(points: np.ndarray, R=R, t=t) -> tuple[np.ndarray, np.ndarray]:
            there = points @ R.T + t
            return camera.project(there), there[:, 2]

        pixels, depth = seen(bone)
        middle = depth[INNER51].mean()
        z = (depth - middle) * camera.K[0, 0] / middle
        mesh, far = seen(head.points("mesh478", head.mean)[:468].astype(np.float64))
        outline = np.full((68, 2), 0.0)
        outline[:JAW] = seen(home)[0]
        faces.append(
            Labelled(
                np.column_stack([mesh, (far - far.mean()) * camera.K[0, 0] / far.mean()]),
                np.column_stack([pixels, z]),
                outline,
            )
        )
    return faces


def test_points_move_to_where_labels_have_them():
    head = face_model()
    bone_shift, home_shift = moves(head, made_faces())
    assert bone_shift[:JAW] == pytest.approx(JAW_BACK, abs=0.15)
    assert bone_shift[17:27] == pytest.approx(np.tile(BROWS_DOWN, (10, 1)), abs=0.12)
    assert np.abs(bone_shift[27:]).max() < 0.12
    assert home_shift[:, :2] == pytest.approx(OUTLINE_DOWN[:, :2], abs=0.12)


def test_moved_points_lie_on_the_head_and_alike_on_both_sides():
    head = face_model()
    shift = np.zeros((68, 3))
    shift[17:27] = BROWS_DOWN
    bone, home = moved(head, shift, np.zeros((JAW, 3)))
    before, after = head.points("ibug68-3d", head.mean), bone.of(head.mean, head.triangles)
    assert (after - before)[17:27, 1] == pytest.approx(np.full(10, -0.5), abs=0.12)  # a slope
    assert np.linalg.norm(after - before, axis=1)[27:].max() < 0.05
    mirrored = after[schemes.get("ibug68-3d").mirror] * (-1, 1, 1)
    assert np.linalg.norm(mirrored - after, axis=1).max() < 0.12  # triangles at the ears are not
    stays = home.of(head.mean, head.triangles) - home_of(head).of(head.mean, head.triangles)
    assert np.linalg.norm(stays, axis=1).max() < 0.05
