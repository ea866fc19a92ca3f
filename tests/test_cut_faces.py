"""A real face that leaves the picture, side by side: more doubt, and never a wild mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bauta
from bauta.assets.face import face_model
from bauta.demo.run import CLIP
from bauta.faces import Faces, box_of, face_state, place_face
from bauta.geometry.camera import Camera
from bauta.heads import Head, HeadOptions
from bauta.tracker import Tracker
from bauta.types import FaceState
from sure import sure

SIDES = ("left", "right", "top", "bottom")
STEPS = (0.2, 0.3, 0.4, 0.5, 0.6)
"""Shares of the face's box that lie outside."""


@pytest.fixture(scope="module")
def image():
    return next(iter(bauta.open_video(CLIP))).image


@pytest.fixture(scope="module")
def whole(image):
    """The networks, what they say of the whole face, and its state."""
    faces = Faces()
    (face,) = faces.find(image, np.zeros((0, 4)), 1)
    return faces, face, face_state(face, 0, 0.0)


def cut(image, box, side, share) -> tuple[np.ndarray, np.ndarray]:
    """The picture without what lies beyond `share` of the box, and its corner (x, y)."""
    x1, y1, x2, y2 = box
    left = int(x1 + share * (x2 - x1)) if side == "left" else 0
    top = int(y1 + share * (y2 - y1)) if side == "top" else 0
    right = int(x2 - share * (x2 - x1)) if side == "right" else image.shape[1]
    bottom = int(y2 - share * (y2 - y1)) if side == "bottom" else image.shape[0]
    return np.ascontiguousarray(image[top:bottom, left:right]), np.array([left, top])


def seen(image, whole, side, share) -> tuple[FaceState, float]:
    """The fitted face of a cut, in pixels of the whole picture, and its presence."""
    faces, face, _ = whole
    part, corner = cut(image, box_of(face), side, share)
    roi = place_face(face).roi
    found = faces.regressor(part, replace(roi, center=roi.center - corner))
    (height, width), (down, across) = part.shape[:2], image.shape[:2]
    K = Camera.of_fov(across, down).K.copy()
    K[:2, 2] -= corner
    camera = Camera(K, size=(width, height))
    state = Head(HeadOptions(camera))(face_state(found, 0, 0.0), width, height)
    return replace(state, mesh=state.mesh + np.append(corner, 0)), found.presence


@pytest.mark.parametrize("side", SIDES)
def test_the_more_of_a_face_lies_outside_the_larger_its_sigma(image, whole, side):
    doubt = [
        float(np.median(seen(image, whole, side, share)[0].sigma["mesh478"]))
        for share in (0.0, *STEPS)
    ]
    assert np.min(np.diff(doubt[1:])) > 0
    assert doubt[3] > 1.5 * doubt[0]
    assert doubt[5] > 2.4 * doubt[0]


@pytest.mark.parametrize("side", SIDES)
def test_the_points_of_a_cut_face_stay_on_the_face(image, whole, side):
    mesh = whole[2].mesh[:, :2]
    eyes = np.linalg.norm(mesh[33] - mesh[263])
    for share in STEPS:
        state, presence = seen(image, whole, side, share)
        assert presence > 0.9, share
        away = np.linalg.norm(state.mesh[:, :2] - mesh, axis=1) / eyes
        assert np.median(away) < 0.1, share
        assert away.max() < 0.25, share


@pytest.mark.parametrize("side", SIDES)
def test_the_head_of_a_cut_face_is_never_wild(image, whole, side):
    """Even of a tenth of a face, which nobody would follow."""
    model, right = face_model(), sure(seen(image, whole, side, 0.0)[0].fit)
    mean = np.linalg.norm(model.mean, axis=1).max()
    for share in (*STEPS, 0.7, 0.8, 0.9):
        fit = sure(seen(image, whole, side, share)[0].fit)
        vertices = fit.vertices(model)
        assert np.linalg.norm(vertices, axis=1).max() < 1.25 * mean, share
        assert np.abs(fit.identity).max() < 2, share
        assert 0.9 < fit.size < 1.1, share
        assert 0 <= fit.weights.min() <= fit.weights.max() <= 1, share
        near = fit.t_camera_head[2] / right.t_camera_head[2]
        assert 0.75 < near < 1.33, share
        turn = np.trace(fit.R_camera_head @ right.R_camera_head.T)
        assert np.degrees(np.arccos(min((turn - 1) / 2, 1.0))) < 35, share


def test_a_face_that_walks_out_of_the_picture_is_followed_without_a_jump(image, whole):
    box = box_of(whole[1])
    sizes, doubts = [], []
    with Tracker() as tracker:
        for k, share in enumerate(np.linspace(0, 0.6, 25)):
            part = image.copy()
            gone = int(box[0] + share * (box[2] - box[0]))
            moved = np.zeros_like(part)
            moved[:, : part.shape[1] - gone] = part[:, gone:]
            (state,) = tracker(moved, k * 0.04)
            assert state.id == 0
            sizes.append(np.ptp(state.mesh[:, 1]) / (box[3] - box[1]))
            doubts.append(float(np.median(state.sigma["mesh478"])))
            assert 0.9 < sure(state.fit).size < 1.1
    assert 0.85 < min(sizes) <= max(sizes) < 1.15
    assert doubts[-1] > 1.5 * doubts[0]
