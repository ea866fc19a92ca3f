import cv2
import numpy as np
import pytest
from scipy.io import savemat

from bauta.checks import InputError, SourceError
from bauta.data.readers import aflw2000, p300w_lp
from bauta.data.readers.fitted import rotation_of_3ddfa
from bauta.geometry.rotation import to_angles
from torch7_bytes import tensor_bytes


def draw(path, level=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((450, 450, 3), level, np.uint8)
    image[:, :225, 2] = 250  # OpenCV's order: red on the left
    cv2.imwrite(str(path), image)


def parameters(pitch, yaw, roll, **more):
    """The variables of a .mat of 300W-LP, all that the real ones have."""
    return {
        "Color_Para": np.array([[1, 1, 1, 0, 0, 0, 1]], np.float64),
        "Exp_Para": np.zeros((29, 1)),
        "Illum_Para": np.zeros((1, 10)),
        "Pose_Para": np.array([[pitch, yaw, roll, 220.5, 230.25, -60.0, 0.0011]]),
        "Shape_Para": np.zeros((199, 1)),
        "Tex_Para": np.zeros((199, 1)),
        "pt2d": np.zeros((2, 68)),
        "roi": np.array([[101, 52, 550, 501]], np.int16),
        **more,
    }


@pytest.fixture
def lp(tmp_path):
    for part in ("AFW", "AFW_Flip"):
        for stem in ("AFW_134212_1_0", "AFW_134212_1_3", "AFW_134212_2_0"):
            draw(tmp_path / part / f"{stem}.jpg")
            savemat(tmp_path / part / f"{stem}.mat", parameters(0.0, 0.0, 0.0))
    flat = np.stack([np.arange(68.0) + 100, np.arange(68.0) + 200], 1)
    (tmp_path / "landmarks" / "AFW").mkdir(parents=True)
    for stem in ("AFW_134212_1_0", "AFW_134212_1_3", "AFW_134212_2_0"):
        content = {"pts_2d": flat, "pts_3d": flat + np.array([0.25, 1])}
        savemat(tmp_path / "landmarks" / "AFW" / f"{stem}_pts.mat", content)
    return tmp_path


def test_both_kinds_of_68_points_count_from_one(lp):
    sample = next(p300w_lp.read(lp, "AFW"))
    assert sample.name == "AFW/AFW_134212_1_0.jpg"
    assert sample.scheme == "ibug68-3d"
    assert sample.points[0].tolist() == [99.75, 200.5]  # (100.25, 201) - 0.5
    outline = sample.label("ibug68")
    assert outline is not None
    assert outline.points[67].tolist() == [166.5, 266.5]


def test_copies_of_a_face_stay_together(lp):
    people = [sample.person for sample in p300w_lp.read(lp, "AFW")]
    assert people == ["AFW_134212_1", "AFW_134212_1", "AFW_134212_2"]
    assert [sample.person for sample in p300w_lp.read(lp, "AFW_Flip")] == people


def test_the_mirrored_half_has_mirrored_points(lp):
    sample = next(p300w_lp.read(lp, "AFW_Flip"))
    # point 0 is the mirror of point 16, at (116.25, 217): 450 - (116.25 - 0.5), 217 - 0.5
    assert sample.points[0].tolist() == [334.25, 216.5]
    # the outer corner of the right eye (36) is the left's (45)
    outline = sample.label("ibug68")
    assert outline is not None
    assert outline.points[36].tolist() == [450 - 144.5, 244.5]


def test_landmarks_of_the_mirrored_half_are_taken_where_there_are_some(lp):
    (lp / "landmarks" / "AFW_Flip").mkdir()
    own = {"pts_2d": np.full((68, 2), 7.0), "pts_3d": np.full((68, 2), 9.0)}
    savemat(lp / "landmarks" / "AFW_Flip" / "AFW_134212_1_0_pts.mat", own)
    assert next(p300w_lp.read(lp, "AFW_Flip")).points[0].tolist() == [8.5, 8.5]


def test_pictures_are_read_when_asked_for_as_rgb(lp):
    sample = next(p300w_lp.read(lp, "AFW"))
    image = sample.picture()
    assert image.shape == (450, 450, 3)
    assert image[100, 50, 0] > 230 > 120 > image[100, 50, 2]
    (lp / "AFW" / "AFW_134212_1_0.jpg").unlink()
    with pytest.raises(SourceError, match=r"AFW_134212_1_0\.jpg"):
        sample.picture()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ((0, np.pi / 6, 0), (-30, 0, 0)),  # 3DDFA's yaw is towards the left of the image
        ((np.pi / 9, 0, 0), (0, 20, 0)),
        ((0, 0, np.pi / 18), (0, 0, 10)),
    ],
)
def test_angles_change_sign_where_the_conventions_do(lp, stored, expected):
    savemat(lp / "AFW" / "AFW_134212_1_0.mat", parameters(*stored))
    sample = next(p300w_lp.read(lp, "AFW"))
    assert sample.pose == pytest.approx(expected, abs=1e-9)
    own = [sample.attributes[f"{name}_3ddfa"] for name in ("pitch", "yaw", "roll")]
    assert own == pytest.approx(list(np.degrees(stored)))


