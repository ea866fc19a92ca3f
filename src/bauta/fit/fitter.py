"""From the points of a face, frame by frame, to pose in centimetres, identity, expression, gaze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bauta.crop import mesh_rotation
from bauta.fit.gaze import gaze_angles, gaze_direction, look_weights
from bauta.fit.person import Person, marginal
from bauta.fit.points import IRISES, FitPoints
from bauta.fit.result import HeadFit
from bauta.fit.scale import Size
from bauta.fit.solver import Prior, Solution, SolverSettings, solve
from bauta.geometry.camera import Camera
from bauta.morphable.model import SIDES, FaceModel
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

EYES478 = (RIGHT_EYE478, LEFT_EYE478)
SHUT = 0.12
"""Lid gap over eye width below which the iris says nothing about the gaze."""


@dataclass(frozen=True)
class FitSettings:
    """How the fit balances points, sparsity and calm."""

    modes: int = 40
    """Identity modes that are solved for."""
    price: float = 0.6
    """Cost of an expression weight of 1, linear: makes expressions sparse."""
    rest: float = 0.3
    """Pull of an expression weight to zero, squared."""
    calm: float = 2.0
    """Pull to the weight of the frame before, squared."""
    least_sigma: float = 0.006
    """Smallest believed sigma over the distance of the outer eye corners."""
    steps: int = 5
    """Steps at most on a frame, from where the last ended; one suffices for most."""
    first: int = 12
    """Steps at most on the first frame."""
    lost: float = 0.12
    """Residual (median, over the eye distance) beyond which the fit starts afresh."""


class FaceFitter:
    """Fits one face through a clip; `reset` when it is another face or another clip.

    `points` are `fit_points(model, settings.modes)`, shared between faces. `size` is the size of
    the head over the mean when it is known (`ipd` given), else None: measured on the irises.
    """

    def __init__(
        self,
        model: FaceModel,
        points: FitPoints,
        settings: FitSettings = FitSettings(),
        ipd: float | None = None,
    ) -> None:
        self.model, self.points, self.settings = model, points, settings
        self.ipd = ipd
        self._names = model.expression_names
        self._close = int(np.flatnonzero(points.shape_rows == self._names.index("mouthClose"))[0])
        self._jaw = int(np.flatnonzero(points.shape_rows == self._names.index("jawOpen"))[0])
        self._bases = np.concatenate([points.shapes, points.people], axis=2)
        self.reset()

    def reset(self) -> None:
        """Forget the person and the last frame."""
        self.person = Person(self.settings.modes)
        self.size = Size()
        self._last: Solution | None = None
        self._look = np.zeros(len(self.points.look_rows))
        self._angles = np.zeros((2, 2))
        self._frame = 0
        self._still = self.points.mean

    def __call__(
        self, mesh: np.ndarray, sigma: np.ndarray, camera: Camera, confidence: float = 1.0
    ) -> HeadFit:
        """Fit a frame: `mesh` (478, 3) pixels (its z is not used but to begin with), `sigma` (478,)
        pixels, `confidence` 0..1 in what the frame says about the person."""
        seen = camera.undistorted(mesh[:, :2].astype(np.float64))
        eyes = float(np.linalg.norm(seen[33] - seen[263]))
        spread = max(eyes, 0.5 * float(np.ptp(seen[:468, 1])))
        doubt = self.points.doubt * np.maximum(
            sigma[self.points.rows], self.settings.least_sigma * spread
        )
        observed = seen[self.points.rows]
        if self._last is None:
            state = self._begin(mesh, observed, doubt, camera)
        else:
            state = self._step(self._last, observed, doubt, camera, self.settings.steps)
            if self._miss(state) > self.settings.lost * spread:
                state = self._begin(mesh, observed, doubt, camera)
        self._last = state
        self._gather(state, confidence)
        self._turn_eyes(state, seen, mesh, sigma, camera)
        self._frame += 1
        return self._result(state, camera)

    @staticmethod
    def _miss(state: Solution) -> float:
        assert state.residual is not None
        return float(np.median(np.linalg.norm(state.residual, axis=1)))

    def _begin(
        self, mesh: np.ndarray, observed: np.ndarray, doubt: np.ndarray, camera: Camera
    ) -> Solution:
        R = mesh_rotation(mesh).astype(np.float64)
        t = start_translation(camera, self._still @ R.T, observed)
        count = len(self.points.shape_rows)
        blank = Solution(R, t, np.zeros(count))
        calm = self._step(blank, observed, doubt, camera, 3, pull=0.0, free=False)
        return self._step(calm, observed, doubt, camera, self.settings.first, pull=0.0)

    def _step(
        self,
        last: Solution,
        observed: np.ndarray,
        doubt: np.ndarray,
        camera: Camera,
        steps: int,
        pull: float = 1.0,
        free: bool = True,
    ) -> Solution:
        """Steps from `last`; `pull` 0: no pull to it; `free` False holds expressions at 0."""
        count, person = len(self.points.shape_rows), self.person
        solves_person = person.due(self._frame) and free
        settings = SolverSettings(steps=steps)
        prior = self._prior(last.c[:count], pull, solves_person, free)
        if solves_person:
            start = Solution(last.R, last.t, np.concatenate([last.c[:count], person.mean]))
            still = self.points.mean + self.points.looks @ self._look
            return solve(camera, still, self._bases, observed, doubt, start, prior, settings)
        start = Solution(last.R, last.t, last.c[:count])
        still = self._still + self.points.looks @ self._look
        return solve(camera, still, self.points.shapes, observed, doubt, start, prior, settings)

    def _prior(self, last: np.ndarray, pull: float, solves_person: bool, free: bool) -> Prior:
        s, count = self.settings, len(last)
        calm = pull * s.calm
        upper = np.ones(count) if free else np.zeros(count)
        upper[self._close] = min(upper[self._close], last[self._jaw] + 0.02)
        lower, mean = np.zeros(count), calm * last / (calm + s.rest)
        precision, price = np.eye(count) * (calm + s.rest), np.full(count, s.price)
        if not solves_person:
            return Prior(lower, upper, mean, precision, price)
        modes = s.modes
        whole = np.zeros((count + modes, count + modes))
        whole[:count, :count], whole[count:, count:] = precision, self.person.precision
        return Prior(
            np.concatenate([lower, np.full(modes, -4.0)]),
            np.concatenate([upper, np.full(modes, 4.0)]),
            np.concatenate([mean, self.person.mean]),
            whole,
            np.concatenate([price, np.zeros(modes)]),
        )

    def _gather(self, state: Solution, confidence: float) -> None:
        count, modes = len(self.points.shape_rows), self.settings.modes
        if len(state.c) == count:
            return
        information = state.information
        assert information is not None
        information = information.copy()
        rows = np.arange(6, 6 + count)
        information[rows, rows] += self.settings.rest + self.settings.calm
        self.person.add(state.c[count:], marginal(information, modes), confidence)
        state.c = state.c[:count]
        self._still = self.points.mean + self.points.people @ self.person.mean

    def _turn_eyes(
        self,
        state: Solution,
        seen: np.ndarray,
        mesh: np.ndarray,
        sigma: np.ndarray,
        camera: Camera,
    ) -> None:
        p = self.points
        centres = p.eye_centre + p.eye_people @ self.person.mean
        irises = seen[[IRISES[side][0] for side in reversed(SIDES)]]
        angles = gaze_angles(camera, state.R, state.t, centres, p.eye_radius, irises)
        open_ = np.array([eye_aspect_ratio(mesh[eye]) for eye in EYES478]) > SHUT
        self._angles = np.where(open_[:, None], angles, self._angles)
        weights = look_weights(self._angles)
        self._look = np.array([weights[self._names[row]] for row in p.look_rows])
        if self.ipd is None:
            depth = (centres @ state.R.T + state.t)[:, 2]
            self._measure_irises(state.R, depth, seen, sigma, camera, open_)
        else:
            self.size.given = self.ipd / float(np.linalg.norm(centres[0] - centres[1]))

    def _measure_irises(
        self,
        R: np.ndarray,
        depth: np.ndarray,
        seen: np.ndarray,
        sigma: np.ndarray,
        camera: Camera,
        open_: np.ndarray,
    ) -> None:
        rings = np.stack([seen[IRISES[side]] for side in reversed(SIDES)])
        across = rings[:, 1] - rings[:, 3]
        pixels = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
        normal = gaze_direction(self._angles) @ R.T
        slant = ((across / pixels[:, None]) * normal[:, :2]).sum(1)
        diameter = pixels * depth / camera.K[0, 0] / np.sqrt(np.maximum(1 - slant**2, 0.1))
        rows = np.stack([IRISES[side] for side in reversed(SIDES)])
        doubt = np.sqrt(2) * sigma[rows].mean(1) / pixels
        good = open_ & (np.abs(slant) < 0.5)
        self.size.add(diameter[good], np.maximum(doubt[good], 1e-3))

    def _result(self, state: Solution, camera: Camera) -> HeadFit:
        weights = np.zeros(len(self._names))
        weights[self.points.shape_rows] = state.c
        weights[self.points.look_rows] = self._look
        size = self.size.value
        facing = self.points.normals @ (state.R.T @ (state.t / np.linalg.norm(state.t)))
        assert state.residual is not None
        return HeadFit(
            R_camera_head=state.R,
            t_camera_head=state.t * size,
            size=size,
            identity=self.person.mean.copy(),
            weights=weights,
            names=self._names,
            gaze=self._angles.copy(),
            visible=facing < 0,
            residual=float(np.sqrt((state.residual**2).sum(1).mean())),
            camera=camera,
        )


def start_translation(camera: Camera, turned: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Translation (3,) that puts turned points (K, 3) about where pixels (K, 2) are."""
    middle, own = pixels.mean(0), turned.mean(0)
    spread = np.linalg.norm(pixels - middle, axis=1).mean()
    z = camera.K[0, 0] * np.linalg.norm(turned[:, :2] - own[:2], axis=1).mean() / spread
    xy = (middle - camera.K[:2, 2]) * z / camera.K[[0, 1], [0, 1]]
    return np.append(xy, z) - own
