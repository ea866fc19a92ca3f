"""A head painted with known colours is filmed by the rasteriser and unwrapped again."""

import numpy as np
import pytest

pytest.importorskip("numba", reason='textures need numba: pip install "bauta[render]"')

from dataclasses import replace

from bauta.export.atlas import EYE_RADIUS, atlas_of
from bauta.export.texture import to_jpeg, unwrap
from bauta.geometry.camera import Camera
from bauta.geometry.frames import pose_matrix
from bauta.geometry.rotation import from_angles
from bauta.render.raster import rasterise
from moving_head import moving_head

SIZE = 256
PICTURE = (640, 480)


def filmed(yaw):
    """A frame whose skin is red growing to the subject's left and green growing upwards."""
    T = pose_matrix(from_angles(yaw, 0, 0), np.array([0.0, 2, 45]))
    animation = replace(
        moving_head(1), matrices=T[None], camera=Camera.of_fov(*PICTURE), picture=PICTURE
    )
    points = animation.vertices(0) @ T[:3, :3].T + T[:3, 3]
    raster = rasterise(points, animation.model.triangles, animation.camera, PICTURE)
    picture = raster.interpolate(animation.model.triangles, colours(animation))
    return animation, np.where(raster.triangle[..., None] >= 0, picture, 255).astype(np.uint8)


def colours(animation):
    x, y, _ = animation.model.mean.T
    return np.stack([128 + 8 * x, 128 + 5 * y, np.full(len(x), 40.0)], 1).clip(0, 255)


def at(texture, uv):
    x, y = np.floor(uv * SIZE * (1, -1) + (0, SIZE)).astype(int).T
    return texture[y.clip(0, SIZE - 1), x.clip(0, SIZE - 1)].astype(float)


def front(animation, atlas):
    """Corners on the middle of the face: forehead, nose, cheeks."""
    x, y, z = animation.model.mean[atlas.vertex].T
    skin = np.isin(np.arange(len(x)), atlas.triangles[atlas.skin])
    return skin & (np.abs(x) < 4) & (y > -3.1) & (y < 5.4) & (z > 1.1) & (np.abs(y - 0.4) > 1.5)


def test_what_is_seen_comes_back_in_its_place():
    animation, picture = filmed(0)
    atlas = atlas_of(animation.model)
    texture = unwrap(animation, 0, picture, SIZE)
    assert texture.shape == (SIZE, SIZE, 3)
    rows = front(animation, atlas)
    assert rows.sum() > 100
    error = np.abs(at(texture, atlas.uv[rows]) - colours(animation)[atlas.vertex[rows]])
    assert np.median(error) < 4
    assert np.percentile(error, 90) < 16


def test_what_is_not_seen_has_the_median_colour():
    animation, picture = filmed(60)  # to the own left: the left cheek is hidden
    atlas = atlas_of(animation.model)
    texture = unwrap(animation, 0, picture, SIZE)
    x, y, z = animation.model.mean[atlas.vertex].T
    skin = np.isin(np.arange(len(x)), atlas.triangles[atlas.skin])
    back = skin & (z < -12) & (y > 0.4)
    hidden = at(texture, atlas.uv[back])
    assert hidden.std(0).max() < 3
    # the background, which is white, is nowhere
    assert (at(texture, atlas.uv[skin])[:, 2] < 120).mean() > 0.98


def test_eyes_are_painted_where_the_layout_has_them():
    animation, picture = filmed(0)
    atlas = atlas_of(animation.model)
    texture = unwrap(animation, 0, picture, SIZE)
    for middle in atlas.eyes.values():
        pupil, white = at(texture, np.add(middle, [(0, 0), (0.7 * EYE_RADIUS, 0)]))
        assert pupil.max() < 60
        assert white.min() > 200


def test_a_jpeg_opens_again():
    import cv2

    animation, picture = filmed(0)
    texture = unwrap(animation, 0, picture, SIZE)
    back = cv2.imdecode(np.frombuffer(to_jpeg(texture), np.uint8), cv2.IMREAD_COLOR)
    assert back is not None
    assert np.abs(back[..., ::-1].astype(int) - texture).mean() < 6
