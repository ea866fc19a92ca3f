"""Things in front of a face cover what they say they cover, and hide the points under them."""

import dataclasses

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.data.framing import frame_of
from bauta.data.sample import Labels, Sample
from bauta.geometry import affine
from bauta.train.augment import Occlusion, View, warp
from bauta.train.augment.occluders import SHAPES, glasses, mask, occlude, scarf
from made_faces import points_of

SIDE = 192
EYES, LIPS, BROWS = np.r_[36:48], np.r_[48:68], np.r_[17:27]


def face(pose=(0.0, 0.0, 0.0)):
    points = points_of("ibug68", pose, scale=6.0, center=(98, 92))[:, :2]
    image = np.full((SIDE, SIDE, 3), (180, 140, 120), np.uint8)
    found = frame_of(Sample("a", lambda: image, (Labels(points, "ibug68"),)))
    assert found is not None
    roi, outline = found
    visible = np.ones(68, np.float32)
    visible[30] = np.nan
    frame = (*roi.center.tolist(), roi.side, roi.angle)
    labels = ({"ibug68": points}, {"ibug68": np.ones(68, np.float32)}, {"ibug68": visible})
    return View(image, *labels, pose, frame, outline.astype(np.float32))


def rng(seed=0):
    return np.random.default_rng(seed)


def covered(where, points):
    x, y = np.floor(points).astype(int).T
    return where[y, x] > 127


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_covers_a_part(shape):
    view = face()
    shares = [(SHAPES[shape](rng(seed), view) > 127).mean() for seed in range(30)]
    assert max(shares) < 0.75
    assert np.median(shares) > 0.01
    assert len(set(shares)) > 15  # no two alike


@pytest.mark.parametrize("pose", [(0, 0, 0), (0, 0, 35), (35, 0, 0), (-35, 0, -20)])
def test_a_mask_covers_the_mouth_and_no_eye(pose):
    view = face(pose)
    points = view.points["ibug68"]
    found = [mask(rng(seed), view) for seed in range(20)]
    assert np.mean([covered(where, points[LIPS]) for where in found]) > 0.9
    assert np.mean([covered(where, points[EYES]) for where in found]) < 0.05


@pytest.mark.parametrize("pose", [(0, 0, 0), (0, 0, 35), (0, 0, -60)])
def test_a_scarf_covers_the_chin_and_no_eye(pose):
    view = face(pose)
    points = view.points["ibug68"]
    found = [scarf(rng(seed), view) for seed in range(20)]
    assert np.mean([covered(where, points[[8]]) for where in found]) > 0.9
    assert np.mean([covered(where, points[EYES]) for where in found]) < 0.05


@pytest.mark.parametrize("pose", [(0, 0, 0), (0, 0, 35), (0, 0, -60)])
def test_dark_glasses_cover_the_eyes_and_neither_mouth_nor_jaw(pose):
    view = face(pose)
    points = view.points["ibug68"]
    found = [glasses(rng(seed), view) for seed in range(40)]
    dark = [where for where in found if covered(where, points[EYES]).mean() > 0.5]
    assert len(dark) > 10
    assert np.mean([covered(where, points[EYES]) for where in dark]) > 0.8
    assert not any(covered(where, points[LIPS]).any() for where in found)


def test_what_is_covered_becomes_hidden_and_the_unknown_stays_unknown():
    view = face()
    cloth = np.full((SIDE, SIDE, 3), 255, np.uint8)
    out = occlude(rng(2), view, Occlusion(shapes=("mask",)), cloth)
    seen = out.visible["ibug68"]
    assert (seen[LIPS] == 0).mean() > 0.9
    assert (seen[BROWS] == 1).all()
    assert np.isnan(seen[30])
    assert (out.points["ibug68"] == view.points["ibug68"]).all()
    changed = (out.image != view.image).any(-1)
    at = np.floor(out.points["ibug68"]).astype(int)
    under = changed[at[:, 1], at[:, 0]]
    assert (under == (seen == 0))[~np.isnan(seen)].all()
    assert (view.image == (180, 140, 120)).all()  # the picture given is not written to


def test_points_outside_of_the_crop_are_not_hidden():
    view = warp(face(), np.array([[1.0, 0, -150.0], [0, 1.0, 0]]), SIDE)
    away = view.points["ibug68"][:, 0] < 0
    assert away.any()
    cloth = np.zeros((SIDE, SIDE, 3), np.uint8)
    for seed in range(20):
        out = occlude(rng(seed), view, Occlusion(), cloth)
        seen = out.visible["ibug68"][away]
        assert (seen[~np.isnan(seen)] == 1).all()


def test_a_view_without_a_face_can_be_covered():
    view = View(np.full((64, 64, 3), 90, np.uint8), {}, {})
    for seed, shape in enumerate(SHAPES):
        out = occlude(rng(seed), view, Occlusion(shapes=(shape,)), np.zeros((64, 64, 3), np.uint8))
        assert out.image.shape == (64, 64, 3)


def test_shapes_follow_a_mirror_image():
    """Glasses drawn on the mirrored face lie where its eyes are."""
    view = warp(face((25.0, 0.0, 30.0)), affine.mirror(SIDE), SIDE)
    points = view.points["ibug68"]
    found = [covered(glasses(rng(seed), view), points[EYES]).mean() for seed in range(40)]
    assert np.sum(np.array(found) > 0.5) > 8


def test_only_the_named_shapes_are_drawn():
    view, cloth = face(), np.zeros((SIDE, SIDE, 3), np.uint8)
    only = Occlusion(shapes=("scarf",))
    for seed in range(10):
        assert occlude(rng(seed), view, only, cloth).visible["ibug68"][8] == 0
    with pytest.raises(InputError, match="umbrella"):
        dataclasses.replace(only, shapes=("umbrella",))
    with pytest.raises(InputError, match="shapes"):
        Occlusion(shapes=())