def test_pitch_and_yaw_together_follow_3ddfas_order():
    # R = Rx Ry: the nose (-sin y, cos y sin p, cos y cos p) and the crown (0, cos p, -sin p) in
    # axes with y up and z towards the camera; ours have y down and z away
    R = rotation_of_3ddfa(np.radians(45), np.radians(30), 0)
    np.testing.assert_allclose(R[:, 2], [-0.5, -0.612372, -0.612372], atol=1e-6)
    np.testing.assert_allclose(R[:, 1], [0, -0.707107, 0.707107], atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(R), 1)
    # asin(-0.5 / cos pitch) with pitch = asin(0.612372): not 3DDFA's own 30 and 45
    yaw, pitch, roll = to_angles(R)
    assert (yaw, pitch) != pytest.approx((-30, 45), abs=1)
    assert abs(roll) > 10


def test_the_first_missing_file_is_named(lp):
    with pytest.raises(SourceError, match="HELEN: no such folder"):
        list(p300w_lp.read(lp, ""))
    with pytest.raises(SourceError, match="nowhere: no such folder"):
        list(p300w_lp.read(lp / "nowhere", "AFW"))
    (lp / "landmarks" / "AFW" / "AFW_134212_1_3_pts.mat").unlink()
    with pytest.raises(SourceError, match=r"landmarks/AFW/AFW_134212_1_3_pts\.mat: missing"):
        list(p300w_lp.read(lp, "AFW"))
    (lp / "AFW" / "AFW_134212_1_0.mat").unlink()
    with pytest.raises(SourceError, match=r"AFW_134212_1_0\.mat: missing"):
        list(p300w_lp.read(lp, "AFW"))
    with pytest.raises(InputError, match="no subset 'XM2VTS'"):
        list(p300w_lp.read(lp, "XM2VTS"))


@pytest.fixture
def aflw3d(tmp_path):
    root = tmp_path / "AFLW2000-3D"
    points = np.stack([np.arange(68.0), np.arange(68.0) + 10, np.zeros(68)])
    points[2, 30] = 68.0  # the tip of the nose nearest to the camera; the mean is 1
    seen = np.stack([np.arange(21.0) + 1, np.arange(21.0) + 2])
    seen[:, 12] = -1  # an ear that cannot be seen
    for name in ("image00002", "image00004", "image00006"):
        draw(root / f"{name}.jpg")
        more = {"pt3d_68": points, "pt2d": seen}
        savemat(root / f"{name}.mat", parameters(0.1, 0.2, 0.3, **more))
    return root


def test_depth_grows_away_from_the_camera(aflw3d):
    sample = next(aflw2000.read(aflw3d))
    assert sample.labels[0].truth == "original"
    assert sample.points[0].tolist() == [-0.5, 9.5, 1.0]
    assert sample.points[30].tolist() == [29.5, 39.5, -67.0]


