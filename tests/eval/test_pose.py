import numpy as np
import pytest

from bauta.eval import pose


def test_angles_wrap():
    errors = pose.angle_errors(np.array([[179.0, 10, -5]]), np.array([[-179.0, 4, 5]]))
    assert errors.tolist() == [[-2.0, 6.0, -10.0]]
    assert pose.wrap(np.array([180.0, -180.0, 540.0])).tolist() == [180.0, 180.0, 180.0]


def test_rotation_errors_are_the_angle_between():
    truth = np.array([[0.0, 0, 0], [0, 0, 30], [np.nan, 0, 0]])
    predicted = np.array([[20.0, 0, 0], [0, 0, 75], [0, 0, 0]])
    found = pose.rotation_errors(predicted, truth)
    assert found[:2] == pytest.approx([20.0, 45.0])
    assert np.isnan(found[2])


def test_angles_as_3ddfa_writes_them():
    """Worked out on paper: R = Rx(p) Ry(y) Rz(r) in x right, y up, z to the viewer."""
    ours = np.array([[40.0, 0, 0], [0, 25.0, 0], [0, 0, 35.0]])
    assert pose.as_3ddfa(ours) == pytest.approx(np.array([[-40.0, 0, 0], [0, 25, 0], [0, 0, 35]]))
    # ours turns roll last, theirs pitch: pitch 30 then roll 90 has the nose (sin 30) along the
    # image's right, which is their yaw of -30 under a roll of 90
    assert pose.as_3ddfa(np.array([[0.0, 30, 90]])) == pytest.approx(np.array([[-30.0, 0, 90]]))


def test_as_3ddfa_undoes_the_readers_conversion():
    from bauta.data.readers.fitted import rotation_of_3ddfa
    from bauta.geometry.rotation import to_angles

    pitch, yaw, roll = 12.0, -47.0, 21.0
    ours = to_angles(rotation_of_3ddfa(*np.radians([pitch, yaw, roll]).tolist()))
    assert pose.as_3ddfa(np.array([ours])) == pytest.approx(np.array([[yaw, pitch, roll]]))


def test_poses_beyond_99_degrees_are_left_out():
    truth = np.array([[99.0, 0, 0], [0, -99.1, 0], [0, 0, 150], [np.nan, 0, 0], [-99, 99, 99]])
    assert pose.within(truth).tolist() == [True, False, False, False, True]


def test_yaw_bins_have_the_protocols_edges():
    yaw = np.array([0.0, -30, 30.001, -60, 60.001, 95, np.nan])
    first, second, third = pose.yaw_bins(yaw)
    assert first.tolist() == [True, True, False, False, False, False, False]
    assert second.tolist() == [False, False, True, True, False, False, False]
    assert third.tolist() == [False, False, False, False, True, True, False]


def test_error_over_yaw_keeps_the_side():
    yaw = np.array([-21.0, -19, 19, 21, 22])
    errors = np.array([2.0, 4, 10, np.nan, 20])
    curve = pose.error_over_yaw(errors, yaw, least=2)
    assert curve.centers.tolist() == [-20, -10, 0, 10, 20]
    assert curve.mean[0] == 3
    assert curve.mean[-1] == 15
    assert np.isnan(curve.mean[1:4]).all()
    assert curve.count.tolist() == [2, 0, 0, 0, 3]
