from dataclasses import replace

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.export import animation_of
from bauta.geometry.rotation import from_angles, to_angles
from bauta.records import Header, JsonlWriter, read_tracks
from faces import synthetic_face
from moving_head import HEIGHT, WIDTH, fitted, moving_head


@pytest.fixture
def tracks(tmp_path):
    return tracks_of(tmp_path)


def tracks_of(tmp_path):
    """Three people: 2, who moves as `moving_head`, 5, who is seen once, and 7 without a fit."""
    animation, path = moving_head(10), tmp_path / "clip.jsonl"
    with JsonlWriter(path, Header("clip.mp4", (WIDTH, HEIGHT), "base")) as writer:
        for row, time in enumerate(animation.times):
            size = animation.size * (0.9 if row < 3 else 1.0)
            faces = [fitted(animation, row, size), synthetic_face(id=7)]
            if row == 4:
                faces.append(replace(fitted(animation, row, 1.0), id=5))
            writer.write(float(time), int(animation.frames[row]), faces)
    return read_tracks(path)


def test_the_head_comes_back_from_tracks(tracks):
    made, read = moving_head(10), animation_of(tracks, face_model())
    assert read.id == 2
    assert read.picture == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(read.frames, made.frames)
    np.testing.assert_allclose(read.times, made.times, atol=1e-6)
    np.testing.assert_allclose(read.weights, made.weights, atol=1e-4)
    np.testing.assert_allclose(read.gaze, made.gaze, atol=1e-3)
    np.testing.assert_allclose(read.identity, made.identity, atol=1e-4)
    # also of the first three frames, whose head was taken for smaller and so for nearer
    np.testing.assert_allclose(read.matrices, made.matrices, atol=2e-5)
    np.testing.assert_allclose(read.vertices(7), made.vertices(7), atol=2e-3)
    assert read.points68 is not None
    assert read.points68.shape == (10, 68, 2)


def test_a_profile_calibrates_what_drives_other_faces_not_the_mesh(tmp_path):
    animation, path = moving_head(10), tmp_path / "profiled.jsonl"
    with JsonlWriter(path, Header("clip.mp4", (WIDTH, HEIGHT), "base")) as writer:
        for row, time in enumerate(animation.times):
            face = fitted(animation, row, animation.size)
            assert face.fit is not None
            profiled = replace(face.fit, shapes=0.5 * face.fit.weights)
            frame = int(animation.frames[row])
            writer.write(float(time), frame, [replace(face, fit=profiled)])
    read = animation_of(read_tracks(path), face_model())
    np.testing.assert_allclose(read.vertices(7), animation.vertices(7), atol=2e-3)
    assert read.calibrated is not None
    np.testing.assert_allclose(read.calibrated, 0.5 * animation.weights, atol=1e-4)
    assert animation_of(tracks_of(tmp_path), face_model()).calibrated is None


def test_a_person_is_chosen_by_id(tracks):
    assert len(animation_of(tracks, face_model(), 5).times) == 1
    with pytest.raises(InputError, match=r"choose one of 2, 5, 7"):
        animation_of(tracks, face_model(), 3)


def test_tracks_without_the_model_say_what_to_do(tracks, tmp_path):
    with pytest.raises(InputError, match="track the video again"):
        animation_of(tracks, face_model(), 7)
    path = tmp_path / "nobody.jsonl"
    with JsonlWriter(path) as writer:
        writer.write(0.0, 0, [])
    with pytest.raises(InputError, match="no frame has a face"):
        animation_of(read_tracks(path), face_model())


def test_frames_are_found_by_their_number():
    animation = moving_head(10)
    assert animation.index(33) == 3
    with pytest.raises(InputError, match="30 to 39"):
        animation.index(4)


def test_the_straightest_frame_looks_at_the_camera_not_along_its_axis():
    # a head at the right of the picture, 45 degrees off, faces the camera when turned by -45
    animation = moving_head(3)
    matrices = animation.matrices.copy()
    for row, yaw in enumerate((0, 45, -45)):
        matrices[row, :3, :3] = from_angles(yaw, 0, 0)
        matrices[row, :3, 3] = (50, 0, 50)
    assert replace(animation, matrices=matrices).straightest() == 2


def test_eyes_turn_with_the_gaze_and_move_no_skin():
    animation = moving_head(2)
    left, straight = (
        replace(animation, gaze=np.tile([degrees, 0.0], (2, 2, 1))).vertices(0)
        for degrees in (20.0, 0.0)
    )
    model = animation.model
    for eye in model.eyes.values():
        front = eye.rows[straight[eye.rows, 2].argmax()]
        assert left[front, 0] > straight[front, 0] + 0.2  # to the subject's left
    skin = np.setdiff1d(np.arange(len(left)), np.concatenate([e.rows for e in model.eyes.values()]))
    np.testing.assert_array_equal(left[skin], straight[skin])


def test_resampling_turns_the_short_way_at_an_even_pace():
    # two frames 0.1 s apart, 20 degrees of yaw: halfway 10, at a quarter 5
    animation = moving_head(2)
    matrices = np.stack([np.eye(4)] * 2)
    matrices[0, :3, :3], matrices[1, :3, :3] = from_angles(170, 0, 0), from_angles(-170, 0, 0)
    matrices[1, :3, 3] = (4, 0, 8)
    wide = replace(animation, times=np.array([1.0, 1.1]), matrices=matrices)
    even = wide.resampled(40)
    np.testing.assert_allclose(even.times, [1, 1.025, 1.05, 1.075, 1.1], atol=1e-9)
    half = even.matrices[2]
    np.testing.assert_allclose(half[:3, 2], from_angles(180, 0, 0)[:, 2], atol=1e-6)
    np.testing.assert_allclose(half[:3, 3], (2, 0, 4), atol=1e-6)
    for T in even.matrices:
        np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)


def test_resampling_at_its_own_rate_changes_nothing():
    animation = moving_head(20)
    same = animation.resampled(animation.rate)
    np.testing.assert_allclose(same.matrices, animation.matrices, atol=1e-6)
    np.testing.assert_allclose(same.weights, animation.weights, atol=1e-6)
    assert to_angles(same.matrices[5, :3, :3]) == pytest.approx(
        to_angles(animation.matrices[5, :3, :3]), abs=1e-4
    )
    one = moving_head(1).resampled(30)
    assert len(one.times) == 1


def test_animations_that_do_not_fit_together_are_refused():
    animation = moving_head(3)
    with pytest.raises(InputError, match=r"weights: expected shape \(3, 52\)"):
        replace(animation, weights=np.zeros((3, 51)))
    with pytest.raises(InputError, match="growing"):
        replace(animation, times=np.zeros(3))
