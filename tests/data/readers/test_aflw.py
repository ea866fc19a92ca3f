import sqlite3
from contextlib import closing

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from bauta.checks import InputError, SourceError
from bauta.data.readers import aflw, aflw19
from bauta.data.readers.aflw import rotation_of_aflw

TABLES = """
CREATE TABLE Databases (db_id TEXT, path TEXT, description TEXT);
CREATE TABLE FaceImages (image_id INTEGER PRIMARY KEY, db_id TEXT, file_id TEXT, filepath TEXT,
    bw INTEGER, width INTEGER, height INTEGER);
CREATE TABLE Faces (face_id INTEGER PRIMARY KEY, file_id TEXT, db_id TEXT);
CREATE TABLE FaceRect (face_id INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER,
    annot_type_id INTEGER);
CREATE TABLE FacePose (face_id INTEGER, roll REAL, pitch REAL, yaw REAL, annot_type_id INTEGER);
CREATE TABLE FaceMetaData (face_id INTEGER, sex TEXT, occluded INTEGER, glasses INTEGER, bw INTEGER,
    annot_type_id INTEGER);
CREATE TABLE FeatureCoordTypes (feature_id INTEGER, descr TEXT, code TEXT, x REAL, y REAL, z REAL);
CREATE TABLE FeatureCoords (face_id INTEGER, feature_id INTEGER, x REAL, y REAL);
INSERT INTO Databases VALUES ('flickr', 'flickr/', '');
INSERT INTO FaceImages VALUES (1, 'flickr', 'image00002.jpg', '0/image00002.jpg', 0, 40, 30);
INSERT INTO FaceImages VALUES (2, 'flickr', 'image00004.jpg', '2/image00004.jpg', 0, 40, 30);
INSERT INTO Faces VALUES (39341, 'image00002.jpg', 'flickr');
INSERT INTO Faces VALUES (39342, 'image00002.jpg', 'flickr');
INSERT INTO Faces VALUES (39343, 'image00004.jpg', 'flickr');
INSERT INTO FaceRect VALUES (39341, 10, 5, 20, 22, 1);
INSERT INTO FacePose VALUES (39341, 0.0, 0.0, 0.5235987755982988, 1);
INSERT INTO FacePose VALUES (39342, -6.283185307179586, -6.283185307179586, -6.283185307179586, 1);
INSERT INTO FaceMetaData VALUES (39341, 'f', 0, 1, 0, 1);
INSERT INTO FeatureCoords VALUES (39343, 15, 21.5, 17.0);
INSERT INTO FeatureCoords VALUES (39341, 1, 12.0, 8.25);
INSERT INTO FeatureCoords VALUES (39341, 21, 20.0, 27.0);
INSERT INTO FeatureCoords VALUES (39341, 13, -1.0, -1.0);
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "aflw.sqlite")) as base:
        base.executescript(TABLES)
    for file in ("0/image00002.jpg", "2/image00004.jpg"):
        path = tmp_path / "data" / "flickr" / file
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), np.full((30, 40, 3), 80, np.uint8))
    return tmp_path


def change(root, command):
    with closing(sqlite3.connect(root / "data" / "aflw.sqlite")) as base, base:
        base.execute(command)


def test_points_lie_where_they_were_clicked(root):
    first, second, third = aflw.read(root)
    assert first.scheme == "aflw21"
    assert first.points[0].tolist() == [12.0, 8.25]  # feature 1: continuous pixels, as ours
    assert first.points[20].tolist() == [20.0, 27.0]
    assert first.visible is not None
    assert np.flatnonzero(first.visible).tolist() == [0, 20]  # 13 was taken back
    assert np.isnan(first.points[12]).all()
    assert np.isnan(second.points).all()
    assert third.points[14].tolist() == [21.5, 17.0]


def test_faces_of_one_picture_have_names_of_their_own_and_stay_together(root):
    samples = list(aflw.read(root))
    names = ["0/image00002.jpg", "0/image00002.jpg#2", "2/image00004.jpg"]
    assert [s.name for s in samples] == names
    assert [s.person for s in samples] == ["image00002", "image00002", "image00004"]
    assert samples[1].picture().shape == (30, 40, 3)


def test_what_is_not_known_is_left_out(root):
    first, second, third = aflw.read(root)
    assert first.box is not None
    assert first.box.tolist() == [10, 5, 30, 27]
    expected = {"occluded": False, "glasses": True, "grey": False, "sex": "f"}
    assert first.attributes == expected
    assert second.box is None
    assert second.attributes == {}
    assert second.pose is None  # -2 pi marks a pose that could not be found
    assert third.pose is None


def test_yaw_points_the_other_way(root):
    assert next(aflw.read(root)).pose == pytest.approx((-30, 0, 0), abs=1e-9)


def test_roll_turns_the_other_way_and_pitch_the_same(root):
    change(root, "UPDATE FacePose SET roll = 0.17453292519943295, yaw = 0 WHERE face_id = 39341")
    assert next(aflw.read(root)).pose == pytest.approx((0, 0, -10), abs=1e-9)
    change(root, "UPDATE FacePose SET roll = 0, pitch = 0.3490658503988659 WHERE face_id = 39341")
    assert next(aflw.read(root)).pose == pytest.approx((0, 20, 0), abs=1e-9)


def test_roll_comes_before_yaw():
    # after rolling by 90 degrees about the nose the crown points along (0, 1, 0) of AFLW's axes,
    # the subject's right; after yaw 30 along (-sin 30, cos 30, 0), in camera axes (-y, z, -x)
    R = rotation_of_aflw(np.pi / 2, 0, np.pi / 6)
    np.testing.assert_allclose(R[:, 1], [-0.866025, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(R[:, 2], [-0.5, 0, -0.866025], atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(R), 1)


def test_wrong_databases_are_named(root):
    change(root, "INSERT INTO FeatureCoords VALUES (39341, 22, 1, 1)")
    with pytest.raises(SourceError, match="face 39341: feature 22, expected 1 to 21"):
        list(aflw.read(root))
    change(root, "DELETE FROM FeatureCoords WHERE feature_id = 22")
    change(root, "DROP TABLE FacePose")
    with pytest.raises(SourceError, match=r"aflw\.sqlite: not AFLW's database .*FacePose"):
        list(aflw.read(root))
    (root / "data" / "aflw.sqlite").write_bytes(b"not a database, but long enough to look at")
    with pytest.raises(SourceError, match=r"aflw\.sqlite: not AFLW's database"):
        list(aflw.read(root))
    (root / "data" / "aflw.sqlite").unlink()
    with pytest.raises(SourceError, match=r"aflw\.sqlite: missing"):
        list(aflw.read(root))


def table(**more):
    """AFLWinfo_release.mat of three faces, two of one picture."""
    names = np.empty((3, 1), object)
    names[:, 0] = ["0/image00002.jpg", "2/image00004.jpg", "0/image00002.jpg"]
    data = np.zeros((3, 38))
    data[1, :19], data[1, 19:] = np.arange(19) + 100.5, np.arange(19) + 200.25
    seen = np.ones((3, 19), np.uint8)
    seen[0, 5] = 0
    return {
        "bbox": np.array([[1, 31, 2, 42], [3, 33, 4, 44], [5, 35, 6, 46]], np.float64),
        "data": data,
        "mask_new": seen,
        "nameList": names,
        "ra": np.array([[2, 3, 1]], np.uint16),
        **more,
    }


@pytest.fixture
def root19(tmp_path, monkeypatch):
    monkeypatch.setattr(aflw19, "TRAIN", 1)
    savemat(tmp_path / "AFLWinfo_release.mat", table())
    (tmp_path / "flickr" / "2").mkdir(parents=True)
    picture = np.full((30, 40, 3), 80, np.uint8)
    cv2.imwrite(str(tmp_path / "flickr" / "2" / "image00004.jpg"), picture)
    return tmp_path


def test_the_permutation_counts_from_one_and_its_beginning_trains(root19):
    assert [s.name for s in aflw19.read(root19, "train")] == ["2/image00004.jpg"]
    test = ["0/image00002.jpg#2", "0/image00002.jpg"]
    assert [s.name for s in aflw19.read(root19, "test")] == test
    assert [s.name for s in aflw19.read(root19)] == ["2/image00004.jpg", *test]


def test_frontal_are_test_faces_of_which_all_is_seen(root19):
    (frontal,) = aflw19.read(root19, "frontal")
    assert frontal.name == "0/image00002.jpg#2"
    assert frontal.subset == "test"


def test_all_x_come_before_all_y_and_boxes_are_left_right_top_bottom(root19):
    (sample,) = aflw19.read(root19, "train")
    assert sample.scheme == "aflw19"
    assert sample.points[0].tolist() == [100.5, 200.25]
    assert sample.points[18].tolist() == [118.5, 218.25]
    assert sample.box is not None
    assert sample.box.tolist() == [3, 4, 33, 44]
    assert sample.picture().shape == (30, 40, 3)


def test_one_in_the_mask_is_seen(root19):
    hidden = list(aflw19.read(root19, "test"))[1].visible
    assert hidden is not None
    assert np.flatnonzero(~hidden).tolist() == [5]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ra": np.array([[0, 1, 2]])}, "ra: expected each of 1 to 3 once"),
        ({"ra": np.array([[1, 2]])}, "ra: expected each of 1 to 3 once"),
        ({"data": np.zeros((3, 42))}, "data: expected 3 x 38 numbers"),
        ({"nameList": np.zeros((3, 1))}, "nameList: expected names"),
    ],
)
def test_wrong_tables_are_named(root19, more, message):
    savemat(root19 / "AFLWinfo_release.mat", table(**more))
    with pytest.raises(SourceError, match=message):
        list(aflw19.read(root19))


def test_subsets_that_do_not_exist_are_refused(root, root19):
    with pytest.raises(InputError, match="no subset 'profile'"):
        list(aflw19.read(root19, "profile"))
    with pytest.raises(InputError, match="no subset 'train'"):
        list(aflw.read(root, "train"))
