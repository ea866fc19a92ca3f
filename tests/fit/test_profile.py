"""Calibration: what it learns of a person, and what it changes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.fit import FaceFitter, FitSettings, Profile, learn_profile, read_profile
from bauta.geometry.rotation import from_angles
from made_heads import (
    CAMERA,
    expression,
    fit_last,
    fit_one,
    fitter,
    identity_error,
    points_for,
    see,
    somebody,
)

NAMES = face_model().expression_names
COUNT = len(NAMES)
T = np.array([1.0, -2.0, 60.0])


def profile(**changes):
    fields = {
        "names": NAMES,
        "neutral": np.zeros(COUNT),
        "reach": np.ones(COUNT),
        "identity": np.zeros(60),
        "size": 1.0,
    }
    return Profile(**(fields | changes))


def at(value, **weights):
    """(E,) `value`, and some by name."""
    result = np.full(COUNT, float(value))
    for name, weight in weights.items():
        result[NAMES.index(name)] = weight
    return result


def known(given):
    return FaceFitter(face_model(), points_for(60), FitSettings(kappa=0.0), profile=given)


def clip_of(who, neutral, shown, count=120):
    """A blank face (which has `neutral`) for most of the time, then `shown` on top."""
    for k in range(count):
        share = np.clip((k - 80) / 15, 0, 1)
        R = from_angles(12 * np.sin(k / 5), 5 * np.cos(k / 7), 0.0)
        weights = np.maximum(expression(**neutral), share * expression(**shown))
        yield see(who, weights, R, T, CAMERA)


def test_calibrated_weights_by_hand():
    given = profile(neutral=at(0, jawOpen=0.2), reach=at(1, jawOpen=0.8))
    cases = {0.2: 0.0, 0.5: 0.5, 0.8: 1.0, 0.1: 0.0, 1.0: 1.0}
    for weight, expected in cases.items():
        found = given.calibrated(at(0.3, jawOpen=weight))
        assert found[NAMES.index("jawOpen")] == pytest.approx(expected)
        assert found[NAMES.index("mouthPucker")] == pytest.approx(0.3)


def test_blank_face_and_range_are_learned():
    who = somebody(np.random.default_rng(1))
    one = fitter()
    frames = clip_of(who, {"mouthPucker": 0.3}, {"jawOpen": 0.6, "mouthPucker": 0.3})
    fits = [fit_one(one, frame) for frame in frames]
    found = learn_profile(fits)
    pucker = np.median([fit.blendshapes["mouthPucker"] for fit in fits[:80]])
    assert found.neutral[NAMES.index("mouthPucker")] == pytest.approx(pucker, abs=0.05)
    assert found.neutral[NAMES.index("jawOpen")] < 0.05
    assert found.reach[NAMES.index("jawOpen")] == pytest.approx(0.6, abs=0.08)
    assert found.reach[NAMES.index("browInnerUp")] == 1.0  # never shown


def test_with_a_profile_the_blank_face_is_blank_and_the_utmost_is_one():
    who = somebody(np.random.default_rng(1))
    one = fitter()
    blank, shown = {"mouthPucker": 0.3}, {"mouthPucker": 0.3, "jawOpen": 0.6}
    given = learn_profile([fit_one(one, frame) for frame in clip_of(who, blank, shown)])
    other = known(given)
    R = from_angles(-5.0, 3.0, 0.0)
    calm = fit_last(other, [see(who, expression(**blank), R, T, CAMERA)] * 6)
    assert calm.blendshapes["mouthPucker"] < 0.05
    assert calm.weights[NAMES.index("mouthPucker")] > 0.1
    wide = fit_last(other, [see(who, expression(**shown), R, T, CAMERA)] * 10)
    assert wide.blendshapes["jawOpen"] > 0.9


def test_the_mesh_stays_where_the_points_are():
    """Calibration changes what is reported, not the head that is drawn."""
    who = np.zeros(60)
    frame = see(who, expression(jawOpen=0.5), from_angles(0.0, 0.0, 0.0), T, CAMERA)
    plain = fit_one(fitter(), frame)
    other = fit_one(known(profile(neutral=at(0, jawOpen=0.3), size=plain.size)), frame)
    assert other.blendshapes["jawOpen"] < plain.blendshapes["jawOpen"] - 0.1
    model = face_model()
    away = np.abs(other.vertices(model) - plain.vertices(model)).max()
    assert away < 0.05


def test_a_known_person_is_known_from_the_first_frame():
    who = somebody(np.random.default_rng(3))
    frame = see(who, expression(), from_angles(10.0, 0.0, 0.0), T, CAMERA)
    first = fit_one(known(profile(identity=who[:60], size=1.05)), frame)
    assert identity_error(first.identity, who) < 0.5 * identity_error(np.zeros(1), who)
    assert first.size == pytest.approx(1.05, rel=5e-3)


def test_a_profile_is_kept_in_a_file(tmp_path):
    path = tmp_path / "profile.json"
    given = profile(neutral=at(0.1), reach=at(0.9), identity=np.arange(60) / 50, size=1.03)
    path.write_text(json.dumps(given.as_json()))
    back = read_profile(path, NAMES)
    assert back.neutral == pytest.approx(given.neutral, abs=1e-4)
    assert back.reach == pytest.approx(given.reach, abs=1e-4)
    assert back.identity == pytest.approx(given.identity, abs=1e-4)
    assert back.size == pytest.approx(1.03)


def test_two_seconds_are_needed():
    fit = fit_one(fitter(), see(np.zeros(1), expression(), from_angles(0.0, 0.0, 0.0), T, CAMERA))
    with pytest.raises(InputError, match="expected 50 frames with a fitted face or more, got 49"):
        learn_profile([fit] * 49)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d | {"format": "other"}, "expected a file of `bauta calibrate`"),
        (lambda d: d | {"version": 2}, "version 1"),
        (lambda d: d | {"size": 9.0}, "size: expected 0.5 to 2"),
        (lambda d: d | {"shapes": {}}, "no 'browDownLeft'"),
        (lambda d: d | {"identity": "x"}, "profile"),
        (lambda d: [d], "expected a file"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, change, match):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(change(profile().as_json())))
    with pytest.raises(InputError, match=match):
        read_profile(path, NAMES)


def test_a_shape_must_go_beyond_the_blank_face():
    with pytest.raises(InputError, match="beyond the blank face"):
        profile(neutral=at(0.5), reach=at(0.5))
