"""From points in the picture to a head: pose in centimetres, identity, expression, gaze, blinks."""

from bauta.fit.blink import Blink, BlinkDetector
from bauta.fit.fitter import FaceFitter, FitSettings
from bauta.fit.points import FitPoints, fit_points
from bauta.fit.profile import Profile, learn_profile, read_profile
from bauta.fit.result import HeadFit

__all__ = [
    "Blink",
    "BlinkDetector",
    "FaceFitter",
    "FitPoints",
    "FitSettings",
    "HeadFit",
    "Profile",
    "fit_points",
    "learn_profile",
    "read_profile",
]
