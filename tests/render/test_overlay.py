from dataclasses import replace

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.render import strokes
from bauta.render.overlay import (
    CORNERS,
    Axes,
    Box,
    Irises,
    Overlay,
    Panel,
    Points,
    Wire,
    ellipse,
    standard_layers,
)
from bauta.render.sheet import contact_sheet
from faces import synthetic_face

ALL = (*standard_layers(), Points(), Points("ibug68-3d"), Points("mesh478"))


def grey(height=240, width=320, value=120):
    return np.full((height, width, 3), value, np.uint8)


def drawn(layer, face, image):
    return np.abs(Overlay((layer,), None)(image, [face]).astype(int) - image).max(2)


def test_the_picture_given_in_is_not_touched():
    image = grey()
    result = Overlay(ALL)(image, [synthetic_face()], 7.9)
    assert (image == 120).all()
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    assert not np.shares_memory(result, image)


def test_nothing_to_draw_is_a_no_op():
    image = grey()
    np.testing.assert_array_equal(Overlay(ALL, panel=None)(image, []), image)


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("value", [0, 255])
def test_every_layer_shows_on_black_and_on_white(layer, value):
    if layer == standard_layers()[0] and value == 255:
        pytest.skip("the faint mesh is light by design")
    assert drawn(layer, synthetic_face(20, 5), grey(value=value)).max() > 30


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
def test_strokes_stay_near_the_face(layer):
    face = synthetic_face(center=(160, 120), size=100)
    ys, xs = np.nonzero(drawn(layer, face, grey()))
    margin = 25  # the tag stands above the box
    x1, y1, x2, y2 = face.box
    assert xs.min() > x1 - margin
    assert xs.max() < x2 + margin
    assert ys.min() > y1 - margin
    assert ys.max() < y2 + margin


def test_strokes_are_placed_to_a_fraction_of_a_pixel():
    image = np.zeros((20, 20, 3), np.uint8)
    for x, y in ((10.0, 10.0), (9.5, 10.5), (10.3, 9.8)):
        image[:] = 0
        strokes.discs(image, np.array([[x, y]]), 3.0, (255, 255, 255))
        weight = image[..., 0] / image[..., 0].sum()
        centers = np.arange(20) + 0.5  # pixel (0, 0) covers 0..1
        assert weight.sum(0) @ centers == pytest.approx(x, abs=0.08)
        assert weight.sum(1) @ centers == pytest.approx(y, abs=0.08)


@pytest.mark.parametrize("offset", [1e4, -1e6, 1e12, 1e15])
def test_far_points_do_no_harm(offset):
    face = synthetic_face(10)
    stray = face.mesh.copy()
    stray[::7, :2] += offset
    moved = replace(
        face, mesh=stray, points68=face.points68 + offset, box=face.box + np.float32(offset)
    )
    away = replace(moved, mesh=face.mesh + offset)
    result = Overlay(ALL)(grey(), [moved, away], 3.0)
    assert result.shape == (240, 320, 3)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (63, 63), (64, 64), (2160, 3840)])
def test_any_size_of_picture_works(shape):
    face = synthetic_face(center=(shape[1] / 2, shape[0] / 2), size=0.6 * min(shape))
    assert Overlay(ALL)(grey(*shape), [face], 1.0).shape == (*shape, 3)


def test_a_turned_or_strided_picture_works():
    image = grey(480, 640)[::2, ::-2].transpose(1, 0, 2)
    assert Overlay(ALL)(image, [synthetic_face()]).shape == image.shape


def test_axes_point_where_the_head_does():
    looks = Axes(colours=((255, 0, 0), (0, 255, 0), (0, 0, 255)))
    for yaw, pitch, channel, side in ((0, 0, 0, (1, 0)), (0, 0, 1, (0, -1)), (70, 0, 2, (1, 0))):
        face = synthetic_face(yaw, pitch)
        image = Overlay((looks,), None)(grey(value=0), [face]).astype(int)
        ys, xs = np.nonzero(image[..., channel] - image.sum(2) / 2 > 60)
        toward = np.array([xs.mean(), ys.mean()]) - face.mesh[168, :2]
        assert toward @ side > 10


