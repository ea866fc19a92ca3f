"""Picture, points, visibility and pose move together; appearance moves nothing. No torch needed."""

import dataclasses

import cv2
import numpy as np
import pytest

from bauta import schemes
from bauta.checks import InputError
from bauta.data.framing import frame_of
from bauta.data.sample import Labels, Sample
from bauta.geometry import affine
from bauta.head_pose import estimate_pose
from bauta.train.augment import (
    NONE,
    Appearance,
    Augment,
    BoxJitter,
    Geometry,
    View,
    augmented,
    framed,
    warp,
)
from bauta.train.augment import appearance as effects
from bauta.train.augment.background import face_mask, replace_background
from bauta.train.augment.geometry import draw_map
from made_faces import FEW, dot_near, dotted, points_of

SIDE = 192
RECT = np.array([0.0, 0.0, SIDE, SIDE])
POSE = (15.0, -5.0, 10.0)


def rng(seed=0):
    return np.random.default_rng(seed)


def face(pose=POSE):
    """A face of 120 pixels with dots at `FEW` of its points, its labels and all."""
    points = points_of("ibug68", pose, scale=6.0, center=(100, 92))[:, :2]
    sample = Sample("a", lambda: dotted([]), (Labels(points, "ibug68"),))
    found = frame_of(sample)
    assert found is not None
    roi, outline = found
    visible = np.ones(68, np.float32)
    visible[36], visible[3] = 0, np.nan
    return View(
        dotted(points[FEW], (SIDE, SIDE)),
        {"ibug68": points},
        {"ibug68": np.arange(68, dtype=np.float32)},
        {"ibug68": visible},
        pose,
        (*roi.center.tolist(), roi.side, roi.angle),
        outline.astype(np.float32),
    )


def texture(size=128, value=200):
    return lambda: np.full((size, size, 3), value, np.uint8)


def draw(seed, geometry=None, size=128):
    return draw_map(rng(seed), face().frame, size, geometry or Geometry(), BoxJitter())


# geometry


@pytest.mark.parametrize("seed", range(16))
def test_dots_stay_under_their_points(seed):
    """Through rotation, shift, scale, mirror image and every kind of border."""
    view, T = face(), draw(seed)
    flipped = T[0, 0] * T[1, 1] < T[0, 1] * T[1, 0]
    order = schemes.get("ibug68").mirror[FEW] if flipped else FEW
    for out in (warp(view, T, 128), framed(rng(seed), view, T, 128, RECT, texture(value=20))):
        for index in order:
            place = out.points["ibug68"][index]
            if (place > 9).all() and (place < 119).all():
                assert np.abs(dot_near(out.image, place) - place).max() < 0.3


def test_dots_stay_under_their_points_in_a_crop_far_smaller():
    view = face()
    out = framed(rng(), view, draw(0, NONE.geometry, 48), 48, RECT, texture(48))
    whole = framed(rng(), view, draw(0, NONE.geometry, 200), 200, RECT, texture(200))
    for index in FEW:
        place = out.points["ibug68"][index]
        assert np.abs(dot_near(out.image, place, 2) - place).max() < 0.4
        assert place == pytest.approx(whole.points["ibug68"][index] * 48 / 200, abs=0.5)


def test_dots_stay_under_their_points_when_the_picture_ends_within_the_crop():
    view = face()
    rect = np.array([20.3, 10.0, 400.0, 150.0])
    for seed in range(6):
        out = framed(rng(seed), view, draw(3), 128, rect, texture(value=20))
        for index in (30, 45):
            order = schemes.get("ibug68").mirror[index] if draw(3)[0, 0] < 0 else index
            place = out.points["ibug68"][order]
            assert np.abs(dot_near(out.image, place) - place).max() < 0.3


def test_a_mirror_image_swaps_partners_and_negates_yaw_and_roll():
    view = face()
    out = warp(view, affine.mirror(SIDE), SIDE)
    assert out.pose == pytest.approx((-15, -5, -10))
    assert out.points["ibug68"][45] == pytest.approx(
        (SIDE - view.points["ibug68"][36, 0], view.points["ibug68"][36, 1])
    )
    assert out.weights["ibug68"][45] == 36
    assert out.visible["ibug68"][45] == 0
    assert out.visible["ibug68"][36] == 1
    assert np.isnan(out.visible["ibug68"][13])
    assert (out.image == view.image[:, ::-1]).all()


