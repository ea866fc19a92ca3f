"""The look-alikes against MediaPipe's own conventions and, on the demo clip, its own points."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bauta.compat.mediapipe as mp
from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.compat.mediapipe.containers import FOV, fov_across, matrix
from bauta.compat.mediapipe.gate import Gate
from bauta.demo import clip_path
from bauta.fit import HeadFit
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import from_angles
from bauta.tables import mesh478
from bauta.types import FaceState, Pose
from bauta.video.source import open_video
from faces import synthetic_face

vision = mp.tasks.vision
MEDIAPIPE = Path(__file__).with_name("mediapipe_clip.npz")
"""Points (3, 478, 3) of MediaPipe 0.10.14's FaceMesh in three frames of the demo clip."""
NAMES = """
_neutral browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff
cheekSquintLeft cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight
eyeLookInLeft eyeLookInRight eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight
eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight jawForward jawLeft jawOpen jawRight
mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight mouthFunnel mouthLeft
mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight
mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight
mouthStretchLeft mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft
noseSneerRight
"""


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Frames 0, 60 and 120 of the demo clip."""
    frames = (frame for frame in open_video(clip_path()) if frame.index in (0, 60, 120))
    return [frame.image for frame in frames]


def picture(image: np.ndarray) -> mp.Image:
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=image)


def everything(mode: object = vision.RunningMode.IMAGE, **more: object) -> mp.FaceLandmarker:
    options = mp.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path="face_landmarker.task"),
        running_mode=mode,  # type: ignore[arg-type]
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
        **more,  # type: ignore[arg-type]
    )
    return mp.FaceLandmarker.create_from_options(options)


def as_array(points: list) -> np.ndarray:
    return np.array([[p.x, p.y, p.z] for p in points])


def test_points_lie_where_mediapipe_puts_them(images):
    with np.load(MEDIAPIPE) as saved:
        theirs = saved["points"].astype(float)
    with mp.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        for image, want in zip(images, theirs, strict=True):
            results = mesh.process(image)
            assert results.multi_face_landmarks is not None
            got = as_array(results.multi_face_landmarks[0].landmark)
            size = np.array([image.shape[1], image.shape[0], image.shape[1]])
            eyes = np.linalg.norm(((want[33] - want[263]) * size)[:2])
            apart = np.linalg.norm(((got - want) * size)[:, :2], axis=1) / eyes
            assert apart.mean() < 0.04
            assert apart[468:].mean() < 0.04  # irises
            slope, offset = np.polyfit(want[:468, 2], got[:468, 2], 1)
            assert slope == pytest.approx(1, abs=0.08)  # the same sign, scale and origin
            assert abs(offset) * size[0] < 0.01 * eyes


def test_the_categories_have_mediapipes_order_and_names(images):
    with everything() as landmarker:
        result = landmarker.detect(picture(images[1]))
    (scores,) = result.face_blendshapes
    assert [score.category_name for score in scores] == NAMES.split()
    assert [score.index for score in scores] == list(range(52))
    assert scores[0].score == 0
    assert all(0 <= score.score <= 1 for score in scores)
    order = vision.face_landmarker.Blendshapes
    assert [order(k).name for k in (0, 25, 51)] == ["NEUTRAL", "JAW_OPEN", "NOSE_SNEER_RIGHT"]


def head(yaw: float, pitch: float = 0, roll: float = 0, **changes: np.ndarray) -> FaceState:
    """The mean head half a metre away, up and right of the middle, by MediaPipe's camera."""
    model, R = face_model(), from_angles(yaw, pitch, roll)
    fit = HeadFit(
        R_camera_head=R,
        t_camera_head=np.array([6.0, -8.0, 50.0]),
        size=1.0,
        identity=changes.get("identity", np.zeros(10)),
        weights=changes.get("weights", np.zeros(len(model.expression_names))),
        names=model.expression_names,
        gaze=np.zeros((2, 2)),
        visible=np.ones(478, bool),
        residual=0.0,
        camera=Camera.of_fov(640, 360, fov_across(640, 360)),
    )
    points = model.points("mesh478", fit.vertices(model)) @ R.T + fit.t_camera_head
    mesh = np.column_stack([fit.camera.project(points), points[:, 2] - points[:, 2].mean()])
    mesh[:, 2] *= fit.camera.K[0, 0] / points[:, 2].mean()
    return replace(synthetic_face(), mesh=mesh, fit=fit, pose=Pose(R, fit.matrix))


