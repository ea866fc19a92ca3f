"""Labels of shut eyes meet; those of open eyes are left alone."""

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.synth.rendered.lids import EYES, meeting


def eyes_at(scheme, weight, **more):
    """Gaps of both eyes of a head that blinks by `weight`, before and after."""
    model = face_model()
    weights = {"eyeBlinkLeft": weight, "eyeBlinkRight": weight} | more
    expression = np.array([weights.get(name, 0.0) for name in model.expression_names])
    points = model.points(scheme, model.vertices(None, expression))
    met = meeting(points, scheme)
    untouched = np.ones(len(points), bool)
    for eye in EYES[scheme]:
        untouched[[*eye.upper, *eye.lower]] = False
    np.testing.assert_allclose(met[untouched], points[untouched], atol=1e-6)
    return [(eye.gaps(points).mean(), eye.gaps(met).mean()) for eye in EYES[scheme]]


@pytest.mark.parametrize("scheme", ["mesh478", "ibug68-3d"])
def test_shut_lids_meet_and_open_ones_stay(scheme):
    for before, after in eyes_at(scheme, 0.0):
        assert after == pytest.approx(before, rel=1e-4)
    for before, after in eyes_at(scheme, 1.0):
        assert after < 0.015 < before


def test_lids_fall_evenly_and_one_eye_does_not_move_the_other():
    gaps = [eyes_at("mesh478", weight)[0][1] for weight in (0, 0.25, 0.5, 0.75, 1)]
    assert (np.diff(gaps) < -0.02).all()
    right, left = eyes_at("mesh478", 0.0, eyeBlinkLeft=1.0)
    assert right[1] == pytest.approx(right[0], rel=1e-4)
    assert left[1] < 0.1 * right[1]


def test_upper_lids_stay_above_lower_ones():
    model = face_model()
    shut = np.array([2.0 * name.startswith("eyeBlink") for name in model.expression_names])
    met = meeting(model.points("mesh478", model.vertices(None, shut)), "mesh478")
    assert np.isfinite(met).all()
    before = model.points("mesh478", model.vertices(None, shut))
    for eye in EYES["mesh478"]:
        upper, lower = list(eye.upper), list(eye.lower)
        assert (
            np.sign(met[upper, 1] - met[lower, 1]) == np.sign(before[upper, 1] - before[lower, 1])
        ).all()
