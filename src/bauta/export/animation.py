"""One person's head over a clip: what every format is written from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bauta.checks import InputError, check_choice
from bauta.geometry.camera import Camera
from bauta.geometry.frames import quaternion
from bauta.morphable.arkit import ARKIT52
from bauta.morphable.model import FaceModel, look_rotation
from bauta.records.reader import Tracks
from bauta.types import FaceState

SIDES = ("Right", "Left")
"""Order of the eyes; the subject's own."""
DEFAULT_RATE = 30.0
"""Frames a second of an animation of one frame."""


@dataclass(frozen=True, eq=False)
class Animation:
    """A head in T frames, in time order. Frames without the face are left out."""

    times: np.ndarray
    """(T,) seconds, growing."""
    frames: np.ndarray
    """(T,) int, numbers of the frames in their source."""
    matrices: np.ndarray
    """(T, 4, 4) T_camera_head, centimetres, for the head's final size."""
    weights: np.ndarray
    """(T, 52) 0..1 in the order of `ARKIT52`: those that make the mesh."""
    gaze: np.ndarray
    """(T, 2, 2) degrees to the subject's left and up, in the head, of the right and left eye."""
    identity: np.ndarray
    """(I,) coefficients, one person's."""
    size: float
    """Vertices of the model times this are centimetres."""
    model: FaceModel
    camera: Camera
    picture: tuple[int, int]
    """(width, height) in pixels."""
    score: np.ndarray
    """(T,) 0..1."""
    id: int = 0
    points68: np.ndarray | None = None
    """(T, 68, 2) pixels, scheme `ibug68`, where they were predicted."""
    calibrated: np.ndarray | None = None
    """(T, 52) the weights as a profile calibrates them, for somebody else's face; None without."""

    def __post_init__(self) -> None:
        count = len(self.times)
        shapes = {
            "frames": (count,),
            "matrices": (count, 4, 4),
            "weights": (count, len(ARKIT52)),
            "gaze": (count, 2, 2),
            "score": (count,),
        }
        for name, shape in shapes.items():
            got = np.shape(getattr(self, name))
            if got != shape:
                raise InputError(f"animation: {name}: expected shape {shape}, got {got}")
        if not count or (np.diff(self.times) <= 0).any():
            raise InputError("animation: expected one frame or more, at growing times")

    @property
    def rate(self) -> float:
        """Frames a second: the median."""
        steps = np.diff(self.times)
        return float(1 / np.median(steps)) if len(steps) else DEFAULT_RATE

    def index(self, frame: int) -> int:
        """Row of a frame's number; InputError where the face is not in it."""
        rows = np.flatnonzero(self.frames == frame)
        if not len(rows):
            raise InputError(
                f"frame {frame}: face {self.id} is not in it; it is in {len(self.frames)} frames, "
                f"{self.frames[0]} to {self.frames[-1]}"
            )
        return int(rows[0])

    def straightest(self) -> int:
        """Row of the frame whose face looks most directly at the camera."""
        places = self.matrices[:, :3, 3]
        towards = -places / np.linalg.norm(places, axis=1, keepdims=True)
        return int((self.matrices[:, :3, 2] * towards).sum(1).argmax())

    def expression(self, row: int) -> np.ndarray:
        """(E,) weights in the model's own order."""
        own = dict(zip(ARKIT52, self.weights[row], strict=True))
        return np.array([own.get(name, 0.0) for name in self.model.expression_names], np.float32)

    def neutral(self) -> np.ndarray:
        """(V, 3) centimetres in head axes: the person without expression."""
        return self.model.vertices(self.identity) * np.float32(self.size)

    def vertices(self, row: int) -> np.ndarray:
        """(V, 3) centimetres in head axes of one frame, eyes turned to the gaze."""
        moved = self.model.vertices(self.identity, self.expression(row)) * np.float32(self.size)
        still = self.neutral()
        for k, (centre, side) in enumerate(zip(self.eye_centres(), SIDES, strict=True)):
            if side in self.model.eyes:
                rows = self.model.eyes[side].rows
                R = look_rotation(*self.gaze[row, k])
                moved[rows] = (still[rows] - centre) @ R.T + centre
        return moved

    def eye_centres(self) -> np.ndarray:
        """(2, 3) centimetres in head axes, right and left; NaN for a model without eyes."""
        still = self.neutral()
        centres = np.full((2, 3), np.nan)
        for k, side in enumerate(SIDES):
            if side in self.model.eyes:
                eye = self.model.eyes[side]
                centres[k] = eye.weight @ still[eye.rows]
        return centres

    def gaze_directions(self, row: int) -> np.ndarray:
        """(2, 3) unit vectors in camera axes, right and left eye."""
        looks = np.stack([look_rotation(*self.gaze[row, k])[:, 2] for k in range(2)])
        return looks @ self.matrices[row, :3, :3].T

    def resampled(self, rate: float) -> Animation:
        """The same at even steps of 1 / rate seconds: places, weights and gaze linear in between,
        rotations along the shortest turn (Shoemake 1985)."""
        count = int(np.floor((self.times[-1] - self.times[0]) * rate + 1e-6)) + 1
        times = self.times[0] + np.arange(count) / rate
        right = np.clip(np.searchsorted(self.times, times), 1, max(len(self.times) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(self.times) - 1)
        span = np.maximum(self.times[right] - self.times[left], 1e-12)
        share = np.clip((times - self.times[left]) / span, 0, 1)

        def mixed(values: np.ndarray) -> np.ndarray:
            s = share.reshape(-1, *[1] * (values.ndim - 1))
            return (1 - s) * values[left] + s * values[right]

        matrices = mixed(self.matrices)
        q = quaternions(self.matrices)
        for k in range(count):
            matrices[k, :3, :3] = rotation(_slerp(q[left[k]], q[right[k]], float(share[k])))
        return replace(
            self,
            times=times,
            frames=self.frames[np.where(share < 0.5, left, right)],
            matrices=matrices,
            weights=mixed(self.weights),
            calibrated=None if self.calibrated is None else mixed(self.calibrated),
            gaze=mixed(self.gaze),
            score=mixed(self.score),
            points68=None if self.points68 is None else mixed(self.points68),
        )


def quaternions(matrices: np.ndarray) -> np.ndarray:
    """(T, 4) w x y z of matrices (T, >= 3, >= 3), signs chosen so that neighbours are near."""
    q = np.stack([quaternion(T[:3, :3]) for T in matrices])
    turns = np.where((q[1:] * q[:-1]).sum(1) < 0, -1.0, 1.0)
    q[1:] *= np.cumprod(turns)[:, None]
    return q


def rotation(q: np.ndarray) -> np.ndarray:
    """(3, 3) of a quaternion w x y z."""
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _slerp(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    angle = np.arccos(np.clip(a @ b, -1, 1))
    if angle < 1e-6:
        return a
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


def animation_of(tracks: Tracks, model: FaceModel, id: int | None = None) -> Animation:
    """The head of one person of a file of tracks; `id` None: of the one who is seen longest.

    Identity and size are those of the last frame, when they have settled; distances of earlier
    frames, which go with the size, are brought to it. InputError without a face, for an id that is
    not there, and for tracks that were made without the face model.
    """
    faces: dict[int, list[tuple[int, float, FaceState]]] = {}
    for frame in tracks:
        for face in frame.faces:
            faces.setdefault(face.id, []).append((frame.index, frame.time, face))
    if not faces:
        raise InputError(f"{tracks.path}: no frame has a face; there is nothing to export")
    if id is None:
        id = max(faces, key=lambda key: (len(faces[key]), -key))
    check_choice(str(id), map(str, sorted(faces)), f"{tracks.path}: id")
    rows = [(index, time, face) for index, time, face in faces[id] if face.fit is not None]
    if not rows:
        raise InputError(
            f"{tracks.path}: has points but no head model (pose in centimetres, identity, "
            "expressions); track the video again, with the fit and a model that predicts the mesh"
        )
    return _of_faces(rows, tracks.header.size, model, id)


def _of_faces(
    rows: list[tuple[int, float, FaceState]],
    picture: tuple[int, int] | None,
    model: FaceModel,
    id: int,
) -> Animation:
    fits = [face.fit for _, _, face in rows if face.fit is not None]
    last, faces = fits[-1], [face for _, _, face in rows]
    matrices = np.stack([fit.matrix for fit in fits])
    matrices[:, :3, 3] *= last.size / np.array([fit.size for fit in fits])[:, None]
    cx, cy = last.camera.K[:2, 2]
    have68 = all(len(face.points68) for face in faces)
    profiled = any(fit.shapes is not None for fit in fits)
    return Animation(
        times=np.array([time for _, time, _ in rows]),
        frames=np.array([index for index, _, _ in rows]),
        matrices=matrices,
        weights=np.stack([list(fit.mesh_shapes.values()) for fit in fits]),
        gaze=np.stack([fit.gaze for fit in fits]),
        identity=last.identity,
        size=last.size,
        model=model,
        camera=last.camera,
        picture=picture or (max(1, round(2 * cx)), max(1, round(2 * cy))),
        score=np.array([face.score for face in faces]),
        id=id,
        points68=np.stack([face.points68[:, :2] for face in faces]) if have68 else None,
        calibrated=np.stack([list(fit.blendshapes.values()) for fit in fits]) if profiled else None,
    )
