"""Heads of the face model with everything known: who, which expression, where, seen by a camera."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from bauta.assets.face import face_model
from bauta.fit import FaceFitter, FitPoints, FitSettings, HeadFit, fit_points
from bauta.geometry.alignment import umeyama
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles

APART = (
    ("eyeLookInLeft", "eyeLookOutLeft"),
    ("eyeLookInRight", "eyeLookOutRight"),
    ("eyeLookUpLeft", "eyeLookDownLeft"),
    ("eyeLookUpRight", "eyeLookDownRight"),
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
)
"""Pairs of which a face can do only one at a time."""
TOGETHER = (
    ("eyeLookInLeft", "eyeLookOutRight"),
    ("eyeLookOutLeft", "eyeLookInRight"),
    ("eyeLookUpLeft", "eyeLookUpRight"),
    ("eyeLookDownLeft", "eyeLookDownRight"),
)
"""Looks of the left eye and what the right does then."""


@dataclass(frozen=True, eq=False)
class MadeFrame:
    """A head and its 478 points in the picture."""

    mesh: np.ndarray
    """(478, 3) pixels, as the regressor gives them."""
    sigma: np.ndarray
    """(478,) pixels."""
    R: np.ndarray
    t: np.ndarray
    weights: np.ndarray
    """(E,) in the model's order."""
    identity: np.ndarray
    camera: Camera


def expression(**weights: float) -> np.ndarray:
    """(E,) weights by name."""
    return face_model().weights(weights).astype(float)


