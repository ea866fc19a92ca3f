import numpy as np
import pytest

from bauta.geometry import affine


@pytest.fixture
def T() -> np.ndarray:
    return affine.similarity(np.array([120.0, 80.0]), 50.0, np.radians(30), 112)


def test_the_centre_of_the_square_is_the_middle_of_the_crop(T):
    assert affine.apply(T, np.array([[120.0, 80.0]])) == pytest.approx(np.array([[56.0, 56.0]]))


def test_a_point_right_of_the_centre_of_a_clockwise_square_lies_up_in_the_crop(T):
    x, y = affine.apply(T, np.array([[130.0, 80.0]]))[0]
    scale = 112 / 50
    assert (x, y) == pytest.approx(
        (56 + 10 * scale * np.cos(np.radians(30)), 56 - 10 * scale * 0.5), abs=1e-4
    )


def test_inverse_undoes(T):
    points = np.array([[1.0, 2.0], [300.0, -7.0]])
    assert affine.apply(affine.invert(T), affine.apply(T, points)) == pytest.approx(
        points, abs=1e-3
    )


def test_composition_is_one_after_the_other(T):
    other = affine.similarity(np.array([50.0, 50.0]), 20.0, 0.3, 64)
    points = np.array([[100.0, 90.0], [120.0, 60.0]])
    expected = affine.apply(other, affine.apply(T, points))
    assert affine.apply(affine.compose(other, T), points) == pytest.approx(expected, abs=1e-3)


def test_depth_is_scaled_like_the_plane(T):
    assert affine.apply(T, np.array([[0.0, 0.0, 5.0]]))[0, 2] == pytest.approx(5 * 112 / 50)


def test_a_pixel_keeps_its_place_through_an_opencv_warp():
    """Pixel (x, y) covers x..x+1; enlarged 4 times its centre is at 4 (x + 0.5)."""
    import cv2

    image = np.zeros((8, 8), np.float32)
    image[2, 5] = 1
    T = affine.similarity(np.array([4.0, 4.0]), 8.0, 0.0, 32)
    big = cv2.warpAffine(image, affine.for_opencv(T), (32, 32))
    y, x = np.mgrid[:32, :32] + 0.5
    centroid = (big * x).sum() / big.sum(), (big * y).sum() / big.sum()
    assert centroid == pytest.approx((4 * 5.5, 4 * 2.5), abs=1e-3)


def test_points_of_any_shape_and_kind_are_mapped():
    T = affine.similarity(np.array([120.0, 80.0]), 50, 0.3, 112)
    points = np.random.default_rng(0).uniform(0, 300, (4, 5, 3))
    expected = points[..., :2] @ T[:, :2].T + T[:, 2]
    for kind in (np.float64, np.float32, np.float16):
        found = affine.apply(T, points.astype(kind))
        assert found.dtype == np.float32
        assert found[..., :2] == pytest.approx(expected, abs=0.5 if kind == np.float16 else 1e-3)
    assert affine.apply(T, points[..., :2].transpose(1, 0, 2)) == pytest.approx(
        expected.transpose(1, 0, 2), abs=1e-3
    )
    assert affine.apply(T, np.array([7, 9])) == pytest.approx(T[:, :2] @ [7, 9] + T[:, 2], abs=1e-3)
    assert affine.apply(T, np.zeros((0, 3))).shape == (0, 3)


def test_an_unknown_depth_says_nothing_of_x_and_y():
    T = affine.similarity(np.array([120.0, 80.0]), 50, 0.3, 112)
    known, unknown = np.array([[10.0, 20, 1]]), np.array([[10.0, 20, np.nan]])
    found = affine.apply(T, unknown)
    assert found[:, :2] == pytest.approx(affine.apply(T, known)[:, :2])
    assert np.isnan(found[0, 2])