def test_aflws_points_are_unknown_where_it_has_none(aflw3d):
    labels = next(aflw2000.read(aflw3d)).label("aflw21")
    assert labels is not None
    assert labels.points[0].tolist() == [0.5, 1.5]
    assert labels.visible is not None
    assert labels.visible.tolist() == [k != 12 for k in range(21)]
    assert np.isnan(labels.points[12]).all()
    assert np.isfinite(np.delete(labels.points, 12, 0)).all()


def test_without_the_tables_there_is_one_truth_and_no_yaw(aflw3d):
    sample = next(aflw2000.read(aflw3d))
    assert sample.label("ibug68-3d", "re-annotated") is None
    assert not {"yaw_fitted", "yaw_aflw"} & set(sample.attributes)


@pytest.mark.parametrize("place", [".", "test.configs", "..", "../test.configs"])
def test_tables_go_by_the_sorted_names(aflw3d, place):
    folder = aflw3d / place
    folder.mkdir(exist_ok=True)
    np.save(folder / "AFLW2000-3D.pose.npy", np.array([1.5, -45.0, 93.0]))
    np.save(folder / "AFLW2000-3D-new.pose.npy", np.array([2.0, 50.0, -70.0], np.float32))
    second = np.zeros((3, 2, 68), np.float32)
    second[1, 0, 8], second[1, 1, 8] = 30.0, 40.0
    np.save(folder / "AFLW2000-3D-Reannotated.pts68.npy", second)
    samples = list(aflw2000.read(aflw3d))
    assert [s.name for s in samples] == ["image00002.jpg", "image00004.jpg", "image00006.jpg"]
    assert [s.attributes["yaw_fitted"] for s in samples] == [1.5, -45.0, 93.0]
    assert [s.attributes["yaw_aflw"] for s in samples] == [2.0, 50.0, -70.0]
    labels = samples[1].label("ibug68-3d", "re-annotated")
    assert labels is not None
    assert labels.points.shape == (68, 2)
    assert labels.points[8].tolist() == [30.5, 40.5]
    assert samples[1].labels[0].truth == "original"


def test_a_list_beside_the_tables_gives_their_order(aflw3d):
    (aflw3d / "AFLW2000-3D_crop.list").write_text(
        "image00006.jpg\nimage00008.jpg\nimage00004.jpg\nimage00002.jpg\n"
    )
    np.save(aflw3d / "AFLW2000-3D.pose.npy", np.array([6.0, 8.0, 4.0, 2.0]))
    assert [s.attributes["yaw_fitted"] for s in aflw2000.read(aflw3d)] == [2.0, 4.0, 6.0]


def test_ls3d_w_is_read_from_its_own_files(aflw3d):
    folder = aflw3d.parent / "AFLW2000-3D-Reannotated"
    folder.mkdir()
    values = [float(k) for k in range(136)]  # x0 y0 x1 y1 ...
    for name in ("image00002", "image00004"):
        (folder / f"{name}.t7").write_bytes(tensor_bytes(values, [68, 2], [2, 1]))
    reader = aflw2000.read(aflw3d)
    labels = next(reader).label("ibug68-3d", "re-annotated")
    assert labels is not None
    assert labels.points[1].tolist() == [2.5, 3.5]
    next(reader)
    with pytest.raises(SourceError, match=r"image00006\.t7"):
        next(reader)


def test_tables_of_another_length_are_refused(aflw3d):
    np.save(aflw3d / "AFLW2000-3D.pose.npy", np.zeros(2000))
    with pytest.raises(SourceError, match=r"AFLW2000-3D\.pose\.npy: .* expected 3 numbers"):
        list(aflw2000.read(aflw3d))
    (aflw3d / "AFLW2000-3D.pose.npy").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"AFLW2000-3D\.pose\.npy: not a readable"):
        list(aflw2000.read(aflw3d))


def test_an_empty_folder_is_told_what_is_missing(tmp_path):
    with pytest.raises(SourceError, match=r"image00002\.jpg: missing"):
        list(aflw2000.read(tmp_path))
