from dataclasses import replace

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.fit import HeadFit
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.render.layers import LAYERS, STANDARD, layers
from bauta.render.overlay import Overlay
from faces import synthetic_face
from sure import sure

GREY = np.full((360, 480, 3), 120, np.uint8)
CAMERA = Camera.of_fov(480, 360)


def fitted(gaze: tuple[float, float] = (0.0, 0.0), **weights: float):
    model = face_model()
    fit = HeadFit(
        R_camera_head=from_angles(10, 0, 0),
        t_camera_head=np.array([0.0, 0, 45]),
        size=1.0,
        identity=np.zeros(10),
        weights=model.weights(weights),
        names=model.expression_names,
        gaze=np.array([gaze, gaze]),
        visible=np.ones(478, bool),
        residual=0.5,
        camera=CAMERA,
    )
    return replace(synthetic_face(), fit=fit)


def drawn(name: str, face) -> np.ndarray:
    return Overlay(layers([name]), panel=None)(GREY, [face])


@pytest.mark.parametrize("name", ["wire", "gaze", "bars"])
def test_layers_of_the_head_draw_with_a_fit_and_leave_the_picture_without(name):
    face = fitted(jawOpen=0.8)
    assert (drawn(name, face) != GREY).any()
    assert (drawn(name, replace(face, fit=None)) == GREY).all()


def test_the_surface_lies_where_the_camera_sees_the_head():
    pytest.importorskip("numba", reason="the extra `render` is not installed")
    changed = (drawn("shaded", fitted()) != GREY).any(2)
    nose = sure(fitted().fit).project(face_model().points("ibug68-3d", face_model().mean)[30])
    x, y = np.floor(nose).astype(int)
    assert changed[y, x]
    assert not changed[:, 0].any()


def test_gaze_to_the_own_left_is_drawn_to_the_right():
    def middle(face) -> float:
        return float(np.argwhere((drawn("gaze", face) != GREY).any(2))[:, 1].mean())

    assert middle(fitted((30.0, 0.0))) > middle(fitted((-30.0, 0.0))) + 10


def test_bars_are_long_where_weights_are_large():
    def amount(value: float) -> int:
        return int((drawn("bars", fitted(jawOpen=value)) == (255, 196, 61)).all(2).sum())

    assert amount(0.9) > 2 * amount(0.3) > 0


def test_an_unknown_layer_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"unknown 'hat'; some of mesh"):
        layers(["mesh", "hat"])


def test_the_standard_is_what_an_overlay_draws():
    face = fitted()
    assert (Overlay(layers(STANDARD))(GREY, [face]) == Overlay()(GREY, [face])).all()
    assert set(STANDARD) < set(LAYERS)
