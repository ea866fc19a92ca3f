"""A head that moves in a known way, for tests of what is written from it."""

from dataclasses import replace
from functools import cache

import numpy as np

from bauta.assets.face import face_model
from bauta.export.animation import Animation
from bauta.fit import HeadFit
from bauta.geometry.camera import Camera
from bauta.geometry.frames import pose_matrix
from bauta.geometry.rotation import from_angles
from bauta.morphable.arkit import ARKIT52, UNSUPPORTED
from bauta.types import FaceState, Pose
from faces import synthetic_face

WIDTH, HEIGHT = 640, 360
RATE = 25.0
NAMES = tuple(name for name in ARKIT52 if name not in UNSUPPORTED)


@cache
def moving_head(count: int = 50) -> Animation:
    """Turns to its own left and back, comes nearer, opens the mouth, blinks, looks around."""
    t = np.arange(count) / RATE
    turn = np.sin(2 * np.pi * t / max(count / RATE, 1))
    matrices = np.stack(
        [
            pose_matrix(from_angles(30 * a, 10 * a, 5 * a), np.array([4 * a, -1, 62 - 6 * a]))
            for a in turn
        ]
    )
    weights = np.zeros((count, 52))
    for name, wave in {
        "jawOpen": 0.35 - 0.35 * np.cos(2 * np.pi * t),
        "mouthSmileLeft": 0.4 + 0.4 * turn,
        "mouthSmileRight": 0.4 + 0.4 * turn,
        "browInnerUp": np.abs(turn),
        "eyeBlinkLeft": (np.abs(t % 1 - 0.5) < 0.08).astype(float),
        "eyeBlinkRight": (np.abs(t % 1 - 0.5) < 0.08).astype(float),
    }.items():
        weights[:, ARKIT52.index(name)] = wave
    gaze = np.stack([np.stack([20 * turn, 8 * turn], 1)] * 2, 1)
    model = face_model()
    return Animation(
        times=1.2 + t,
        frames=30 + np.arange(count),
        matrices=matrices,
        weights=weights,
        gaze=gaze,
        identity=np.array([0.8, -1.2, 0.5, 1.0]),
        size=1.03,
        model=model,
        camera=Camera.of_fov(WIDTH, HEIGHT),
        picture=(WIDTH, HEIGHT),
        score=np.full(count, 0.98),
        id=2,
    )


def fitted(animation: Animation, row: int, size: float) -> FaceState:
    """A result as the tracker gives it, whose head had the size `size` in that frame."""
    T = animation.matrices[row]
    fit = HeadFit(
        R_camera_head=T[:3, :3],
        t_camera_head=T[:3, 3] * size / animation.size,
        size=size,
        identity=animation.identity,
        weights=animation.weights[row][[ARKIT52.index(name) for name in NAMES]],
        names=NAMES,
        gaze=animation.gaze[row],
        visible=np.ones(478, bool),
        residual=0.5,
        camera=animation.camera,
    )
    return replace(
        synthetic_face(id=animation.id, time=float(animation.times[row])),
        fit=fit,
        pose=Pose(T[:3, :3], fit.matrix),
    )
