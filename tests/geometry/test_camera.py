import json

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry.camera import Camera
from bauta.geometry.camera_file import read_camera
from sure import sure

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


@pytest.mark.parametrize("degrees", [1.0, 170.0])
@pytest.mark.parametrize("size", [(640, 480), (333, 517), (4032, 3024), (1080, 1920), (100, 64)])
def test_the_bounds_of_fov_hold_for_their_picture_too(size, degrees):
    camera = Camera.of_fov(*size, degrees=degrees)
    assert camera.for_picture(*size) is camera


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


WIDE = np.array([[500.0, 0, 640], [0, 500, 360], [0, 0, 1]])
CORNERS = np.array([[0.0, 0], [1280, 0], [0, 720], [1280, 720]])


def grid() -> np.ndarray:
    """(N, 2) places all over a picture of 1280 x 720, its corners among them."""
    across, down = np.linspace(0, 1280, 41), np.linspace(0, 720, 31)
    return np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)


def test_a_wide_lens_is_undone_to_the_corners_as_opencv_bends():
    """Twelve steps of the fixed-point iteration are up to 87 pixels off here."""
    cv2 = pytest.importorskip("cv2")
    lens = np.array([-0.3, 0.1, 0.0, 0.0])
    ideal = Camera(WIDE, lens).undistorted(grid())
    rays = np.column_stack([(ideal - WIDE[:2, 2]) / 500, np.ones(len(ideal))])
    seen = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), WIDE, lens)[0][:, 0]
    assert np.abs(seen - grid()).max() < 1e-3


@pytest.mark.parametrize(
    "lens",
    [
        [-0.35, 0.15, 0.0, 0.0, -0.03],  # each turns back inside the picture
        [0.1, -0.2, 0.0, 0.0],
        [-0.35, 0.15, 0.003, 0.01, -0.03],
        [-0.2, 0.0, 0.001, 0.001],
    ],
)
def test_a_lens_that_turns_back_inside_the_picture_goes_on_as_a_scale(lens):
    cv2 = pytest.importorskip("cv2")
    camera = Camera(WIDE, np.array(lens)).for_picture(1280, 720)
    ideal = camera.undistorted(grid())
    assert np.isfinite(ideal).all()
    rays = np.column_stack([(ideal - WIDE[:2, 2]) / 500, np.ones(len(ideal))])
    assert np.abs(camera.project(rays) - grid()).max() < 1e-3
    far = np.linalg.norm(rays[:, :2], axis=1)
    inside = far < sure(camera.lens).edge
    assert 0.5 < inside.mean() < 1
    theirs = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), WIDE, np.array(lens))[0][:, 0]
    assert np.abs(theirs - grid())[inside].max() < 1e-3
    # never wild: what is shown further out lies further out, by less than the double
    shown = np.linalg.norm(grid() - WIDE[:2, 2], axis=1) / 500
    assert (far[shown > 0] / shown[shown > 0]).max() < 2


def test_a_point_far_outside_the_picture_is_bent_and_unbent_as_well():
    camera = Camera(WIDE, np.array([-0.3, 0.1, 0.001, 0.0]))
    far = np.array([[1e6, 2e5], [-4e4, 9e5], [640.0, 360.0]])
    assert np.isfinite(camera.undistorted(far)).all()
    behind = camera.project(np.array([[30.0, 20, -5], [0, 0, 0]]))
    assert np.isfinite(behind).all()


@pytest.mark.parametrize("lens", [[-1e6, 0, 0, 0], [1e308, 0, 0, 0], [0, 0, 0, 0, 0, 1e9, 0, 0]])
def test_a_lens_that_turns_the_middle_over_is_refused(lens, recwarn):
    with pytest.raises(InputError, match="turns the middle of the picture over"):
        Camera(WIDE, np.array(lens))
    assert not recwarn


@pytest.mark.parametrize("lens", [[50.0, -50, 0, 0, 0], [-5.0, 0, 0, 0]])
def test_a_lens_that_no_camera_has_is_refused_for_the_picture(lens, recwarn):
    camera = Camera(Camera.of_fov(640, 360).K, np.array(lens))
    with pytest.raises(InputError, match="is no lens for a 640x360 picture"):
        camera.for_picture(640, 360)
    assert not recwarn


@pytest.mark.parametrize("f", [1e-9, 20.0, 1e5, 1e30])
def test_a_focal_length_that_no_picture_of_the_size_has_is_refused(f):
    camera = Camera(np.array([[f, 0, 320], [0, f, 180], [0, 0, 1]]))
    with pytest.raises(InputError, match=r"sees .* degrees of a 640x360 picture"):
        camera.for_picture(640, 360)
    with pytest.raises(InputError, match="640x360"):
        Camera(np.array([[500, 0, 320], [0, f, 180], [0, 0, 1]])).for_picture(640, 360)


def test_a_camera_of_pictures_of_another_size_is_noticed():
    K = np.array([[554.0, 0, 320], [0, 554, 180], [0, 0, 1]])
    assert Camera(K).for_picture(640, 360).K is not None
    for size in ((400, 300), (640, 480), (1280, 720), (360, 640), (320, 180)):
        with pytest.raises(
            InputError, match=rf"\(320, 180\) is far from the middle of a {size[0]}x"
        ):
            Camera(K).for_picture(*size)


