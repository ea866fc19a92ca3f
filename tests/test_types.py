import numpy as np
import pytest

from bauta.checks import InputError
from bauta.geometry.rotation import from_angles
from bauta.types import FaceState, Pose
from faces import synthetic_face


def fields(**changes: object) -> dict:
    face = synthetic_face()
    names = FaceState.__dataclass_fields__
    return {name: getattr(face, name) for name in names} | changes


def test_points_by_scheme_are_the_arrays():
    face = synthetic_face()
    assert face.points("ibug68") is face.points68
    assert face.points("ibug68-3d") is face.points68_3d
    assert face.points("mesh478") is face.mesh


def test_an_unknown_scheme_names_the_known_ones():
    with pytest.raises(InputError, match="mesh478"):
        synthetic_face().points("wflw98x")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"mesh": np.zeros((468, 3))}, r"mesh: expected shape \(478, 3\), got \(468, 3\)"),
        ({"points68": np.full((68, 3), np.nan)}, "points68: expected finite"),
        ({"box": np.zeros(3)}, "box"),
        ({"score": 1.5}, "score"),
        ({"time": float("nan")}, "time"),
        ({"box": [9, 9, 1, 1]}, "box"),
        ({"mesh": "face"}, "mesh: expected numbers"),
        ({"sigma": {"ibug68": np.ones(2)}}, "sigma"),
        ({"sigma": {"foo": np.ones(2)}}, "scheme"),
        ({"sigma": {"ibug68": np.full(68, np.inf)}}, "sigma"),
    ],
)
def test_what_cannot_be_is_refused(changes, match):
    with pytest.raises(InputError, match=match):
        FaceState(**fields(**changes))


def test_a_mirror_is_not_a_rotation():
    with pytest.raises(InputError, match="rotation"):
        Pose(np.diag([1.0, 1.0, -1.0]))


def test_pose_speaks_degrees():
    pose = Pose(from_angles(20, -10, 5))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((20, -10, 5), abs=1e-4)


def test_a_pose_as_a_quaternion():
    """The camera looks at a face that looks back: half a turn about x; then 90 degrees of roll."""
    assert Pose(from_angles(0, 0, 0)).quaternion == pytest.approx([0, 1, 0, 0], abs=1e-6)
    half = np.sqrt(0.5)
    assert Pose(from_angles(0, 0, 90)).quaternion == pytest.approx([0, half, half, 0], abs=1e-6)


def test_a_shut_eye_is_less_open_than_an_open_one():
    face = synthetic_face()
    mesh = face.mesh.copy()
    mesh[[159, 160, 158], 1] = mesh[[145, 144, 153], 1]
    shut = FaceState(**fields(mesh=mesh))
    assert face.eye_openness[0] > 0.2
    assert shut.eye_openness[0] < 0.05
    assert shut.eye_openness[1] == face.eye_openness[1]


def test_results_cannot_be_changed_by_accident():
    face = synthetic_face()
    with pytest.raises(AttributeError):
        face.score = 0.5  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        face.mesh[0] = 0
    assert face == face
    assert face != synthetic_face()
