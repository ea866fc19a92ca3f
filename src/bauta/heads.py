"""The face model behind every result: one fitter a face, the model shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.fit import (
    Blink,
    BlinkDetector,
    FaceFitter,
    FitPoints,
    FitSettings,
    Profile,
    fit_points,
    learn_profile,
    read_profile,
)
from bauta.fit.fitter import face_size
from bauta.geometry.camera import DEFAULT_FOV, FOVS, Camera
from bauta.geometry.camera_file import read_camera
from bauta.types import FaceState, Pose

IPD = (4.0, 8.5)
"""Centimetres between the pupils that a grown or small person can have."""
PORTRAIT, EYES = 80.0, 9.0
"""Centimetres at least from which a photograph was taken whose lens is unknown: one in which a face
seems nearer was cut out of a larger one. And between the outer corners of the eyes."""
ROUNDS = 2
"""How often several photos of a person are gone through to learn who it is."""


@dataclass(frozen=True)
class HeadOptions:
    """What is known before the first frame."""

    camera: Camera | None = None
    """What took the pictures; else one of `fov` degrees across the longer side."""
    fov: float | None = None
    ipd: float | None = None
    """Centimetres between the pupils; else size is measured on the irises."""
    profile: Profile | Mapping[int, Profile] | None = None
    """Of `learn_profile`: who it is, and their blank face. Of one person in the picture, or of
    several by id."""

    def __post_init__(self) -> None:
        if self.camera is not None and self.fov is not None:
            raise InputError("camera, fov: a camera has its field of view; leave one out")
        if self.fov is not None:
            Camera.of_fov(1, 1, self.fov)
        if self.ipd is not None and not IPD[0] <= self.ipd <= IPD[1]:
            raise InputError(
                f"ipd: expected {IPD[0]} to {IPD[1]} centimetres between the pupils, got {self.ipd}"
            )

    def as_json(self) -> dict[str, Any]:
        """What was given, for the header of records."""
        given: dict[str, Any] = {}
        if self.camera is not None:
            given["camera"] = {
                "K": self.camera.K.tolist(),
                "distortion": self.camera.distortion.tolist(),
            }
            if self.camera.size is not None:
                given["camera"]["size"] = list(self.camera.size)
        given |= {name: value for name in ("fov", "ipd") if (value := getattr(self, name))}
        if isinstance(self.profile, Profile):
            given["profile"] = self.profile.as_json()
        elif self.profile:
            given["profiles"] = {str(id): one.as_json() for id, one in self.profile.items()}
        return given

    def check_faces(self, most: int) -> None:
        """InputError when it is not clear whose of `most` faces the profile is."""
        if most > 1 and isinstance(self.profile, Profile):
            raise InputError(
                f"profile: whose of {most} faces? name the id, {{0: profile}} (--profile 0=FILE)"
            )

    def profile_of(self, id: int) -> Profile | None:
        """The profile of the face with an id."""
        if self.profile is None or isinstance(self.profile, Profile):
            return self.profile
        return self.profile.get(id)

    def camera_of(self, width: int, height: int) -> Camera:
        """The camera for pictures of a size; InputError when the one given cannot be theirs."""
        if self.camera is not None:
            return self.camera.for_picture(width, height)
        return Camera.of_fov(width, height, DEFAULT_FOV if self.fov is None else self.fov)

    def of_photo(self, states: Sequence[FaceState], width: int, height: int) -> HeadOptions:
        """The options with a camera for one photograph and the faces in it.

        Where nothing is known, the lens is so long that the largest face is `PORTRAIT` away.
        """
        camera = self.camera_of(width, height)
        sizes = [face_size(state.mesh) for state in states if len(state.mesh)]
        if self.camera is None and self.fov is None and sizes:
            K = camera.K.copy()
            longest = Camera.of_fov(width, height, FOVS[0]).K[0, 0]
            K[[0, 1], [0, 1]] = min(max(K[0, 0], PORTRAIT / EYES * max(sizes)), longest)
            camera = Camera(K)
        return replace(self, camera=camera, fov=None)


def read_options(
    camera: Path | None, fov: float | None, ipd: float | None, profiles: Sequence[str] = ()
) -> HeadOptions:
    """Options with the camera and the profiles of files; InputError when one cannot be used.

    `profiles`: one file, or `ID=FILE` for each id that has one.
    """
    names, of_id = face_model().expression_names, {}
    for given in profiles:
        id, equals, file = given.partition("=")
        if not (equals and id.isdecimal()):
            if len(profiles) > 1:
                raise InputError(f"--profile: expected ID=FILE for each of several, got {given}")
            return HeadOptions(_camera(camera), fov, ipd, read_profile(Path(given), names))
        if int(id) in of_id:
            raise InputError(f"--profile: {id} was given a profile already; leave out {given}")
        of_id[int(id)] = read_profile(Path(file), names)
    return HeadOptions(_camera(camera), fov, ipd, of_id or None)


def _camera(path: Path | None) -> Camera | None:
    return None if path is None else read_camera(path)


@cache
def _points(modes: int) -> FitPoints:
    return fit_points(face_model(), modes)


def _fitter(ipd: float | None = None, profile: Profile | None = None) -> FaceFitter:
    settings = FitSettings()
    return FaceFitter(face_model(), _points(settings.modes), settings, ipd, profile)


class Head:
    """Adds the fitted head and blinks to the results of the face with an id."""

    def __init__(self, options: HeadOptions, id: int = 0) -> None:
        self.options = options
        self._fitter = _fitter(options.ipd, options.profile_of(id))
        self._blinks = BlinkDetector()
        self._camera: tuple[int, int, Camera] | None = None

    def cut(self) -> None:
        """The next frame has nothing to do with the last but the person."""
        self._fitter.cut()
        self._blinks = BlinkDetector()

    def __call__(self, state: FaceState, width: int, height: int) -> FaceState:
        """The state with `fit`, `blink` and a pose in centimetres; a state without mesh as it is.

        `width`, `height` of the picture say what the camera is when none was given. Where no head
        explains the points, `fit` is None and the pose has no centimetres.
        """
        if not len(state.mesh):
            return state
        if self._camera is None or self._camera[:2] != (width, height):
            self._camera = (width, height, self.options.camera_of(width, height))
        camera = self._camera[2]
        blink = self._blinks(state.time, sum(state.eye_openness) / 2)
        return _fitted(self._fitter, state, camera, state.score, blink)


def _doubt(state: FaceState) -> np.ndarray:
    """(478,) pixels, the sigma of the mesh; 0, the least that is believed, where the model says
    none."""
    return state.sigma.get("mesh478", np.zeros(len(state.mesh), np.float32))


def _fitted(
    fitter: FaceFitter,
    state: FaceState,
    camera: Camera,
    confidence: float,
    blink: Blink | None = None,
) -> FaceState:
    fit = fitter(state.mesh, _doubt(state), camera, confidence, state.seen_shapes)
    if fit is None:
        return state.with_head(state.pose, None, blink) if blink else state
    return state.with_head(Pose(fit.R_camera_head, fit.matrix), fit, blink)


def fit_same_person(
    states: Sequence[FaceState], sizes: Sequence[tuple[int, int]], options: HeadOptions
) -> list[FaceState]:
    """The states of one person in several pictures, all with the one identity that explains them
    together; `sizes` are (width, height) of the pictures."""
    fitter = _fitter(options.ipd)
    pairs = list(zip(states, sizes, strict=True))
    cameras = [options.of_photo([state], *size).camera_of(*size) for state, size in pairs]
    seen = [(s, c) for s, c in zip(states, cameras, strict=True) if len(s.mesh)]
    for _ in range(ROUNDS):
        for state, camera in seen:
            fitter.cut()
            _fitted(fitter, state, camera, state.score)
    result = []
    for state, camera in zip(states, cameras, strict=True):
        fitter.cut()
        result.append(_fitted(fitter, state, camera, 0.0) if len(state.mesh) else state)
    return result


def calibrate(states: Sequence[FaceState], camera: Camera) -> Profile:
    """Profile of the one person in the fitted `states` of a clip, in order.

    Who it is is known at the end of the clip; with that the whole clip is fitted once more, so that
    blank face and ranges are those of the settled person. InputError for less than two seconds.
    """
    fits = [state.fit for state in states if state.fit is not None]
    learn_profile(fits)  # refuses a clip that is too short
    size, count = fits[-1].size, len(fits[-1].names)
    known = Profile(fits[-1].names, np.zeros(count), np.ones(count), fits[-1].identity, size)
    fitter = _fitter(profile=known)
    again = [
        fitter(state.mesh, _doubt(state), camera, state.score, state.seen_shapes)
        for state in states
        if state.fit is not None
    ]
    return learn_profile([fit for fit in again if fit is not None])
