"""Live Link Face, OpenFace and BVH: columns, units and signs."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from bauta.checks import ModelError
from bauta.export.bvh import angles_zxy, to_bvh
from bauta.export.livelink import SHAPES, timecode, to_livelink
from bauta.export.openface import to_openface_csv
from bauta.geometry.frames import pose_matrix, to_opengl
from bauta.geometry.rotation import from_angles
from bauta.morphable.arkit import ARKIT52
from moving_head import moving_head


def posed(*angles, gaze=(0.0, 0.0), place=(10.0, -5.0, 60.0)):
    """One frame of a head at yaw, pitch, roll whose eyes look `gaze` degrees left and up in it."""
    animation = moving_head(1)
    T = pose_matrix(from_angles(*angles), np.array(place))
    return replace(animation, matrices=T[None], gaze=np.tile(np.array(gaze), (1, 2, 1)))


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_live_link_has_the_columns_of_the_app():
    header = to_livelink(moving_head(2)).decode().splitlines()[0].split(",")
    assert len(header) == 2 + 52 + 9
    assert header[:5] == [
        *("Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft")
    ]
    assert header[9:18] == [
        *("EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight"),
        *("EyeLookUpRight", "EyeSquintRight", "EyeWideRight", "JawForward", "JawRight"),
    ]
    assert header[53:] == [
        *("TongueOut", "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch"),
        *("LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"),
    ]
    assert sorted(SHAPES) == sorted(ARKIT52)


def test_live_link_puts_each_weight_under_its_name():
    animation = moving_head(1)
    weights = np.linspace(0, 0.9, 52)[None]
    (row,) = rows(to_livelink(replace(animation, weights=weights)))
    assert row["BlendShapeCount"] == "61"
    for name, value in zip(ARKIT52, weights[0], strict=True):
        assert float(row[name[0].upper() + name[1:]]) == pytest.approx(value, abs=1e-6)


def test_live_link_drives_another_face_with_calibrated_weights():
    animation = moving_head(1)
    calibrated = np.linspace(0, 0.9, 52)[None]
    (row,) = rows(to_livelink(replace(animation, calibrated=calibrated)))
    for name, value in zip(ARKIT52, calibrated[0], strict=True):
        assert float(row[name[0].upper() + name[1:]]) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("angles", "expected"),
    [((30, 0, 0), (30, 0, 0)), ((0, 20, 0), (0, -20, 0)), ((0, 0, 15), (0, 0, -15))],
    ids=["own left: yaw > 0", "up: pitch < 0", "to own left: roll < 0"],
)
def test_live_link_angles_are_radians_about_arkits_axes(angles, expected):
    (row,) = rows(to_livelink(posed(*angles, gaze=(10, 5))))
    head = [float(row[f"Head{name}"]) for name in ("Yaw", "Pitch", "Roll")]
    np.testing.assert_allclose(np.degrees(head), expected, atol=1e-4)
    for eye in ("LeftEye", "RightEye"):  # 10 to the subject's left, 5 up, whatever the head does
        look = [float(row[f"{eye}{name}"]) for name in ("Yaw", "Pitch", "Roll")]
        np.testing.assert_allclose(np.degrees(look), (10, -5, 0), atol=1e-4)


@pytest.mark.parametrize(
    ("time", "rate", "expected"),
    [
        (0.0, 25, "00:00:00:00.000"),
        (1.2, 25, "00:00:01:05.000"),
        (3725.5, 30, "01:02:05:15.000"),
        (0.05, 30, "00:00:00:01.500"),
        (0.9999999, 60, "00:00:01:00.000"),
    ],
)
def test_time_codes_count_frames_and_their_thousandths(time, rate, expected):
    assert timecode(time, rate) == expected


def test_openface_has_its_columns():
    header = to_openface_csv(moving_head(1)).decode().splitlines()[0].split(",")
    assert header[:13] == [
        *("frame", "face_id", "timestamp", "confidence", "success"),
        *("gaze_0_x", "gaze_0_y", "gaze_0_z", "gaze_1_x", "gaze_1_y", "gaze_1_z"),
        *("gaze_angle_x", "gaze_angle_y"),
    ]
    assert header[13:19] == [*("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")]
    assert header[19:21] == ["x_0", "x_1"]
    assert header[-1] == "Z_67"
    assert len(header) == 19 + 5 * 68
    assert not any(name.startswith("AU") for name in header)


def test_openface_rows_say_frame_time_and_person():
    first, second = rows(to_openface_csv(moving_head(2)))
    assert (first["frame"], first["face_id"], first["timestamp"]) == ("31", "2", "1.200")
    assert (second["frame"], second["timestamp"]) == ("32", "1.240")
    assert (first["success"], first["confidence"]) == ("1", "0.98")


def test_openface_pose_is_in_millimetres_and_radians():
    # own left 30: Ry = -.524; up 20: Rx = -.349 (worked in tests/geometry/test_frames.py)
    for angles, expected in (((30, 0, 0), (0, -0.524, 0)), ((0, 20, 0), (-0.349, 0, 0))):
        (row,) = rows(to_openface_csv(posed(*angles)))
        assert [float(row[f"pose_R{a}"]) for a in "xyz"] == pytest.approx(expected, abs=1e-3)
    (row,) = rows(to_openface_csv(posed(0, 0, 0)))
    place = np.array([float(row[f"pose_T{a}"]) for a in "xyz"])
    # the middle of the 68 points lies before the model's origin: nearer to the camera than 600
    assert place[0] == pytest.approx(100, abs=2)
    assert 570 < place[2] < 598


def test_openface_gaze_is_a_unit_vector_from_the_eye():
    (straight,) = rows(to_openface_csv(posed(0, 0, 0)))
    assert [float(straight[f"gaze_0_{a}"]) for a in "xyz"] == pytest.approx((0, 0, -1), abs=1e-6)
    # eyes 20 degrees to the subject's left: to the image's right; 10 up: towards -y
    (aside,) = rows(to_openface_csv(posed(0, 0, 0, gaze=(20, 10))))
    look = [float(aside[f"gaze_1_{a}"]) for a in "xyz"]
    assert look == pytest.approx((np.sin(0.349) * np.cos(0.1745), -0.1736, -0.9254), abs=1e-3)
    assert float(aside["gaze_angle_x"]) == pytest.approx(0.349, abs=1e-3)
    assert float(aside["gaze_angle_y"]) == pytest.approx(np.arctan2(-0.1736, 0.9254), abs=1e-3)


def test_openface_points_project_onto_each_other():
    animation = posed(20, 5, 3)
    (row,) = rows(to_openface_csv(animation))
    solid = np.array([[float(row[f"{a}_{k}"]) for a in "XYZ"] for k in range(68)])
    flat = np.array([[float(row[f"{a}_{k}"]) for a in "xy"] for k in range(68)])
    K = animation.camera.K
    seen = solid[:, :2] / solid[:, 2:] * K[0, 0] + K[:2, 2]
    np.testing.assert_allclose(flat, seen - 0.5, atol=0.2)  # their pixels count from the centre
    # chin below brows, the subject's right jaw on the image's left
    assert flat[8, 1] > flat[19, 1]
    assert flat[0, 0] < flat[16, 0]


def test_openface_takes_the_points_that_were_seen():
    seen = np.arange(136.0).reshape(1, 68, 2)
    (row,) = rows(to_openface_csv(replace(moving_head(1), points68=seen)))
    assert (float(row["x_3"]), float(row["y_3"])) == (5.5, 6.5)


def test_openface_needs_the_68_points():
    animation = moving_head(1)
    with pytest.raises(ModelError, match="68"):
        to_openface_csv(replace(animation, model=replace(animation.model, embeddings={})))


def read_bvh(data):
    head, motion = data.decode().split("MOTION\n")
    lines = motion.splitlines()
    assert lines[0].startswith("Frames: ")
    values = np.array([[float(v) for v in line.split()] for line in lines[2:]])
    assert len(values) == int(lines[0].split()[1])
    return head, float(lines[1].split()[2]), values


def about(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def test_bvh_gives_the_motion_back():
    animation = moving_head(20)
    head, step, values = read_bvh(to_bvh(animation))
    assert step == pytest.approx(0.04)
    assert "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation" in head
    assert head.count("{") == head.count("}") == 2
    for row, T in zip(values, map(to_opengl, animation.matrices), strict=True):
        np.testing.assert_allclose(row[:3], T[:3, 3], atol=1e-3)
        R = about("z", row[3]) @ about("x", row[4]) @ about("y", row[5])
        np.testing.assert_allclose(R, T[:3, :3], atol=1e-4)


@pytest.mark.parametrize(
    ("angles", "zxy"),
    [((30, 0, 0), (0, 0, 30)), ((0, 20, 0), (0, -20, 0)), ((0, 0, 15), (-15, 0, 0))],
    ids=["own left: y > 0", "up: x < 0", "to own left: z < 0"],
)
def test_bvh_has_these_signs(angles, zxy):
    _, _, values = read_bvh(to_bvh(posed(*angles)))
    np.testing.assert_allclose(values[0, 3:], zxy, atol=1e-3)
    np.testing.assert_allclose(values[0, :3], (10, 5, -60), atol=1e-3)


def test_bvh_survives_a_head_that_looks_straight_up():
    R = about("z", 25) @ about("x", 90)
    z, x, y = angles_zxy(R)
    np.testing.assert_allclose(about("z", z) @ about("x", x) @ about("y", y), R, atol=1e-6)


def test_bvh_bridges_gaps_at_an_even_rate():
    animation = moving_head(20)
    keep = np.r_[0:8, 12:20]
    gap = replace(
        animation,
        **{
            name: getattr(animation, name)[keep]
            for name in ("times", "frames", "matrices", "weights", "gaze", "score")
        },
    )
    _, step, values = read_bvh(to_bvh(gap))
    assert step == pytest.approx(0.04)
    assert len(values) == 20