def test_the_matrix_has_mediapipes_axes():
    straight = matrix(head(0), 640, 360)
    assert np.degrees(np.arccos(np.clip(np.diag(straight)[:3], -1, 1))).max() < 12
    np.testing.assert_allclose(straight[:3, :3] @ straight[:3, :3].T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(straight[3], (0, 0, 0, 1))
    x, y, z = straight[:3, 3]
    assert x > 2  # right in the image
    assert y > 2  # up
    assert -90 < z < -20  # the camera looks along -z; centimetres
    left, up = matrix(head(30), 640, 360), matrix(head(0, 20), 640, 360)
    tilted = matrix(head(0, 0, 15), 640, 360)
    nose, crown = straight[:3, 2], straight[:3, 1]
    assert (left[:3, 2] - nose)[0] == pytest.approx(0.5, abs=0.05)  # the subject's left: +x
    assert (up[:3, 2] - nose)[1] == pytest.approx(np.sin(np.radians(20)), abs=0.05)
    assert (tilted[:3, 1] - crown)[0] == pytest.approx(np.sin(np.radians(15)), abs=0.05)


@pytest.mark.parametrize("fitted", [True, False])
def test_the_canonical_face_lands_on_the_points_through_mediapipes_camera(fitted):
    face = head(25, -10, 8)
    if not fitted:
        face = replace(face, fit=None)
    width, height = 640, 360
    T = matrix(face, width, height)
    canonical = mesh478()["canonical"].astype(float)
    x, y, z = (canonical @ T[:3, :3].T + T[:3, 3]).T
    focal = height / 2 / np.tan(np.radians(FOV / 2))
    seen = np.stack([width / 2 - focal * x / z, height / 2 + focal * y / z], 1)
    eyes = np.linalg.norm((face.mesh[33] - face.mesh[263])[:2])
    assert np.median(np.linalg.norm(seen - face.mesh[:468, :2], axis=1)) < 0.05 * eyes


def test_expressions_do_not_move_the_matrix():
    wide = face_model().weights({"jawOpen": 1.0, "mouthSmileLeft": 1.0}).astype(float)
    still, open_ = matrix(head(10), 640, 360), matrix(head(10, weights=wide), 640, 360)
    np.testing.assert_allclose(still, open_, atol=1e-9)


def test_a_video_is_followed_with_mediapipes_camera_and_steadier_than_stills(images):
    with everything(vision.RunningMode.VIDEO) as landmarker:
        seen = [landmarker.detect_for_video(picture(images[0]), 33 * k) for k in range(4)]
    T = [result.facial_transformation_matrixes[0] for result in seen]
    assert np.abs(T[3] - T[2]).max() < 0.3
    height = images[0].shape[0]
    nose = seen[3].face_landmarks[0][1]
    focal = height / 2 / np.tan(np.radians(FOV / 2))
    tip = T[3][:3, :3] @ mesh478()["canonical"][1] + T[3][:3, 3]
    y = 0.5 - focal * tip[1] / -tip[2] / height
    assert y == pytest.approx(nose.y, abs=0.02)


def test_nobody_is_an_empty_result():
    grey = np.full((120, 160, 3), 128, np.uint8)
    with everything() as landmarker:
        result = landmarker.detect(picture(grey))
    assert result == vision.FaceLandmarkerResult([], [], [])
    assert mp.FaceMesh().process(grey).multi_face_landmarks is None


def test_only_what_was_asked_for_is_returned(images):
    landmarker = mp.FaceLandmarker.create_from_model_path("face_landmarker.task")
    result = landmarker.detect(picture(images[0]))
    assert len(result.face_landmarks[0]) == 478
    assert (result.face_blendshapes, result.facial_transformation_matrixes) == ([], [])


def test_two_faces_need_two_slots(images):
    small = np.ascontiguousarray(images[0][::2, ::2])
    both = np.hstack([small, small])
    for count in (1, 2):
        with mp.FaceMesh(max_num_faces=count) as mesh:
            faces = mesh.process(both).multi_face_landmarks
        assert faces is not None
        assert [len(face.landmark) for face in faces] == [468] * count


def test_live_the_newest_picture_wins_and_the_last_is_finished(images):
    seen: list[tuple[int, int]] = []
    begun, go = threading.Event(), threading.Event()

    def on_result(result: vision.FaceLandmarkerResult, image: mp.Image, timestamp: int) -> None:
        seen.append((timestamp, len(result.face_landmarks)))
        begun.set()
        go.wait(30)

    stream = everything(vision.RunningMode.LIVE_STREAM, result_callback=on_result)
    with stream:
        stream.detect_async(picture(images[0]), 0)
        assert begun.wait(30)
        for timestamp in (33, 66, 100):  # while the first is in the callback
            stream.detect_async(picture(images[0]), timestamp)
        go.set()
    assert seen == [(0, 1), (100, 1)]


def test_what_a_callback_raises_is_not_swallowed(images):
    def on_result(*_: object) -> None:
        raise RuntimeError("my own mistake")

    stream = everything(vision.RunningMode.LIVE_STREAM, result_callback=on_result)
    stream.detect_async(picture(images[0]), 0)
    with pytest.raises(RuntimeError, match="my own mistake"):
        stream.close()


def test_confidences_take_faces_out():
    def faces(*scores: float) -> list[FaceState]:
        return [synthetic_face(id=k, score=score) for k, score in enumerate(scores)]

    gate = Gate(0.9, 0.6)
    assert [face.id for face in gate(faces(0.95, 0.8))] == [0]
    assert [face.id for face in gate(faces(0.7, 0.8))] == [0]  # known: the lower one counts
    assert gate(faces(0.55)) == []
    assert gate(faces(0.7)) == []  # and was given up
    with pytest.raises(InputError, match="min_detection_confidence"):
        mp.FaceMesh(min_detection_confidence=50)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: mp.FaceMesh(max_num_faces=0), "max_num_faces"),
        (lambda: mp.FaceMesh().process(np.zeros((9, 9), np.uint8)), r"expected shape \(H, W, 3\)"),
        (lambda: everything().detect_for_video(picture(np.zeros((9, 9, 3), np.uint8)), 0), "VIDEO"),
        (lambda: everything(vision.RunningMode.LIVE_STREAM), "result_callback"),
        (lambda: everything(result_callback=print), "result_callback"),
        (
            lambda: everything().detect(picture(np.zeros((9, 9, 3), np.uint8)), object()),
            "image_processing_options",
        ),
    ],
)
def test_misuse_is_a_value_error_as_in_mediapipe(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_other_picture_formats_see_the_same_face(images):
    from_file = mp.Image.create_from_file
    rgba = np.dstack([images[0], np.full(images[0].shape[:2], 255, np.uint8)])
    with everything() as landmarker:
        plain = landmarker.detect(picture(images[0]))
        alpha = landmarker.detect(mp.Image(mp.ImageFormat.SRGBA, rgba))
    assert as_array(plain.face_landmarks[0]) == pytest.approx(as_array(alpha.face_landmarks[0]))
    with pytest.raises(OSError, match=r"none\.png"):
        from_file("none.png")
    with pytest.raises(ValueError, match="read-only"):
        picture(images[0]).numpy_view()[0] = 0


def test_who_asks_for_a_gpu_is_told(recwarn):
    mp.tasks.BaseOptions(delegate=mp.tasks.BaseOptions.Delegate.GPU)
    assert "CPU" in str(recwarn.pop(UserWarning).message)


def test_after_install_code_that_imports_mediapipe_gets_this():
    code = (
        "import bauta.compat.mediapipe as ours; ours.install(); ours.install()\n"
        "import mediapipe as mp\n"
        "from mediapipe.tasks import python\n"
        "from mediapipe.tasks.python import vision\n"
        "from mediapipe.tasks.python.core.base_options import BaseOptions\n"
        "from mediapipe.tasks.python.vision.drawing_utils import DrawingSpec\n"
        "from mediapipe.framework.formats import landmark_pb2\n"
        "import mediapipe.solutions.face_mesh as face_mesh\n"
        "import mediapipe.python.solutions.face_mesh as same\n"
        "from mediapipe.python.solutions.drawing_utils import DrawingSpec as drawn\n"
        "from mediapipe.python import solutions\n"
        "from mediapipe.tasks.python.components import containers\n"
        "from mediapipe.tasks.python.components.containers.landmark import NormalizedLandmark\n"
        "from mediapipe.tasks.python.components.containers.category import Category\n"
        "assert same is face_mesh and solutions is mp.solutions is mp.python.solutions\n"
        "assert drawn is mp.solutions.drawing_utils.DrawingSpec\n"
        "assert mp.tasks.components.containers.NormalizedLandmark is NormalizedLandmark\n"
        "assert containers.Category is Category\n"
        "assert mp is ours and vision.FaceLandmarker is ours.FaceLandmarker\n"
        "assert mp.solutions.face_mesh is face_mesh and python.BaseOptions is BaseOptions\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    taken = (
        "import sys, types; sys.modules['mediapipe'] = types.ModuleType('mediapipe')\n"
        "import bauta.compat.mediapipe as ours; ours.install()"
    )
    done = subprocess.run([sys.executable, "-c", taken], capture_output=True, text=True)
    assert "has been imported already" in done.stderr


def test_solutions_for_hands_are_named_as_missing():
    with pytest.raises(AttributeError, match=r"solutions\.hands: is not in bauta"):
        _ = mp.solutions.hands


def test_solutions_are_found_below_python_too():
    found = importlib.import_module("bauta.compat.mediapipe.python.solutions.face_mesh")
    assert found is mp.solutions.face_mesh


def test_times_need_not_grow(images):
    with everything(vision.RunningMode.VIDEO) as landmarker:
        for timestamp in (1000, 1000, 400, int(time.time() * 1000)):
            assert landmarker.detect_for_video(picture(images[0]), timestamp).face_landmarks
