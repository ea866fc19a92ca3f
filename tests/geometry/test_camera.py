import json

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry.camera import Camera, read_camera

K = np.array([[500.0, 0, 300.0], [0, 510.0, 200.0], [0, 0, 1.0]])


def test_a_point_on_the_axis_lies_on_the_principal_point():
    assert Camera(K).project(np.array([0.0, 0, 70])).tolist() == [300, 200]


def test_a_point_off_the_axis_by_hand():
    # 10 cm right and 5 cm up at 50 cm: u = 500 * 10/50 + 300, v = 510 * -5/50 + 200
    assert Camera(K).project(np.array([10.0, -5, 50])) == pytest.approx([400, 149])


def test_what_stands_off_centre_is_seen_from_the_side():
    """The same head in the corner of the picture is not the same picture shifted."""
    camera = Camera.of_fov(640, 480)
    ear_to_ear = np.array([[-7.0, 0, 0], [7, 0, 0], [0, 0, -9]])
    middle = camera.project(ear_to_ear + np.array([0, 0, 50]))
    corner = camera.project(ear_to_ear + np.array([20, 0, 50]))
    assert (corner[2] - corner[:2].mean(0))[0] > (middle[2] - middle[:2].mean(0))[0] + 30


def test_fov_is_across_the_longer_side():
    for size in ((640, 480), (480, 640)):
        camera = Camera.of_fov(*size, 90.0)
        assert camera.K[0, 0] == pytest.approx(320)  # half the side over tan 45
        assert camera.K[:2, 2].tolist() == [size[0] / 2, size[1] / 2]


@pytest.mark.parametrize("degrees", [0.0, 0.5, 171.0, 180.0, -60.0, float("nan")])
def test_an_impossible_fov_is_refused(degrees):
    with pytest.raises(InputError, match="field of view: expected 1 to 170 degrees"):
        Camera.of_fov(640, 480, degrees)


LENSES = [
    [-0.25, 0.08, 0.001, -0.002],
    [-0.25, 0.08, 0.001, -0.002, 0.01],
    [0.1, -0.05, 0.0, 0.0, 0.01, 0.2, 0.01, 0.0],
]


@pytest.mark.parametrize("lens", LENSES)
def test_undistorted_is_the_inverse_of_the_lens(lens):
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-20, 20, 50), rng.uniform(-15, 15, 50), np.full(50, 50)])
    seen = Camera(K, np.array(lens)).project(points)
    ideal = Camera(K).project(points)
    assert np.abs(seen - ideal).max() > 1
    assert np.abs(Camera(K, np.array(lens)).undistorted(seen) - ideal).max() < 0.05


@pytest.mark.parametrize("lens", LENSES)
def test_the_lens_is_opencvs(lens):
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    points = rng.uniform([-20, -15, 45], [20, 15, 55], (40, 3))
    theirs = cv2.projectPoints(points, np.zeros(3), np.zeros(3), K, np.array(lens))[0][:, 0]
    assert np.abs(Camera(K, np.array(lens)).project(points) - theirs).max() < 1e-6


def test_without_a_lens_nothing_is_undone():
    pixels = np.array([[3.0, 4.0]])
    assert Camera(K).undistorted(pixels) is pixels


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((3, 3)),
        np.diag([500.0, 500, 0]),
        np.diag([-500.0, 500, 1]),
        np.full((3, 3), np.nan),
        np.eye(4),
    ],
)
def test_a_singular_camera_is_refused(bad):
    with pytest.raises(InputError, match="camera K"):
        Camera(bad)


@pytest.mark.parametrize("lens", [[0.1], [0.1] * 6, [np.inf] * 4])
def test_a_lens_of_another_model_is_refused(lens):
    with pytest.raises(InputError, match="distortion: expected 0, 4, 5 or 8"):
        Camera(K, np.array(lens))


def test_a_file_counts_from_pixel_centres(tmp_path):
    """OpenCV's calibration puts 0 at the middle of the first pixel; ours at its corner."""
    path = tmp_path / "camera.json"
    path.write_text(json.dumps({"K": K.tolist(), "distortion": [0.1, 0, 0, 0]}))
    camera = read_camera(path)
    assert camera.K[:2, 2].tolist() == [300.5, 200.5]
    assert camera.K[0, 0] == 500
    assert camera.distortion.tolist() == [0.1, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("no json", "not JSON"),
        ("[1, 2]", "expected"),
        ('{"k": 3}', "expected"),
        ('{"K": [[1, 0], [0, 1]]}', "camera K"),
        ('{"K": "x"}', "camera"),
        ('{"K": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}', "positive focal"),
        ('{"K": [[500, 0, 3], [0, 500, 2], [0, 0, 1]], "distortion": [1]}', "distortion"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path, text, match):
    path = tmp_path / "camera.json"
    path.write_text(text)
    with pytest.raises(InputError, match=match) as error:
        read_camera(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        read_camera(tmp_path / "none.json")


def test_what_is_seen_at_a_depth_is_where_it_was():
    camera = Camera(np.array([[500.0, 3, 310], [0, 480, 250], [0, 0, 1]]))
    points = np.random.default_rng(0).uniform((-10, -10, 40), (10, 10, 90), (20, 3))
    np.testing.assert_allclose(camera.at_depth(camera.project(points), points[:, 2]), points)
