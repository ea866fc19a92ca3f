import itertools
from dataclasses import replace

import numpy as np
import pytest

from bauta.crop import MARGIN, Roi, mesh_rotation, roi_of_box, roi_of_mesh
from bauta.demo import clip_path
from bauta.faces import Faces, place_face
from bauta.geometry import affine
from bauta.geometry.rotation import from_angles
from bauta.regress.landmarks import cut
from bauta.video import open_video
from faces import synthetic_face


@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 0, 0), (-80, 10, 0), (10, -20, 35)])
def test_rotation_of_a_mesh_is_recovered(angles):
    R = mesh_rotation(synthetic_face(*angles).mesh)
    assert pytest.approx(from_angles(*angles), abs=1e-4) == R


@pytest.mark.parametrize("roll", [-120, -30, 0, 45, 170])
def test_a_crop_is_upright_and_framed_whatever_the_roll(roll):
    mesh = synthetic_face(roll=roll, center=(300, 200), size=150).mesh
    inside = affine.apply(roi_of_mesh(mesh).transform(100), mesh[:468, :2])
    assert inside[10, 1] < inside[152, 1], "forehead above chin"
    assert inside[10, 0] == pytest.approx(inside[152, 0], abs=0.5)
    assert (inside.max(0) - inside.min(0)).max() == pytest.approx(100 / MARGIN, abs=0.1)
    assert (inside.max(0) + inside.min(0)) / 2 == pytest.approx(np.array([50, 50]), abs=0.1)


def test_a_box_and_a_mesh_of_one_face_give_nearly_one_crop():
    """A teacher's box has the width of the mesh and starts a little higher."""
    mesh = synthetic_face(center=(300, 200), size=150).mesh
    low, high = mesh[:468, :2].min(0), mesh[:468, :2].max(0)
    height = high[1] - low[1]
    box = np.array([low[0], low[1] - 0.06 * height, high[0], high[1] - 0.06 * height])
    from_box, from_mesh = roi_of_box(box), roi_of_mesh(mesh)
    assert from_box.side == pytest.approx(from_mesh.side, rel=0.15)
    assert from_box.center == pytest.approx(from_mesh.center, abs=0.05 * from_mesh.side)


@pytest.mark.parametrize("angle", [0, 20])
@pytest.mark.parametrize("side", [60.0, 300.0, 900.0], ids=["enlarged", "shrunk", "shrunk a lot"])
def test_a_cut_shows_what_its_map_says(side, angle):
    """Every pixel of the picture holds its own position; so must every pixel of the crop."""
    y, x = np.mgrid[:1000, :1000] + 0.5
    image = np.stack([x, y, x], axis=-1).astype(np.float32)
    roi = Roi(np.array([480.0, 510.0]), side, np.radians(angle))
    crop = cut(image, roi, 112)
    yy, xx = np.mgrid[:112, :112] + 0.5
    T_image_crop = affine.invert(roi.transform(112))
    expected = affine.apply(T_image_crop, np.stack([xx, yy], axis=-1))
    inside = ((expected > 20) & (expected < 960)).all(-1)
    assert inside.sum() > 5000
    assert crop[..., :2][inside] == pytest.approx(expected[inside], abs=1e-2)


def test_outside_of_the_picture_is_black():
    crop = cut(np.full((100, 100, 3), 200, np.uint8), Roi(np.array([0.0, 50.0]), 80.0, 0.0), 40)
    assert (crop[:, :18] == 0).all()
    assert (crop[:, 22:] == 200).all()


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_mirrored_square_shows_the_mirror_image(angle):
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    roi = Roi(np.array([40.0, 30.0]), 32.0, angle)
    seen, mirrored = (cut(picture, r, 32) for r in (roi, replace(roi, mirrored=True)))
    np.testing.assert_allclose(mirrored[:, ::-1], seen, atol=1)


def test_a_look_into_the_mirror_names_the_same_points():
    """Left stays left: a wrong order would be off by half of a face."""
    (frame,) = itertools.islice(open_video(clip_path()), 1)
    faces = Faces("base")
    (face,) = faces.find(frame.image, np.zeros((0, 4)), 1)
    roi = place_face(face).roi
    seen, mirrored = (faces.regressor(frame.image, r) for r in (roi, replace(roi, mirrored=True)))
    assert set(seen.points) == {"mesh478", "ibug68-3d", "ibug68"}
    for scheme, points in seen.points.items():
        off = np.linalg.norm((points - mirrored.points[scheme])[:, :2], axis=1)
        assert off.max() < 0.06 * roi.side, scheme
        both = seen.averaged(mirrored)
        np.testing.assert_allclose(both.points[scheme], face.points[scheme], atol=0.05 * roi.side)
