"""BioID: the first face of the set, as handed out."""

import pytest

import tiny_pictures
from bauta import schemes
from bauta.checks import SourceError
from bauta.data.readers import bioid

PTS = """version: 1
n_points: 20
{
159.128 108.541
230.854 109.176
164.841 179.633
223.237 178.998
132.469 93.9421
183.883 94.5768
211.177 95.2116
254.974 91.4031
129.295 109.176
144.529 109.811
176.901 107.272
216.89 107.272
246.088 110.445
261.957 109.811
196.578 139.009
184.518 147.261
207.369 145.991
195.943 175.189
193.404 193.597
192.769 229.143
}"""
EYE = ("#LX\tLY\tRX\tRY", "232\t110\t161\t110")


@pytest.fixture
def root(tmp_path):
    tiny_pictures.write(tmp_path / "BioID_0000.pgm", 384, 286)
    tiny_pictures.text(tmp_path / "BioID_0000.eye", *EYE)
    tiny_pictures.text(tmp_path / "points_20/bioid_0000.pts", PTS)
    return tmp_path


def test_points_count_from_zero_at_the_centre(root):
    (sample,) = bioid.read(root)
    assert (sample.name, sample.scheme) == ("BioID_0000.pgm", "bioid20")
    assert sample.points[0].tolist() == pytest.approx([159.628, 109.041], abs=1e-3)
    assert sample.points[19].tolist() == pytest.approx([193.269, 229.643], abs=1e-3)
    assert sample.picture().shape == (286, 384, 3)


def test_left_is_the_subjects_own_in_both_files(root):
    (sample,) = bioid.read(root)
    assert sample.attributes == {
        "left_eye_x": 232.5,
        "left_eye_y": 110.5,
        "right_eye_x": 161.5,
        "right_eye_y": 110.5,
    }
    names = schemes.get("bioid20").names
    right, left = names.index("right_pupil"), names.index("left_pupil")
    assert sample.points[right, 0] == pytest.approx(161.5, abs=3)
    assert sample.points[left, 0] == pytest.approx(232.5, abs=3)


def test_what_is_wrong_is_named(root):
    tiny_pictures.text(root / "BioID_0000.eye", EYE[0], "232 110 161")
    with pytest.raises(SourceError, match=r"BioID_0000\.eye:2: expected four numbers"):
        list(bioid.read(root))
    tiny_pictures.text(
        root / "points_20/bioid_0000.pts", PTS.replace("n_points: 20", "n_points: 68")
    )
    with pytest.raises(SourceError, match=r"bioid_0000\.pts"):
        list(bioid.read(root))
