"""From the points of a face, frame by frame, to pose in centimetres, identity, expression, gaze."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bauta.checks import check_array
from bauta.crop import mesh_rotation
from bauta.fit.belief import Belief
from bauta.fit.equations import project
from bauta.fit.gaze import WIDEST, Kappa, angles_of, gaze_angles, look_weights, within
from bauta.fit.person import Person, marginal
from bauta.fit.points import IRISES, FitPoints
from bauta.fit.profile import Profile
from bauta.fit.result import HeadFit
from bauta.fit.scale import Size
from bauta.fit.solver import Prior, Solution, SolverSettings, shifts, solve
from bauta.geometry.camera import Camera
from bauta.morphable.model import SIDES, FaceModel, look_rotation
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

IRIS_ROWS = np.stack([IRISES[side] for side in reversed(SIDES)])
"""(2, 5) rows of the 478, right eye first."""
EYES478 = np.stack([RIGHT_EYE478, LEFT_EYE478])
LEFTMOST, RIGHTMOST = np.array([EYES478[[0, 1], [0, 3]], EYES478[[0, 1], [3, 0]]])
"""(2,) corners of the eyes as they lie in the picture, right eye first."""
GAP_DOUBT = 0.3
"""Share of the lids' sigma by which their distance is uncertain: they err together."""
QUICKLY = 0.1
"""Share of the calm that lids have: nothing in a face is as quick as a blink."""
LEAP = 0.15
"""Change of a look from frame to frame after which the lids are fitted again."""
SMALLEST = 1e-3
"""Pixels below which a face is no face."""
NEAREST, FARTHEST = 4.0, 2000.0
"""Centimetres between which a head of mean size can be."""
STEEPEST, SLANT_DOUBT = 0.6, 0.1
"""Depth over width of an iris beyond which its width says nothing, and the error of the gaze that
makes a slanted one doubtful, radians."""
SHUT = 0.12
"""Lid gap over eye width below which the iris says nothing about the gaze."""
LEVEL, HELD = 0.08, 0.15
"""Lid gaps over eye width between which an eye behind its lids turns back to level."""


@dataclass(frozen=True)
class FitSettings:
    """How the fit balances points, sparsity and calm."""

    modes: int = 60
    """Identity modes that are solved for."""
    price: float = 0.6
    """Cost of an expression weight of 1, linear: makes expressions sparse."""
    learning: float = 4.0
    """How much dearer expression is in the frames that tell who it is."""
    rest: float = 0.3
    """Pull of an expression weight to zero, squared."""
    belief: float = 30.0
    """Pull to a weight m that the network believes in, squared, for m of 1; times m: what it hardly
    believes in hardly pulls."""
    doubt: float = 0.05
    """Believed weight with which a shape has its usual `price`; one that is not believed in at all
    costs twice as much, one that surely is there next to nothing."""
    calm: float = 4.5
    """Pull to the weight of the frame before, squared."""
    least_sigma: float = 0.006
    """Smallest believed sigma over the distance of the outer eye corners."""
    kappa: float = 3.0
    """Degrees by which eyes that are seen for the first time are taken to part: the median of 150
    people in photographs. 0 for heads of the model itself."""
    steps: int = 5
    """Steps at most on a frame, from where the last ended; one suffices for most."""
    first: int = 12
    """Steps at most on the first frame."""
    lost: float = 0.12
    """Residual (median, over the eye distance) beyond which the fit starts afresh."""


@dataclass(frozen=True, eq=False)
class Look:
    """One frame: `mesh` (478, 3), of it the fitted points `observed` (2, K) without distortion, and
    their `doubt` (K,), pixels; `lids` (2, 2, K), the gaps of the eyes as `solve` takes them."""

    mesh: np.ndarray
    observed: np.ndarray
    doubt: np.ndarray
    lids: np.ndarray
    camera: Camera


