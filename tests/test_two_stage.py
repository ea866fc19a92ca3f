"""The five points, and the upright crop that they give."""

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.crop import Roi, roi_of_mesh
from bauta.geometry import affine
from bauta.geometry.rotation import from_angles
from bauta.regress.landmarks import Doubt, Prediction
from bauta.regress.two_stage import FIVE, TwoStage, canonical_five, five_points, roi_of_five
from bauta.tables import mesh478


def frontal_mesh(roll: float) -> np.ndarray:
    """(468, 3) the canonical face as a camera sees it at 20 pixels a centimetre."""
    face = mesh478()["canonical"].astype(np.float64)
    return face @ from_angles(0, 0, roll).T * 20 + [300, 200, 0]


def test_the_canonical_five_are_a_face():
    right_eye, left_eye, nose, right_mouth, left_mouth = canonical_five()
    assert right_eye[0] < nose[0] < left_eye[0]  # the subject's right is left in the picture
    assert right_eye[1] == pytest.approx(left_eye[1], abs=0.01)
    assert right_eye[1] < nose[1] < right_mouth[1]
    assert right_mouth[0] < left_mouth[0]
    assert nose[0] == pytest.approx(0.5, abs=0.01)
    assert ((canonical_five() > 0.2) & (canonical_five() < 0.8)).all()


@pytest.mark.parametrize("roll", [0, 35, -120])
def test_the_crop_is_that_of_the_whole_mesh(roll):
    """For a face from in front, five points frame it as all of its points do."""
    mesh = frontal_mesh(roll)
    whole = np.concatenate([mesh, np.zeros((10, 3))])
    expected = roi_of_mesh(whole)
    roi = roi_of_five(five_points(whole, "mesh478"))
    assert roi.center == pytest.approx(expected.center, abs=1)
    assert roi.side == pytest.approx(expected.side, rel=0.01)
    assert roi.angle == pytest.approx(np.radians(roll), abs=0.01)


def test_any_similarity_of_the_five_is_undone():
    T = affine.similarity(np.array([40.0, 90.0]), 130.0, 2.1, 64)  # crop of 64 from the picture
    moved = affine.apply(affine.invert(T), canonical_five() * 64)
    roi = roi_of_five(moved)
    assert roi.center == pytest.approx([40, 90], abs=1e-3)
    assert (roi.side, roi.angle) == pytest.approx((130, 2.1), abs=1e-3)


def test_five_points_of_the_68():
    points = np.zeros((68, 2))
    points[36:42] = [10, 20]
    points[36] = [4, 20]
    points[[30, 48, 54]] = [[1, 2], [3, 4], [5, 6]]
    assert five_points(points, "ibug68").tolist() == [[9, 20], [0, 0], [1, 2], [3, 4], [5, 6]]
    with pytest.raises(InputError, match="mesh478"):
        five_points(np.zeros((29, 2)), "cofw29")


class Stage:
    """A regressor that notes where it looks and always says the same."""

    watched, device, ibug68_offset = True, "cpu", np.array([0.5, 0.25])
    doubt = Doubt(most=11.0)

    def __init__(self, scheme: str, points: np.ndarray, presence: float) -> None:
        self.schemes, self.seen = {scheme: scheme}, []
        self.said = Prediction({scheme: points}, {}, presence)

    def __call__(self, image: np.ndarray, roi: Roi) -> Prediction:
        self.seen.append(roi)
        return self.said


def test_the_second_stage_looks_where_the_first_says():
    five = affine.apply(np.array([[0.0, -100, 80], [100, 0, 50]]), canonical_five())  # turned by 90
    coarse, fine = Stage(FIVE, five, 1.0), Stage("ibug68", np.zeros((68, 2)), 0.5)
    both, first = TwoStage(coarse, fine), Roi(np.array([1.0, 2.0]), 30.0, 0.0)
    result = both(np.zeros((4, 4, 3), np.uint8), first)
    assert result is fine.said
    assert coarse.seen == [first]
    assert (fine.seen[0].side, fine.seen[0].angle) == pytest.approx((100, np.pi / 2), abs=1e-3)
    assert both.schemes == {"ibug68": "ibug68"}
    assert both.ibug68_offset.tolist() == [0.5, 0.25]