def test_a_mirror_image_twice_is_the_picture_itself():
    view = face()
    out = warp(warp(view, affine.mirror(SIDE), SIDE), affine.mirror(SIDE), SIDE)
    assert (out.image == view.image).all()
    assert out.points["ibug68"] == pytest.approx(view.points["ibug68"], abs=1e-4)
    assert (out.weights["ibug68"] == view.weights["ibug68"]).all()
    assert np.array_equal(out.visible["ibug68"], view.visible["ibug68"], equal_nan=True)
    assert out.pose == pytest.approx(view.pose)
    assert out.frame == pytest.approx(view.frame)
    assert out.outline == pytest.approx(view.outline, abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_angles_frame_and_outline_follow(seed):
    """As measured anew on the points that moved."""
    out = warp(face(), draw(seed), 128)
    measured = estimate_pose(out.points["ibug68"][None], "ibug68")[0]
    assert out.pose == pytest.approx(measured, abs=0.05)
    labels = (Labels(out.points["ibug68"], "ibug68"),)
    found = frame_of(Sample("a", lambda: out.image, labels))
    assert found is not None
    assert out.frame == pytest.approx((*found[0].center, found[0].side, found[0].angle), rel=1e-3)
    low, high = out.outline.min(0), out.outline.max(0)
    assert found[1].min(0) == pytest.approx(low, abs=0.1)
    assert found[1].max(0) == pytest.approx(high, abs=0.1)


def test_roll_stays_within_a_half_turn():
    view = dataclasses.replace(face(), pose=(0.0, 0.0, 170.0))
    turned = np.array([[np.cos(0.5), -np.sin(0.5), 0], [np.sin(0.5), np.cos(0.5), 0]])
    assert warp(view, turned, 64).pose[2] == pytest.approx(170 + np.degrees(0.5) - 360)


def test_points_outside_of_the_crop_keep_place_weight_and_visibility():
    view = face()
    T = np.array([[1.0, 0, -110.0], [0, 1.0, 0]])
    out = warp(view, T, 64)
    assert out.points["ibug68"][36] == pytest.approx(view.points["ibug68"][36] - (110, 0))
    assert out.points["ibug68"][36, 0] < 0
    assert (out.weights["ibug68"] == view.weights["ibug68"]).all()
    assert np.array_equal(out.visible["ibug68"], view.visible["ibug68"], equal_nan=True)


def test_unknown_points_stay_unknown_and_depth_is_scaled():
    points = points_of("ibug68-3d", scale=6.0, center=(100, 92))
    points[5] = np.nan
    view = View(
        np.zeros((SIDE, SIDE, 3), np.uint8), {"ibug68-3d": points}, {"ibug68-3d": np.ones(68)}
    )
    out = warp(view, 0.5 * np.eye(3)[:2], 96).points["ibug68-3d"]
    assert np.isnan(out[5]).all()
    assert out[30, 2] == pytest.approx(points[30, 2] / 2)


# where crops lie


def test_without_jitter_a_crop_is_the_face_s_own_square():
    view = face()
    T = draw_map(rng(), view.frame, 128, NONE.geometry, NONE.box)
    half = view.frame[2] / 2
    corner = T[:, :2] @ (np.array(view.frame[:2]) - half) + T[:, 2]
    assert corner == pytest.approx([0, 0], abs=1e-6)
    wide = dataclasses.replace(NONE.geometry, margin=1.5)
    assert draw_map(rng(), view.frame, 128, wide, NONE.box)[0, 0] == pytest.approx(T[0, 0] / 1.5)


def test_an_upright_crop_has_no_roll():
    geometry = dataclasses.replace(NONE.geometry, upright=True)
    view = face((5.0, 0.0, 30.0))
    out = warp(view, draw_map(rng(), view.frame, 128, geometry, NONE.box), 128)
    assert out.frame[3] == pytest.approx(0, abs=1e-6)
    assert abs(out.pose[2]) < 2


def draws(geometry, box=NONE.box, count=1500):
    """Rotation (degrees), log scale, shift x and y over the side, and share of mirror images."""
    frame = (96.0, 96.0, 100.0, 0.0)
    found = []
    for seed in range(count):
        T = draw_map(rng(seed), frame, 100, geometry, box)
        flipped = np.linalg.det(T[:, :2]) < 0
        if flipped:
            T = affine.compose(affine.mirror(100), T)
        scale = np.sqrt(np.linalg.det(T[:, :2]))
        center = np.linalg.solve(T[:, :2], np.array([50.0, 50.0]) - T[:, 2])
        turn = -np.degrees(np.arctan2(T[1, 0], T[0, 0]))
        found.append([turn, -np.log(scale), *((center - 96) * scale / 100), flipped])
    return np.array(found)


def test_the_founding_recipe_draws_what_it_says():
    """+-40 degrees, +-10 percent of shift and scale, every other crop mirrored: uniform."""
    found = draws(Geometry())
    reach = np.array([40.0, 0.1, 0.1, 0.1])
    assert (np.abs(found[:, :4]) <= reach + 1e-6).all()
    assert (found[:, :4].max(0) > 0.98 * reach).all()
    assert (found[:, :4].min(0) < -0.98 * reach).all()
    assert found[:, :4].std(0) == pytest.approx(reach / np.sqrt(3), rel=0.06)
    assert found[:, 4].mean() == pytest.approx(0.5, abs=0.05)


def test_normal_draws_and_wide_ones():
    found = draws(Geometry(rotation=10, shift=0.05, scale=0.1, distribution="normal"))
    assert found[:, :4].std(0) == pytest.approx([10, 0.1, 0.05, 0.05], rel=0.12)
    wide = draws(Geometry(rotation=10, wide=1.0, wide_rotation=45, distribution="normal"))
    assert np.abs(wide[:, 0]).max() == pytest.approx(45, abs=1)
    assert wide[:, 1].std() == pytest.approx(0.2, rel=0.12)


def test_the_box_jitter_is_the_detector_s():
    found = draws(NONE.geometry, BoxJitter(share=1.0))
    assert found[:, 1].std() == pytest.approx(0.058, rel=0.06)
    # centres are moved before the side is scaled: percent of the face's own side
    assert (found[:, 2] * np.exp(found[:, 1])).std() == pytest.approx(0.022, rel=0.08)
    assert (found[:, 3] * np.exp(found[:, 1])).std() == pytest.approx(0.025, rel=0.08)
    assert np.abs(found[:, 0]).max() < 1e-6
    half = draws(NONE.geometry, BoxJitter(share=0.5))
    assert (np.abs(half[:, 1]) < 1e-9).mean() == pytest.approx(0.5, abs=0.05)


# background


def test_the_face_is_kept_and_the_rest_exchanged():
    view = face()
    paper = view.with_image(np.full((SIDE, SIDE, 3), 50, np.uint8))
    out = replace_background(rng(1), paper, np.full((SIDE, SIDE, 3), 220, np.uint8))
    inside = cv2.erode(face_mask(view), np.ones((5, 5))) == 255
    outside = face_mask(view, 1.7) == 0
    assert inside.sum() > 5000
    assert outside.sum() > 5000
    assert (out.image[inside] < 60).all()
    assert (out.image[outside] > 210).all()
    assert out.points is view.points


def test_a_view_without_a_face_keeps_its_background():
    view = View(np.full((64, 64, 3), 50, np.uint8), {}, {})
    assert replace_background(rng(), view, np.zeros((64, 64, 3), np.uint8)) is view


# appearance

ALL_OFF = NONE.appearance
NAMES = [effect.__name__ for effect in effects.EFFECTS]


def disc():
    image = np.full((112, 112, 3), 90, np.uint8)
    cv2.circle(image, (60, 50), 12, (230, 200, 190), -1, cv2.LINE_AA)
    return image


def middle(image):
    grey = image.astype(float).mean(-1)
    return np.argwhere(grey > (np.percentile(grey, 50) + grey.max()) / 2).mean(0)


@pytest.mark.parametrize("effect", effects.EFFECTS, ids=lambda effect: effect.__name__)
def test_an_effect_keeps_shape_kind_and_place(effect):
    """The middle of a disc stays within a pixel, whatever happens to its colour."""
    for seed in range(12):
        image = disc()
        out = effect(rng(seed), image, Appearance())
        assert out.shape == image.shape
        assert out.dtype == np.uint8
        assert (image == disc()).all()  # the picture given is not written to
        if effect.__name__ not in ("noise", "shade", "dark"):
            assert np.abs(middle(out) - middle(image)).max() < 1.0


@pytest.mark.parametrize("name", NAMES)
def test_the_share_of_an_effect_is_its_setting(name):
    often = dataclasses.replace(ALL_OFF, **{name: 1.0})
    half = dataclasses.replace(ALL_OFF, **{name: 0.5})
    changed = [(effects.appearance(rng(s), disc(), often) != disc()).any() for s in range(20)]
    assert np.mean(changed) > 0.8
    changed = [(effects.appearance(rng(s), disc(), half) != disc()).any() for s in range(200)]
    assert 0.3 < np.mean(changed) < 0.6
    assert (effects.appearance(rng(1), disc(), ALL_OFF) == disc()).all()


@pytest.mark.parametrize("name", ["light", "offset", "contrast", "colour", "gamma"])
def test_each_strength_of_the_tone_changes_the_picture(name):
    flat = dict.fromkeys(("light", "offset", "contrast", "colour", "gamma"), 0.0)
    still = dataclasses.replace(ALL_OFF, tone=1.0, **flat)
    # tables round down, so a tone that does nothing may lose one level
    assert np.abs(effects.tone(rng(3), disc(), still).astype(int) - disc()).max() <= 1
    moved = effects.tone(rng(3), disc(), dataclasses.replace(still, **{name: 0.3}))
    assert np.abs(moved.astype(int) - disc()).max() > 5


def test_noise_has_the_deviation_asked_for():
    flat = np.full((112, 112, 3), 128, np.uint8)
    settings = dataclasses.replace(ALL_OFF, noise_sigma=(10.0, 10.0))
    spread = [effects.noise(rng(s), flat, settings).std() for s in range(40)]
    assert np.median(spread) == pytest.approx(10, rel=0.1)
    means = [effects.noise(rng(s), flat, settings).mean() for s in range(40)]
    assert np.abs(np.array(means) - 128).max() < 1


def test_shade_is_a_ramp_that_leaves_the_middle():
    flat = np.full((113, 113, 3), 100, np.uint8)
    out = effects.shade(rng(2), flat, Appearance()).astype(float)[..., 0]
    assert out[56, 56] == pytest.approx(100, abs=1)
    assert out[0, 0] * out[-1, -1] == pytest.approx(100**2, rel=0.03)
    assert np.ptp(out) > 20


def test_low_resolution_leaves_as_many_pixels_as_asked():
    stripes = np.zeros((112, 112, 3), np.uint8)
    stripes[:, ::2] = 255
    settings = dataclasses.replace(ALL_OFF, resolution=(0.25, 0.25))
    assert effects.low_resolution(rng(), stripes, settings).std() < 5


def test_grey_has_one_channel_thrice():
    out = effects.grey(rng(), disc(), Appearance())
    assert (out == out[..., :1]).all()


# all of it


def test_the_same_numbers_give_the_same_crop():
    a, b = (augmented(rng(5), face(), 128, RECT, Augment(), texture()) for _ in range(2))
    assert (a.image == b.image).all()
    assert (a.points["ibug68"] == b.points["ibug68"]).all()
    c = augmented(rng(6), face(), 128, RECT, Augment(), texture())
    assert (a.image != c.image).any()


def test_none_is_the_crop_itself():
    a, b = (augmented(rng(s), face(), 128, RECT, NONE, texture()) for s in (1, 2))
    inner = slice(20, 108)
    assert (a.image[inner, inner] == b.image[inner, inner]).all()
    assert (a.points["ibug68"] == b.points["ibug68"]).all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Augment(background=1.5), "background"),
        (lambda: Geometry(flip=-1), "flip"),
        (lambda: Geometry(margin=0), "margin"),
        (lambda: BoxJitter(share=2), "share"),
        (lambda: Appearance(jpeg=3), "jpeg"),
        (lambda: Appearance(jpeg_quality=(80, 20)), "jpeg_quality"),
        (lambda: Appearance(resolution=(0.0, 0.5)), "resolution"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, match):
    with pytest.raises(InputError, match=match):
        make()
