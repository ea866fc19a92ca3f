"""A user's own pictures: .pts files written by hand, pixel centres counted from 1."""

import pytest

import tiny_pictures
from bauta.checks import SourceError
from bauta.data.readers import folder


def pts(*points: str) -> str:
    return "\n".join(["version: 1", f"n_points: {len(points)}", "{", *points, "}"])


FIVE = pts("1 1", "20.5 1", "10 15", "5 25", "15.25 25.75")


def test_points_count_pixel_centres_from_one(tmp_path):
    tiny_pictures.write(tmp_path / "a.jpg")
    tiny_pictures.text(tmp_path / "a.pts", FIVE)
    (sample,) = folder.read(tmp_path)
    assert sample.scheme == "celeba5"
    assert sample.points.tolist() == [
        [0.5, 0.5],
        [20, 0.5],
        [9.5, 14.5],
        [4.5, 24.5],
        [14.75, 25.25],
    ]
    assert sample.picture().shape == (30, 40, 3)


def test_the_number_of_points_is_the_order(tmp_path):
    for count in folder.SCHEMES:
        tiny_pictures.write(tmp_path / f"{count}.png")
        tiny_pictures.text(tmp_path / f"{count}.pts", pts(*(f"{i} {i}" for i in range(count))))
    for sample in folder.read(tmp_path):
        assert len(sample.points) == int(sample.name.removesuffix(".png"))
        assert folder.SCHEMES[len(sample.points)] == sample.scheme


def test_subsets_people_and_second_faces(tmp_path):
    for name in ("train/ann/2", "train/ann/10", "val/1", "bob/1", "loose"):
        tiny_pictures.write(tmp_path / f"{name}.jpg")
        tiny_pictures.text(tmp_path / f"{name}.pts", FIVE)
    tiny_pictures.text(tmp_path / "val/1#2.pts", FIVE)
    tiny_pictures.write(tmp_path / "nobody.jpg")
    found = [(s.name, s.subset, s.person) for s in folder.read(tmp_path)]
    assert found == [
        ("bob/1.jpg", "", "bob"),
        ("loose.jpg", "", ""),
        ("train/ann/2.jpg", "train", "ann"),
        ("train/ann/10.jpg", "train", "ann"),
        ("val/1.jpg", "val", ""),
        ("val/1.jpg#2", "val", ""),
    ]
    assert [s.name for s in folder.read(tmp_path, "val")] == ["val/1.jpg", "val/1.jpg#2"]


def test_labels_may_lie_in_a_folder_of_their_own(tmp_path):
    tiny_pictures.write(tmp_path / "ann/1.jpg")
    tiny_pictures.text(tmp_path / "labels/ann/1.pts", FIVE)
    assert [s.name for s in folder.read(tmp_path)] == ["ann/1.jpg"]


def test_pictures_are_turned_as_a_viewer_shows_them(tmp_path):
    path = tiny_pictures.write(tmp_path / "a.jpg", 40, 30)
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    jpeg = path.read_bytes()
    path.write_bytes(
        jpeg[:2] + b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned + jpeg[2:]
    )
    tiny_pictures.text(tmp_path / "a.pts", FIVE)
    (sample,) = folder.read(tmp_path)
    assert sample.picture().shape == (40, 30, 3)


@pytest.mark.parametrize("place", ["labels.json", "labels/labels.json"])
def test_the_two_kinds_of_68_are_told_apart_by_what_made_them(tmp_path, place):
    tiny_pictures.write(tmp_path / "a.png")
    tiny_pictures.text(tmp_path / "a.pts", pts(*(f"{i} {i}" for i in range(68))))
    assert [s.scheme for s in folder.read(tmp_path)] == ["ibug68"]
    tiny_pictures.text(tmp_path / place, '{"bauta": "1", "scheme": "ibug68-3d"}')
    assert [s.scheme for s in folder.read(tmp_path)] == ["ibug68-3d"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (pts("1 1", "2 2"), r"a\.pts:2: expected a number of points that has an order: 5, 19"),
        ("nothing", r"a\.pts:1: expected a line `n_points"),
        (FIVE.replace("15.25", "x"), r"a\.pts:8"),
        (FIVE.replace("5 25\n", ""), r"a\.pts"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, content, match):
    tiny_pictures.write(tmp_path / "a.jpg")
    tiny_pictures.text(tmp_path / "a.pts", content)
    with pytest.raises(SourceError, match=match):
        list(folder.read(tmp_path))


def test_no_labels_at_all_is_an_error(tmp_path):
    tiny_pictures.write(tmp_path / "a.jpg")
    with pytest.raises(SourceError, match="no picture with labels"):
        list(folder.read(tmp_path))