def test_with_its_size_a_camera_is_brought_to_pictures_of_the_same_shape():
    camera = Camera(
        np.array([[554.0, 2, 330], [0, 550, 170], [0, 0, 1]]), np.full(4, 0.01), (640, 360)
    )
    small = camera.for_picture(320, 180)
    assert small.K.tolist() == [[277, 1, 165], [0, 275, 85], [0, 0, 1]]
    assert (small.size, small.distortion.tolist()) == ((320, 180), [0.01] * 4)
    at = np.array([[3.0, -2, 20]])
    assert small.project(at) == pytest.approx(camera.project(at) / 2)
    assert camera.for_picture(640, 360) is camera
    for size in ((640, 480), (360, 640)):
        with pytest.raises(InputError, match="is for pictures of 640x360, not of"):
            camera.for_picture(*size)


def test_a_cut_says_its_size_and_may_lie_off_the_axis():
    K = np.array([[554.0, 0, 500], [0, 554, 40], [0, 0, 1]])
    assert Camera(K, size=(300, 300)).for_picture(300, 300).K[0, 2] == 500
    with pytest.raises(InputError, match="far from the middle"):
        Camera(np.array([[554.0, 0, 5000], [0, 554, 40], [0, 0, 1]]), size=(300, 300)).for_picture(
            300, 300
        )


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
        np.array([[500.0, 0, 320], [3, 500, 240], [0, 0, 1]]),
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
        ('{"k": 3}', "unknown 'k'; expected"),
        ('{"K": [], "size": [6, 4], "image_width": 4, "image_height": 6}', "say one"),
        ('{"K": [], "distortion_coefficients": []}', "our names and OpenCV's"),
        ('{"distortion": []}', 'expected {"K"'),
        ('{"K": [], "camera_matrix": []}', "our names and OpenCV's"),
        ('{"camera_matrix": {"rows": 3, "data": [1]}}', "K: expected a list of numbers"),
        ('{"camera_matrix": [], "fisheye_model": 1}', "fisheye"),
        ('{"K": [[500, 0, 3], [0, 500, 2], [0, 0, 1]], "size": [640]}', r"size: expected \[width"),
        ('{"K": [[500, 0, 3], [0, 500, 2], [0, 0, 1]], "size": "640x360"}', "size: expected"),
        ('{"camera_matrix": [[1]], "image_width": 640}', "size: expected"),
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


MISSPELT = ["dist", "distorsion", "Distortion", "distCoeffs", "dist_coeffs", "distortion_coef", "D"]
MISSPELT += ["camera-matrix", "cameraMatrix", "mtx", "k1", "Size", "sizes", "image_widht"]


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_name_is_refused(tmp_path, name):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps({"K": K.tolist(), name: [0.1, 0, 0, 0]}))
    with pytest.raises(InputError, match=f"unknown '{name}'; expected"):
        read_camera(path)


def test_what_a_script_writes_beside_the_camera_is_passed_over(tmp_path):
    names = ["rms", "note", "date", "camera", "camera_model", "distortion_model", "fov", "rvecs"]
    names += ["image_count", "image_points", "board_width", "board_height", "board_size", "flags"]
    path = tmp_path / "camera.json"
    beside = dict.fromkeys(names, "x") | {"image_width": 600, "image_height": 400}
    path.write_text(json.dumps({"K": K.tolist(), "distortion": [0.1, 0, 0, 0]} | beside))
    camera = read_camera(path)
    assert camera.size == (600, 400)
    assert camera.distortion.tolist() == [0.1, 0, 0, 0]
    path.write_text(json.dumps({"K": K.tolist(), "size": [600, 400]} | beside))
    assert read_camera(path).size == (600, 400)


@pytest.mark.parametrize("nothing", ["null", "[]"])
def test_a_file_may_say_that_there_is_no_lens(tmp_path, nothing):
    path = tmp_path / "camera.json"
    path.write_text(f'{{"K": {K.tolist()}, "distortion": {nothing}, "size": null}}')
    camera = read_camera(path)
    assert camera.lens is None
    assert camera.size is None


def test_a_file_of_opencv_is_read_under_its_own_names(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "camera.json"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in {
        "image_width": 600,
        "image_height": 400,
        "avg_reprojection_error": 0.3,
    }.items():
        file.write(name, value)
    file.write("camera_matrix", K)
    file.write("distortion_coefficients", np.array([[-0.25], [0.08], [0.0], [0.0], [0.01]]))
    file.release()
    camera = read_camera(path)
    assert camera.K.tolist() == [[500, 0, 300.5], [0, 510, 200.5], [0, 0, 1]]
    assert camera.distortion.tolist() == [-0.25, 0.08, 0, 0, 0.01]
    assert camera.size == (600, 400)
    path.write_text(json.dumps({"camera_matrix": K.tolist()}))
    assert read_camera(path).size is None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        read_camera(tmp_path / "none.json")


def test_what_is_seen_at_a_depth_is_where_it_was():
    camera = Camera(np.array([[500.0, 3, 310], [0, 480, 250], [0, 0, 1]]))
    points = np.random.default_rng(0).uniform((-10, -10, 40), (10, 10, 90), (20, 3))
    np.testing.assert_allclose(camera.at_depth(camera.project(points), points[:, 2]), points)