def head_points(identity: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(478, 3) points of a head, centimetres, head axes."""
    model = face_model()
    return model.points("mesh478", model.vertices(identity, weights)).astype(float)


def see(
    identity: np.ndarray,
    weights: np.ndarray,
    R: np.ndarray,
    t: np.ndarray,
    camera: Camera,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> MadeFrame:
    """What the camera sees; Gaussian `noise` over the distance of the outer eye corners."""
    seen = head_points(identity, weights) @ R.T + t
    mesh = np.column_stack([camera.project(seen), seen[:, 2] - seen[:, 2].mean()])
    mesh[:, 2] *= camera.K[0, 0] / seen[:, 2].mean()
    eyes = float(np.linalg.norm(seen[33, :2] - seen[263, :2])) * camera.K[0, 0] / t[2]
    if noise:
        assert rng is not None
        mesh[:, :2] += rng.normal(size=(478, 2)) * noise * eyes
    sigma = np.full(478, max(noise, 0.002) * eyes)
    return MadeFrame(mesh, sigma, R, t, weights, identity, camera)


def possible(weights: np.ndarray) -> np.ndarray:
    """The weights without what no face does: both of `APART`, a closed mouth without an open jaw,
    eyes that look apart."""
    names = face_model().expression_names
    weights = weights.copy()
    for first, second in TOGETHER:
        weights[names.index(second)] = weights[names.index(first)]
    for first, second in APART:
        if weights[names.index(first)] > 0:
            weights[names.index(second)] = 0
    close, jaw = names.index("mouthClose"), names.index("jawOpen")
    weights[close] = min(weights[close], weights[jaw])
    return weights


def some_shapes(rng: np.random.Generator) -> np.ndarray:
    """3 to 5 shapes of 0.2 to 1."""
    weights = np.zeros(len(face_model().expression_names))
    active = rng.choice(len(weights), rng.integers(3, 6), replace=False)
    weights[active] = rng.uniform(0.2, 1.0, len(active))
    return possible(weights)


def somebody(rng: np.random.Generator) -> np.ndarray:
    """Identity coefficients of a likely person."""
    return rng.normal(size=face_model().modes) * 0.8


def somewhere(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Position (3,) 40 to 90 cm away and (yaw, pitch, roll) about which a clip happens."""
    place = np.array([rng.uniform(-12, 12), rng.uniform(-8, 8), rng.uniform(40, 90)])
    return place, rng.normal(size=3) * [20, 10, 8]


CAMERA = Camera.of_fov(640, 480)


def stills(rng: np.random.Generator, count: int, noise: float) -> Iterator[MadeFrame]:
    """`count` unrelated frames of one person; the first with a blank face."""
    who = somebody(rng)
    place, turn = somewhere(rng)
    for k in range(count):
        weights = some_shapes(rng) if k else expression()
        R = from_angles(*(turn + rng.normal(size=3) * [8, 5, 3]))
        yield see(who, weights, R, place + rng.normal(size=3), CAMERA, noise, rng)


def smooth(rng: np.random.Generator, count: int, seconds: float, rate: float = 25.0) -> np.ndarray:
    """(count,) a slow random signal, standard deviation 1, that changes within `seconds`."""
    width = max(seconds * rate / 2, 1.0)
    reach = int(3 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.convolve(rng.normal(size=count + 2 * reach), kernel / np.linalg.norm(kernel), "valid")


def blink_trace(rng: np.random.Generator, count: int, rate: float = 25.0) -> np.ndarray:
    """(count,) 0..1 closure of the eyes: a blink of 100 to 300 ms every two to five seconds."""
    closed, at = np.zeros(count), rng.uniform(1, 3)
    while at < count / rate:
        half = rng.uniform(0.05, 0.15)
        away = np.abs(np.arange(count) / rate - at)
        closed = np.maximum(closed, np.clip(1.3 * (1 - away / (half * 1.3)), 0, 1))
        at += rng.uniform(2, 5)
    return closed


def clip(
    rng: np.random.Generator, count: int, noise: float, rate: float = 25.0
) -> Iterator[MadeFrame]:
    """`count` frames of one person who talks: shapes come and go, the head sways, eyes blink.

    `noise` has two equal parts: fresh in every frame, and drifting over half a second, as the
    errors of networks do.
    """
    names = face_model().expression_names
    who = somebody(rng)
    place, turn = somewhere(rng)
    turns = turn + np.stack([smooth(rng, count, 1.0) for _ in range(3)], 1) * [8, 5, 3]
    places = place + np.stack([smooth(rng, count, 2.0) for _ in range(3)], 1)
    drift = np.stack([smooth(rng, count, 0.5) for _ in range(478 * 2)], 1).reshape(count, 478, 2)
    shapes = np.stack([smooth(rng, count, 0.3) for _ in names], 1)
    shapes = np.clip((shapes - 1.0) * 0.5, 0, 1)
    shut = blink_trace(rng, count, rate)
    for side in ("Left", "Right"):
        column = names.index(f"eyeBlink{side}")
        shapes[:, column] = np.maximum(shapes[:, column] * 0.3, shut)
    for k in range(count):
        R = from_angles(*turns[k])
        frame = see(who, possible(shapes[k]), R, places[k], CAMERA, noise / 2**0.5, rng)
        eyes = np.linalg.norm(frame.mesh[33, :2] - frame.mesh[263, :2])
        mesh = frame.mesh.copy()
        mesh[:, :2] += drift[k] * noise / 2**0.5 * eyes
        yield replace(frame, mesh=mesh)


@cache
def points_for(modes: int) -> FitPoints:
    """Fit points of the shipped model."""
    return fit_points(face_model(), modes)


def fitter(settings: FitSettings | None = None, ipd: float | None = None) -> FaceFitter:
    """A fresh fitter of the shipped model."""
    settings = settings or FitSettings(kappa=0.0)
    return FaceFitter(face_model(), points_for(settings.modes), settings, ipd)


def fit_one(one: FaceFitter, frame: MadeFrame) -> HeadFit:
    """Fit of a frame, which must not be lost."""
    fit = one(frame.mesh, frame.sigma, frame.camera)
    assert fit is not None
    return fit


def fit_last(one: FaceFitter, frames: Iterable[MadeFrame]) -> HeadFit:
    """Fit of the last of the frames, after those before it."""
    return [fit_one(one, frame) for frame in frames][-1]


def fit_all(frames: Iterable[MadeFrame], settings: FitSettings | None = None) -> list[HeadFit]:
    """Fits of the frames of one person, in order."""
    one = fitter(settings)
    return [fit_one(one, frame) for frame in frames]


def turn_between(R: np.ndarray, other: np.ndarray) -> float:
    """Degrees between two rotations."""
    return float(np.degrees(np.arccos(np.clip((np.trace(R @ other.T) - 1) / 2, -1, 1))))


def identity_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of the skin of two people, millimetres, after rigid alignment with scale."""
    model = face_model()
    skin = np.flatnonzero(model.part == model.part_names.index("face"))
    a, b = model.vertices(found, rows=skin), model.vertices(truth, rows=skin)
    s, R, t = umeyama(a, b)
    return float(10 * np.linalg.norm(s * a @ R.T + t - b, axis=1).mean())
