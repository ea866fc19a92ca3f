"""Named coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.morphable.params import Coefficients, look_weights
from small_head import small_head


def test_nothing_named_is_the_mean():
    model = face_model()
    np.testing.assert_array_equal(Coefficients().vertices(model), model.mean)


def test_names_reach_their_shapes():
    model = small_head()
    found = Coefficients(np.array([2.0]), {"jawOpen": 0.5}).vertices(model, np.array([1, 3]))
    by_hand = model.mean + 2 * model.identity[0] + 0.5 * model.expression[1]
    np.testing.assert_allclose(found, by_hand[[1, 3]], atol=1e-6)


@pytest.mark.parametrize(
    ("side", "left", "up", "expected"),
    [
        ("Left", 17.5, 0, {"Out": 0.5}),
        ("Left", -35, 25, {"In": 1, "Up": 1}),
        ("Right", 17.5, 0, {"In": 0.5}),
        ("Right", -7, -15, {"Out": 0.2, "Down": 0.5}),
    ],
)
def test_degrees_become_the_looks_that_turn_as_far(side, left, up, expected):
    found = look_weights(side, left, up)
    assert len(found) == 4
    for way in ("In", "Out", "Up", "Down"):
        assert found[f"eyeLook{way}{side}"] == pytest.approx(expected.get(way, 0))


def test_gaze_turns_the_eye_by_those_degrees():
    model = face_model()
    R = model.eye_rotation("Right", Coefficients(gaze={"Right": (-12, 8)}).weights(model))
    x, y, z = R @ (0, 0, 1)
    assert np.degrees(np.arctan2(x, z)) == pytest.approx(-12, abs=1e-3)
    assert np.degrees(np.arcsin(y)) == pytest.approx(8, abs=1e-3)


def test_colours_of_no_coefficients_are_the_mean():
    model = small_head()
    np.testing.assert_array_equal(Coefficients().colours(model), model.albedo_mean)
    assert model.albedo is not None
    found = Coefficients(albedo=np.array([3.0])).colours(model)
    np.testing.assert_allclose(found, 0.25 + 3 * model.albedo[0], atol=1e-6)
    with pytest.raises(InputError, match="has no albedo"):
        Coefficients().colours(face_model())


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"identity": np.zeros((2, 2))}, "identity: expected shape"),
        ({"identity": [np.nan]}, "identity: expected finite"),
        ({"expression": {"jawOpen": np.inf}}, "expression jawOpen"),
        ({"gaze": {"Middle": (0, 0)}}, "gaze: unknown 'Middle'"),
        ({"gaze": {"Left": (0, np.nan)}}, "gaze Left: expected finite"),
        ({"gaze": {"Left": (1, 2)}, "expression": {"eyeLookUpLeft": 0.1}}, "as well"),
    ],
)
def test_wrong_coefficients_are_refused(fields, says):
    with pytest.raises(InputError, match=says):
        Coefficients(**fields)


def test_an_unknown_expression_is_refused_by_the_model():
    with pytest.raises(InputError, match="unknown 'tongueOut'"):
        Coefficients(expression={"tongueOut": 1}).weights(face_model())
