"""HELEN: a name and 194 lines `x , y`; iBUG's variant in `.pts` files."""

import pytest

import tiny_pictures
from bauta.checks import SourceError
from bauta.data.readers import helen


def annotation(name: str, first: str = "1136.9 , 1037.5") -> list[str]:
    return [name, first, *(f"{i}.5 , {2 * i}.25" for i in range(1, 194))]


@pytest.fixture
def root(tmp_path):
    tiny_pictures.text(tmp_path / "annotation/1.txt", *annotation("100032540_1"))
    tiny_pictures.text(tmp_path / "annotation/2.txt", *annotation("100040721_1"))
    tiny_pictures.text(tmp_path / "annotation/10.txt", *annotation("30844800_1", "7 , 8"))
    tiny_pictures.text(tmp_path / "trainnames.txt", "100032540_1", "100040721_1")
    tiny_pictures.text(tmp_path / "testnames.txt", "30844800_1")
    tiny_pictures.write(tmp_path / "train_1/100032540_1.jpg")
    tiny_pictures.write(tmp_path / "train_2/100040721_1.jpg")
    tiny_pictures.write(tmp_path / "test/30844800_1.jpg")
    return tmp_path


def test_names_points_and_subsets(root):
    first, second, third = helen.read(root)
    assert [first.name, second.name, third.name] == [
        "train_1/100032540_1.jpg",
        "train_2/100040721_1.jpg",
        "test/30844800_1.jpg",
    ]
    assert [s.subset for s in (first, second, third)] == ["train", "train", "test"]
    assert first.scheme == "helen194"
    assert first.points[0].tolist() == pytest.approx([1137.4, 1038.0], abs=1e-3)
    assert first.points[193].tolist() == [194.0, 386.75]
    assert third.picture().shape == (30, 40, 3)
    assert [s.name for s in helen.read(root, "test")] == ["test/30844800_1.jpg"]


def test_a_short_annotation_is_named(root):
    tiny_pictures.text(root / "annotation/2.txt", *annotation("100040721_1")[:-1])
    with pytest.raises(SourceError, match=r"annotation/2\.txt: expected a name and 194 lines"):
        list(helen.read(root))


def test_a_name_in_no_list_is_named(root):
    tiny_pictures.text(root / "annotation/3.txt", *annotation("somebody_1"))
    with pytest.raises(SourceError, match=r"annotation/3\.txt:1: 'somebody_1' is neither in train"):
        list(helen.read(root))


@pytest.mark.parametrize(
    ("read", "count", "scheme"), [(helen.read68, 68, "ibug68"), (helen.read29, 29, "lfpw29")]
)
def test_the_variants_count_pixels_from_one(tmp_path, read, count, scheme):
    lines = [f"{i}.000000 {i + 1}.500000" for i in range(1, count + 1)]
    pts = ["version: 1", f"n_points:  {count}", "{", *lines, "}"]
    for part, name in (("trainset", "232194_1"), ("testset", "30844800_1")):
        tiny_pictures.text(tmp_path / part / f"{name}.pts", *pts)
        tiny_pictures.write(tmp_path / part / f"{name}.jpg")
    tiny_pictures.text(tmp_path / "trainset/232194_1_mirror.pts", *pts)
    train, test = read(tmp_path)
    assert (train.name, train.subset) == ("trainset/232194_1.jpg", "train")
    assert (test.name, test.subset) == ("testset/30844800_1.jpg", "test")
    assert train.scheme == scheme
    assert train.points[0].tolist() == [0.5, 2.0]  # the centre of the first pixel in x
    assert train.points[-1].tolist() == [count - 0.5, count + 1.0]
