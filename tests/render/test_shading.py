import numpy as np
import pytest

from bauta.checks import InputError
from bauta.render.shading import blend, hemisphere, lambert, sample


def test_lambert_is_the_cosine_and_never_negative():
    normals = np.array([[0, 0, 1], [0, np.sqrt(3) / 2, 0.5], [1, 0, 0], [0, 0, -1]])
    np.testing.assert_allclose(lambert(normals, np.array([0, 0, 9.0])), [1, 0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(lambert(normals, np.array([0, 0, 1.0]), 0.2)[[0, 3]], [1, 0.2])


def test_the_hemisphere_runs_from_ground_to_sky():
    normals = np.array([[0, 1.0, 0], [0, -1, 0], [1, 0, 0]])
    light = hemisphere(normals, np.array([0, 1, 0]), np.array([1, 1, 1]), np.array([0, 0.5, 0]))
    np.testing.assert_allclose(light, [[1, 1, 1], [0, 0.5, 0], [0.5, 0.75, 0.5]])


def test_a_texture_is_read_between_its_pixels():
    pytest.importorskip("numba", reason="sampling needs numba")
    # 2 x 2, one channel: upper row 0 10, lower row 20 30; v points upwards
    texture = np.array([[[0], [10]], [[20], [30]]])
    uv = np.array([[0.25, 0.75], [0.75, 0.75], [0.25, 0.25], [0.5, 0.5], [0.5, 0.75], [-3, 9]])
    np.testing.assert_allclose(sample(texture, uv)[:, 0], [0, 10, 20, 15, 5, 0], atol=1e-5)
    assert sample(texture, np.zeros((3, 4, 2))).shape == (3, 4, 1)
    with pytest.raises(InputError, match="texture"):
        sample(np.zeros((4, 4)), uv)


def test_a_layer_covers_by_its_share():
    image = np.full((4, 4, 3), 100, np.uint8)
    cover = np.zeros((4, 4), np.float32)
    cover[1, 1], cover[1, 2] = 1, 0.5
    blend(image, 200 * cover[..., None].repeat(3, 2), cover)
    assert image[1, 1, 0] == 200
    assert image[1, 2, 0] == 150
    assert (image[0] == 100).all()
    blend(image, 200 * cover[..., None].repeat(3, 2), cover, opacity=0.0)
    assert image[1, 1, 0] == 200
