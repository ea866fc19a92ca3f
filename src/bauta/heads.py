"""The face model behind every result: one fitter a face, the model shared."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.fit import BlinkDetector, FaceFitter, FitPoints, FitSettings, fit_points
from bauta.geometry.camera import Camera
from bauta.types import FaceState, Pose

IPD = (4.0, 8.5)
"""Centimetres between the pupils that a grown or small person can have."""


@cache
def _points(modes: int) -> FitPoints:
    return fit_points(face_model(), modes)


class Head:
    """Adds the fitted head and blinks to the results of one face."""

    def __init__(self, camera: Camera | None, ipd: float | None) -> None:
        settings = FitSettings()
        self.camera = camera
        self._fitter = FaceFitter(face_model(), _points(settings.modes), settings, ipd)
        self._blinks = BlinkDetector()

    def __call__(self, state: FaceState, width: int, height: int) -> FaceState:
        """The state with `fit`, `blink` and a pose in centimetres; a state without mesh as it is.
        Where no head explains the points, `fit` is None and the pose has no centimetres.

        `width`, `height` of the picture say what the camera is when none was given.
        """
        if not len(state.mesh):
            return state
        camera = self.camera or Camera.of_fov(width, height)
        blink = self._blinks(state.time, sum(state.eye_openness) / 2)
        fit = self._fitter(state.mesh, state.sigma["mesh478"], camera, state.score)
        if fit is None:
            return replace(state, blink=blink)
        return replace(state, fit=fit, blink=blink, pose=Pose(fit.R_camera_head, fit.matrix))


def check_ipd(ipd: float | None) -> float | None:
    """`ipd` in centimetres when it can be a person's; InputError otherwise."""
    if ipd is not None and not IPD[0] <= ipd <= IPD[1]:
        raise InputError(
            f"ipd: expected {IPD[0]} to {IPD[1]} centimetres between the pupils, got {ipd}"
        )
    return ipd