class FaceFitter:
    """Fits one face through a clip; `reset` when it is another face or another clip.

    `points` are `fit_points(model, settings.modes)`, shared between faces. `size` is the size of
    the head over the mean when it is known (`ipd` given), else None: measured on the irises.
    `profile` says who it is and what their blank face looks like.
    """

    def __init__(
        self,
        model: FaceModel,
        points: FitPoints,
        settings: FitSettings = FitSettings(),
        ipd: float | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.model, self.points, self.settings = model, points, settings
        self.ipd, self.profile = ipd, profile
        self._names = model.expression_names
        self._close = int(np.flatnonzero(points.shape_rows == self._names.index("mouthClose"))[0])
        self._jaw = int(np.flatnonzero(points.shape_rows == self._names.index("jawOpen"))[0])
        self._looks = [self._names[row] for row in points.look_rows]
        blinks = [self._names.index(f"eyeBlink{side}") for side in SIDES]
        self._calm = np.where(np.isin(points.shape_rows, blinks), QUICKLY, 1.0) * settings.calm
        self._bases = np.concatenate([points.shapes, points.people])
        self.reset()

    def reset(self) -> None:
        """Forget the person and the last frame."""
        self.person, self.size = Person(self.settings.modes), Size()
        if self.profile is not None:
            count = min(self.settings.modes, len(self.profile.identity))
            identity = self.profile.identity[:count]
            grown = 1 / (1 + float(self.points.growth[:count] @ identity))
            self.person = Person(self.settings.modes, identity * grown)
            self.size = Size(self.profile.size / grown)
        self._frame, self._kappa = 0, Kappa(self.settings.kappa)
        self._belief = Belief()
        self._believe(None)
        self.cut()
        self._meet(self.person.mean)

    def cut(self) -> None:
        """The next frame has nothing to do with the last but the person."""
        self._last: Solution | None = None
        self._look = np.zeros(len(self.points.look_rows))
        self._angles = np.zeros((2, 2))

    def __call__(
        self,
        mesh: np.ndarray,
        sigma: np.ndarray,
        camera: Camera,
        confidence: float = 1.0,
        shapes: np.ndarray | None = None,
    ) -> HeadFit | None:
        """Fit a frame: `mesh` (478, 3) pixels (its z is not used but to begin with), `sigma` (478,)
        pixels, `confidence` 0..1 in what the frame says about the person; `shapes` (E,) 0..1, what
        is believed of the expression besides the points.

        None when no head explains the points; the next frame then starts afresh. InputError for
        points or sigma that are not finite.
        """
        mesh = check_array(mesh, (478, 3), "mesh").astype(np.float64)
        sigma = check_array(sigma, (478,), "sigma").astype(np.float64)
        self._frame += 1
        self._believe(shapes)
        seen = camera.undistorted(mesh[:, :2])
        spread = face_size(seen)
        if spread < SMALLEST:
            self._last = None
            return None
        doubt = self.points.doubt * np.maximum(
            sigma[self.points.rows], self.settings.least_sigma * spread
        )
        lids = self._lids(seen, sigma, spread)
        look = Look(mesh, np.ascontiguousarray(seen[self.points.rows].T), doubt, lids, camera)
        self._last = self._state(look, spread)
        if self._last is None:
            return None
        openness = eye_aspect_ratio(mesh[EYES478])
        open_ = openness > SHUT
        due = self.person.due(self._frame - 1, bool(open_.all()) and confidence > 0)
        if due:
            self._last = self._learn(self._last, look, confidence)
        before = self._look
        self._turn_eyes(self._last, seen, camera, openness)
        if np.abs(self._look - before).max() > LEAP:
            self._last = self._express(self._last, look, 2, pull=0.0)
        if due:
            self._measure(self._last, seen, sigma, camera, open_)
        return self._result(self._last, camera)

    def _believe(self, shapes: np.ndarray | None) -> None:
        """Take over what is believed of the expression."""
        count = len(self.points.shape_rows)
        self._believed, self._dear = np.zeros(count), np.ones(count)
        if shapes is not None:
            shapes = check_array(shapes, (len(self._names),), "shapes")
            believed = shapes[self.points.shape_rows].astype(np.float64)
            if self.profile is None:  # else its blank face says what is always believed
                believed = self._belief(believed, learn=self._last is not None)
            self._believed = believed
            self._dear = 2 / (1 + self._believed / self.settings.doubt)

    def _lids(self, seen: np.ndarray, sigma: np.ndarray, spread: float) -> np.ndarray:
        """(2, 2, K) how far the lids are apart, across the line between the corners of each eye."""
        along = seen[RIGHTMOST] - seen[LEFTMOST]
        across = np.empty((2, 2, 1), np.float32)
        across[:, 0, 0], across[:, 1, 0] = -along[:, 1], along[:, 0]
        length = np.maximum(np.sqrt((along * along).sum(1)), SMALLEST)
        doubt = GAP_DOUBT / EYES478.shape[1] * sigma[EYES478].sum(1)
        doubt = np.maximum(doubt, self.settings.least_sigma * spread)
        across /= (length * doubt)[:, None, None]
        return across * self.points.lids[:, None]

    def _state(self, look: Look, spread: float) -> Solution | None:
        """Pose and expression of a frame, from those of the last or afresh; None when lost."""
        if self._last is not None:
            state = self._express(self._last, look, self.settings.steps)
            if self._fits(state, spread):
                return state
        state = self._begin(look)
        return state if self._fits(state, spread) else None

    def _fits(self, state: Solution, spread: float) -> bool:
        assert state.residual is not None
        square = np.einsum("rk,rk->k", state.residual, state.residual)
        near = int(np.count_nonzero(square <= (self.settings.lost * spread) ** 2))
        return 2 * near >= len(square) and NEAREST <= float(state.t[2]) <= FARTHEST

    def _begin(self, look: Look) -> Solution:
        """Pose of a blank face first, then expression with identity."""
        R = mesh_rotation(look.mesh).astype(np.float64)
        t = start_translation(look.camera, R @ self._still, look.observed)
        count = len(self.points.shape_rows)
        nothing = np.zeros((0, 3, len(self.points.rows)), np.float32)
        none = np.zeros(0)
        prior = Prior(none, none, none, none, none)
        start = Solution(R, t, none)
        settings = SolverSettings(steps=4)
        pose = solve(
            look.camera, self._still, nothing, look.observed, look.doubt, start, prior, settings
        )
        blank = Solution(pose.R, pose.t, np.zeros(count))
        if self.person.frames:
            return self._express(blank, look, self.settings.first, pull=0.0)
        both = self._both(blank, look, SolverSettings(steps=self.settings.first), pull=0.0)
        return Solution(both.R, both.t, both.c[:count], both.residual)

    def _express(self, last: Solution, look: Look, steps: int, pull: float = 1.0) -> Solution:
        """Steps of pose and expression from `last`; `pull` 0: no pull to it."""
        still = self._still + shifts(self.points.looks, self._look)
        prior = self._prior(last.c, pull)
        return solve(
            look.camera,
            still,
            self.points.shapes,
            look.observed,
            look.doubt,
            last,
            prior,
            SolverSettings(steps=steps),
            look.lids,
        )

    def _both(
        self, last: Solution, look: Look, settings: SolverSettings, pull: float = 1.0
    ) -> Solution:
        """Steps of pose, expression and identity."""
        start = Solution(last.R, last.t, np.concatenate([last.c, self.person.mean]))
        return solve(
            look.camera,
            self.points.mean + shifts(self.points.looks, self._look),
            self._bases,
            look.observed,
            look.doubt,
            start,
            self._with_person(self._prior(last.c, pull, self.settings.learning)),
            settings,
            look.lids,
        )

    def _prior(self, last: np.ndarray, pull: float, dear: float = 1.0) -> Prior:
        s, count = self.settings, len(last)
        calm, belief = pull * self._calm, s.belief * self._believed
        upper = np.ones(count)
        upper[self._close] = min(1.0, last[self._jaw] + 0.02)
        return Prior(
            np.zeros(count),
            upper,
            (calm * last + belief * self._believed) / (calm + s.rest + belief),
            calm + s.rest + belief,
            dear * s.price * self._dear,
        )

    def _with_person(self, prior: Prior) -> Prior:
        modes = self.settings.modes
        return Prior(
            np.concatenate([prior.lower, np.full(modes, -4.0)]),
            np.concatenate([prior.upper, np.full(modes, 4.0)]),
            np.concatenate([prior.mean, self.person.mean]),
            np.concatenate([prior.precision, np.zeros(modes)]),
            np.concatenate([prior.price, np.zeros(modes)]),
            self.person.precision,
        )

    def _meet(self, identity: np.ndarray) -> None:
        """Take over what the person looks like."""
        p = self.points
        self._still = p.mean + shifts(p.people, identity)
        self._centres = p.eye_centre + p.eye_people @ identity
        self._rings = p.iris + p.iris_people @ identity - self._centres[:, None]
        rest = self._rings.mean(1)
        self._radius, self._rest = np.linalg.norm(rest, axis=1), angles_of(rest)

    def _learn(self, state: Solution, look: Look, confidence: float) -> Solution:
        """The state with what the frame says of the person taken over. Of a person who is known it
        stays as it is: weights that are dearer in this frame alone would flicker."""
        count, modes = len(self.points.shape_rows), self.settings.modes
        before = state
        state = self._both(state, look, SolverSettings(steps=1, informed=True))
        information = state.information
        assert information is not None
        rows = np.arange(6, 6 + count)
        information[rows, rows] += self.settings.rest
        self.person.add(state.c[count:], marginal(information, modes), confidence)
        self._meet(self.person.mean)
        if self.person.settled:
            return before
        return Solution(state.R, state.t, state.c[:count], state.residual)

    def _turn_eyes(
        self, state: Solution, seen: np.ndarray, camera: Camera, openness: np.ndarray
    ) -> None:
        """Set the gaze of the eyes that are open; behind lids that shut they turn back to level,
        so that the lids are the blink's alone."""
        open_ = openness > SHUT
        irises = seen[IRIS_ROWS].sum(1) / IRIS_ROWS.shape[1]
        angles = gaze_angles(camera, state.R, state.t, self._centres, self._radius, irises)
        angles = angles - self._rest
        if open_.all():
            self._kappa.add(angles)
        inward = self._kappa.inward(angles) if open_.all() else self._kappa.degrees
        angles[:, 0] += np.array([1, -1]) * inward
        self._angles = np.where(open_[:, None], within(angles, WIDEST), self._angles)
        behind = self._angles.copy()
        behind[:, 1] *= np.minimum(np.maximum((openness - LEVEL) / (HELD - LEVEL), 0), 1)
        weights = look_weights(behind)
        self._look = np.array([weights[name] for name in self._looks])

    def _measure(
        self,
        state: Solution,
        seen: np.ndarray,
        sigma: np.ndarray,
        camera: Camera,
        open_: np.ndarray,
    ) -> None:
        """Size from a given distance of the pupils, or from the irises: seen against fitted width,
        as lids hide them above and below."""
        centres, rings = self._centres, self._rings
        if self.ipd is not None:
            self.size.given = self.ipd / float(np.linalg.norm(centres[0] - centres[1]))
            return
        turned = np.array([look_rotation(*angles) for angles in self._angles.tolist()])
        ends = rings[:, [1, 3]] @ turned.transpose(0, 2, 1) + centres[:, None]
        there, pixels = project(camera, state.R, state.t, ends.reshape(4, 3).T)
        across = (there[:, 1::2] - there[:, ::2]).T.tolist()
        fitted = (pixels[:, 1::2] - pixels[:, ::2]).T.tolist()
        found = (seen[IRIS_ROWS[:, 1]] - seen[IRIS_ROWS[:, 3]]).tolist()
        doubts = sigma[IRIS_ROWS].sum(1).tolist()
        for k in np.flatnonzero(open_).tolist():
            x, y, z = across[k]
            wide, slant = math.hypot(*found[k]), abs(z) / max(math.hypot(x, y), SMALLEST)
            if wide < SMALLEST or slant > STEEPEST:
                continue
            diameter = math.hypot(x, y, z) * wide / max(math.hypot(*fitted[k]), SMALLEST)
            sharp = math.sqrt(2) * doubts[k] / IRIS_ROWS.shape[1] / wide
            doubt = math.hypot(sharp, SLANT_DOUBT * slant)
            self.size.add(np.array([diameter]), np.array([max(doubt, 1e-3)]))

    def _result(self, state: Solution, camera: Camera) -> HeadFit:
        weights = np.zeros(len(self._names))
        weights[self.points.shape_rows] = state.c
        weights[self.points.look_rows] = self._look
        size = self.size.value
        shapes = self.profile.calibrated(weights) if self.profile else None
        grown = 1 - float(self.points.growth @ self.person.mean)
        facing = self.points.normals @ (state.R.T @ (state.t / np.linalg.norm(state.t)))
        assert state.residual is not None
        return HeadFit(
            R_camera_head=state.R,
            t_camera_head=state.t * size,
            size=size * grown,
            identity=self.person.mean / grown,
            weights=weights,
            names=self._names,
            gaze=self._angles.copy(),
            visible=facing < 0,
            residual=float(np.sqrt((state.residual**2).sum(0).mean())),
            camera=camera,
            shapes=shapes,
        )


def face_size(seen: np.ndarray) -> float:
    """Pixels of a face (478, 2): distance of the outer eye corners, in profile half its height."""
    eyes = float(np.linalg.norm(seen[33] - seen[263]))
    return max(eyes, 0.5 * float(np.ptp(seen[:468, 1])))


def start_translation(camera: Camera, turned: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Translation (3,) that puts turned points (3, K) about where pixels (2, K) are."""
    middle, own = pixels.mean(1), turned.mean(1)
    spread = max(np.hypot(*(pixels - middle[:, None])).mean(), SMALLEST)
    z = camera.K[0, 0] * np.hypot(*(turned[:2] - own[:2, None])).mean() / spread
    return camera.at_depth(middle[None], np.array([z]))[0] - own
