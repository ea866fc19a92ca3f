"""Attributes that points say: a smile by hand, classes of yaw, and crops that are mirrored."""

import numpy as np
import pytest

from bauta.data.derived import pose_class, smile


def face(width: float) -> np.ndarray:
    """Outer eye corners 100 apart, the corners of the mouth `width` apart, turned by 90 degrees."""
    points = np.zeros((1, 68, 2))
    points[0, 36], points[0, 45] = (0, 0), (0, 100)
    points[0, 48], points[0, 54] = (80, 10), (80, 10 + width)
    return points


@pytest.mark.parametrize(("width", "said"), [(50, 0.0), (61, 0.0), (69, 1.0), (80, 1.0)])
def test_a_wide_mouth_smiles(width, said):
    assert smile(face(width)).tolist() == [said]


def test_what_is_between_is_unknown():
    assert np.isnan(smile(face(65))).all()


def test_a_smile_needs_its_points():
    points = face(80)
    points[0, 48] = np.nan
    assert np.isnan(smile(points)).all()


def test_classes_of_yaw():
    """0 a face turned to its own right, 4 to its own left: yaw > 0 is the own left."""
    yaw = np.array([-80, -46, -44, -16, -14, 0, 14, 16, 44, 46, 80, np.nan])
    found = pose_class(yaw)
    assert found[:-1].tolist() == [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert np.isnan(found[-1])