def test_a_box_has_the_colour_of_its_id():
    colours = {strokes.colour_of(id) for id in range(40)}
    assert len(colours) == 40
    image = Overlay((Box(tag=False),), None)(grey(), [synthetic_face(id=3)])
    colour = np.array(strokes.colour_of(3))
    assert (np.abs(image.astype(int) - colour).max(2) < 40).any()


def test_the_tag_is_an_option():
    face = synthetic_face()
    assert (drawn(Box(), face, grey()) > 0).sum() > (drawn(Box(tag=False), face, grey()) > 0).sum()


def test_a_shut_eye_has_no_iris():
    face = synthetic_face()
    assert drawn(Irises(), face, grey()).any()
    assert not drawn(Irises(shut=1.0), face, grey()).any()


def test_the_iris_is_the_affine_view_of_a_circle():
    rng = np.random.default_rng(2)
    A, c = rng.normal(size=(2, 2)), rng.normal(size=2)
    ring = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]) @ A.T + c
    back = (ellipse(ring) - c) @ np.linalg.inv(A).T
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("corner", CORNERS)
def test_the_panel_stands_in_its_corner(corner):
    image = grey(480, 640)
    result = Overlay((), Panel(corner))(image, [synthetic_face()], 8.0)
    ys, xs = np.nonzero((result != image).any(2))
    assert (ys.mean() < 240) == corner.startswith("top")
    assert (xs.mean() < 320) == corner.endswith("left")


def test_the_panel_grows_with_faces_up_to_its_limit_and_with_the_picture():
    def area(count, faces=3, scale=1):
        people = [synthetic_face(id=i) for i in range(count)]
        image = grey(480 * scale, 640 * scale)
        return (Overlay((), Panel(faces=faces))(image, people, 8.0) != image).any(2).sum()

    assert area(1) < area(2) < area(3) == area(4)
    assert area(4, faces=1) < area(4, faces=2)
    assert area(1, scale=4) > 10 * area(1)
    assert area(0) > 0


def test_small_pictures_have_no_panel():
    image = grey(63, 300)
    np.testing.assert_array_equal(Overlay(())(image, [synthetic_face()], 8.0), image)


def test_unknown_looks_are_refused():
    for make in (lambda: Wire("nose hair"), lambda: Points("dlib"), lambda: Panel("middle")):
        with pytest.raises(InputError, match="choose one of"):
            make()
    with pytest.raises(InputError, match="uint8"):
        Overlay()(np.zeros((4, 4, 3)), [])


def test_a_sheet_holds_every_picture_in_order():
    images = [grey(60 + 20 * i, 80, 40 * i) for i in range(5)]
    sheet = contact_sheet(images, columns=3, width=80, gap=4)
    assert sheet.shape == (4 + 100 + 4 + 140 + 4, 3 * 84 + 4, 3)
    for number in range(5):
        row, column = divmod(number, 3)
        y = (4 + 50, 4 + 100 + 4 + 70)[row]
        assert (sheet[y, 4 + 84 * column + 40] == 40 * number).all()


def test_captions_fit_their_picture():
    images = [grey(), grey()]
    plain = contact_sheet(images, 2, width=100)
    short = contact_sheet(images, 2, ["a", "b"], width=100)
    endless = contact_sheet(images, 2, ["a" * 500, "b"], width=100)
    assert plain.shape[0] < short.shape[0] == endless.shape[0]
    gutter = np.s_[plain.shape[0] :, 108:116]
    np.testing.assert_array_equal(endless[gutter], short[gutter])


def test_sheets_without_sense_are_refused():
    with pytest.raises(InputError, match="at least one"):
        contact_sheet([])
    with pytest.raises(InputError, match="captions"):
        contact_sheet([grey()], captions=[])
    with pytest.raises(InputError, match="columns"):
        contact_sheet([grey()], columns=0)
