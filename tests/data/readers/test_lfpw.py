"""LFPW: tab-separated lists of addresses, workers, and x, y, t of 35 points."""

import pytest

import tiny_pictures
from bauta import schemes
from bauta.checks import SourceError
from bauta.data.readers import lfpw

NAMES = (
    "left_eyebrow_out right_eyebrow_out left_eyebrow_in right_eyebrow_in left_eyebrow_center_top "
    "left_eyebrow_center_bottom right_eyebrow_center_top right_eyebrow_center_bottom left_eye_out "
    "right_eye_out left_eye_in right_eye_in left_eye_center_top left_eye_center_bottom "
    "right_eye_center_top right_eye_center_bottom left_eye_pupil right_eye_pupil left_nose_out "
    "right_nose_out nose_center_top nose_center_bottom left_mouth_out right_mouth_out "
    "mouth_center_top_lip_top mouth_center_top_lip_bottom mouth_center_bottom_lip_top "
    "mouth_center_bottom_lip_bottom left_ear_top right_ear_top left_ear_bottom right_ear_bottom "
    "left_ear_canal right_ear_canal chin"
)
COLUMNS = NAMES.split()
HEADER = "\t".join(["imgurl", "worker", *(f"{name}_{axis}" for name in COLUMNS for axis in "xyt")])


def line(address: str, worker: str, hidden: str = "", kind: int = 1, shift: float = 0.0) -> str:
    """Point k of the 35 lies at (100 + k + shift, 200 + k); `hidden` has type `kind`."""
    cells = [address, worker]
    for k, name in enumerate(COLUMNS):
        cells += [f"{100 + k + shift:.3f}", f"{200 + k}.5", str(kind if name == hidden else 0)]
    return "\t".join(cells)


@pytest.fixture
def root(tmp_path):
    one, two, three = (f"http://pictures.example/{n}/face_{n}.jpg" for n in (1, 2, 3))
    tiny_pictures.text(
        tmp_path / "kbvt_lfpw_v1_train.csv",
        HEADER,
        line(one, "worker_0", shift=3),
        line(one, "worker_1", shift=-3),
        line(one, "average", "left_eye_in"),
        line(two, "average"),
        line(three, "average", "chin", 2),
    )
    tiny_pictures.text(tmp_path / "kbvt_lfpw_v1_test.csv", HEADER, line(f"{one}?x=1", "average"))
    tiny_pictures.write(tmp_path / "train/face_1.jpg")
    tiny_pictures.write(tmp_path / "train/train000003.jpg")  # the third average
    tiny_pictures.write(tmp_path / "trainset/image_0002.png")  # iBUG's, of another count
    tiny_pictures.write(tmp_path / "test/face_1.jpg")
    return tmp_path


def test_averages_whose_pictures_are_there_are_read(root):
    found = [(sample.name, sample.subset) for sample in lfpw.read(root)]
    assert found == [
        ("train/face_1.jpg", "train"),
        ("train/train000003.jpg", "train"),
        ("test/face_1.jpg", "test"),
    ]


def test_the_29_points_are_the_first_28_and_the_chin(root):
    sample = next(lfpw.read(root))
    assert sample.scheme == "lfpw29"
    assert sample.points[0].tolist() == [100.5, 201.0]
    assert sample.points[27].tolist() == [127.5, 228.0]
    assert sample.points[28].tolist() == [134.5, 235.0]  # the last of the 35


def test_type_0_is_visible_and_every_other_hidden(root):
    first, third, _ = lfpw.read(root)
    assert first.visible is not None
    assert third.visible is not None
    assert [k for k in range(29) if not first.visible[k]] == [10]
    assert [k for k in range(29) if not third.visible[k]] == [28]


def test_left_in_the_names_is_the_subjects_right():
    scheme = schemes.get("lfpw29")
    right, left = scheme.regions["right_eye"], scheme.regions["left_eye"]
    assert {COLUMNS[k].split("_")[0] for k in right} == {"left"}
    assert {COLUMNS[k].split("_")[0] for k in left} == {"right"}
    names = [*COLUMNS[:28], "chin"]
    sides = {"left": "right", "right": "left"}
    for point, other in enumerate(scheme.mirror):
        words = [sides.get(word, word) for word in names[point].split("_")]
        assert names[other] == "_".join(words)


def test_what_is_wrong_is_named(root):
    path = root / "kbvt_lfpw_v1_test.csv"
    path.write_text(path.read_text().replace("chin_t", "beard_t"))
    with pytest.raises(SourceError, match=r"v1_test\.csv:1: expected the names of the columns"):
        list(lfpw.read(root))
    tiny_pictures.text(path, HEADER, "http://pictures.example/a.jpg\taverage\t1\t2")
    with pytest.raises(SourceError, match=r"v1_test\.csv:2: expected 107 cells parted by tabs"):
        list(lfpw.read(root))


def test_no_picture_at_all_is_an_error(root):
    for picture in (*root.glob("*/*.jpg"), *root.glob("*/*.png")):
        picture.unlink()
    with pytest.raises(SourceError, match="none of the listed pictures is there"):
        list(lfpw.read(root))
