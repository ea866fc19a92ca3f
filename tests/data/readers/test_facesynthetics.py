"""FaceSynthetics: 000000.png, 000000_ldmks.txt with 70 lines `x y`, 000000_seg.png."""

import pytest

import tiny_pictures
from bauta.checks import SourceError
from bauta.data.readers import facesynthetics

LINES = [f"{100 + i}.123 {200 + i}.456" for i in range(70)]


@pytest.fixture
def root(tmp_path):
    for number in ("000000", "000001"):
        tiny_pictures.write(tmp_path / f"{number}.png", 512, 512)
        tiny_pictures.write(tmp_path / f"{number}_seg.png", 512, 512)
        tiny_pictures.text(tmp_path / f"{number}_ldmks.txt", *LINES)
    return tmp_path


def test_one_face_a_picture_in_order(root):
    first, second = facesynthetics.read(root)
    assert (first.name, second.name) == ("000000.png", "000001.png")
    assert first.scheme == "fs70"
    assert first.points[0].tolist() == pytest.approx([100.623, 200.956], abs=1e-4)
    assert first.points[69].tolist() == pytest.approx([169.623, 269.956], abs=1e-4)
    assert first.picture().shape == (512, 512, 3)


def test_what_is_wrong_is_named(root):
    tiny_pictures.text(root / "000001_ldmks.txt", *LINES[:68])
    with pytest.raises(
        SourceError, match=r"000001_ldmks\.txt: expected 70 lines of points, got 68"
    ):
        list(facesynthetics.read(root))
    with pytest.raises(SourceError, match=r"000000_ldmks\.txt: missing"):
        list(facesynthetics.read(root.parent))
