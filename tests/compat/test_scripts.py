"""The calls that scripts make, written as they write them, with one import changed."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

import bauta.compat.mediapipe as mp
from bauta.compat.mediapipe.framework.formats import landmark_pb2
from bauta.compat.mediapipe.tasks import python
from bauta.compat.mediapipe.tasks.python import vision
from bauta.demo import clip_path


@pytest.fixture
def cap():
    """The demo clip as scripts read it: BGR frames."""
    capture = cv2.VideoCapture(str(clip_path()))
    yield capture
    capture.release()


def test_the_webcam_example_with_all_three_drawings(cap):
    mp_drawing = mp.solutions.drawing_utils
    mp_drawing_styles = mp.solutions.drawing_styles
    mp_face_mesh = mp.solutions.face_mesh
    frames = 0
    with mp_face_mesh.FaceMesh(
        max_num_faces=1,
        refine_landmarks=True,
        min_detection_confidence=0.5,
        min_tracking_confidence=0.5,
    ) as face_mesh:
        while cap.isOpened() and frames < 3:
            success, image = cap.read()
            if not success:
                break
            image.flags.writeable = False
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            results = face_mesh.process(image)
            image.flags.writeable = True
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            plain = image.copy()
            if results.multi_face_landmarks:
                for face_landmarks in results.multi_face_landmarks:
                    drawings = (
                        (
                            mp_face_mesh.FACEMESH_TESSELATION,
                            mp_drawing_styles.get_default_face_mesh_tesselation_style(),
                        ),
                        (
                            mp_face_mesh.FACEMESH_CONTOURS,
                            mp_drawing_styles.get_default_face_mesh_contours_style(),
                        ),
                        (
                            mp_face_mesh.FACEMESH_IRISES,
                            mp_drawing_styles.get_default_face_mesh_iris_connections_style(),
                        ),
                    )
                    for connections, style in drawings:
                        before = image.copy()
                        mp_drawing.draw_landmarks(
                            image=image,
                            landmark_list=face_landmarks,
                            connections=connections,
                            landmark_drawing_spec=None,
                            connection_drawing_spec=style,
                        )
                        assert (image != before).any()
            assert 0.01 < (image != plain).any(-1).mean() < 0.3
            frames += 1
    assert frames == 3


def test_points_with_default_looks_on_the_face_only(cap):
    mp_draw = mp.solutions.drawing_utils
    spec = mp_draw.DrawingSpec(thickness=1, circle_radius=1)
    img = cap.read()[1]
    results = mp.solutions.face_mesh.FaceMesh().process(img[:, :, ::-1])
    assert results.multi_face_landmarks
    face = results.multi_face_landmarks[0]
    drawn = img.copy()
    mp_draw.draw_landmarks(drawn, face, mp.solutions.face_mesh.FACEMESH_CONTOURS, spec, spec)
    ys, xs = np.nonzero((drawn != img).any(-1))
    h, w = img.shape[:2]
    points = np.array([[p.x * w, p.y * h] for p in face.landmark])
    assert xs.min() >= points[:, 0].min() - 4
    assert ys.max() <= points[:, 1].max() + 4
    nose = mp_draw._normalized_to_pixel_coordinates(face.landmark[1].x, face.landmark[1].y, w, h)
    assert nose == tuple(points[1].astype(int))
    assert mp_draw._normalized_to_pixel_coordinates(1.2, 0.5, w, h) is None
    with pytest.raises(ValueError, match="refine_landmarks"):
        mp_draw.draw_landmarks(drawn, face, mp.solutions.face_mesh.FACEMESH_IRISES)


def test_drowsiness_by_the_eye_aspect_ratio(cap):
    left_eye, right_eye = [362, 385, 387, 263, 373, 380], [33, 160, 158, 133, 153, 144]
    face_mesh = mp.solutions.face_mesh.FaceMesh(refine_landmarks=True)
    frame = cap.read()[1]
    h, w, _ = frame.shape
    results = face_mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    assert results.multi_face_landmarks
    landmarks = results.multi_face_landmarks[0].landmark

    def ratio(eye: list[int]) -> float:
        points = [(int(landmarks[i].x * w), int(landmarks[i].y * h)) for i in eye]
        a, b, c = (
            np.hypot(points[i][0] - points[j][0], points[i][1] - points[j][1])
            for i, j in ((1, 5), (2, 4), (0, 3))
        )
        return (a + b) / (2 * c)

    assert 0.15 < (ratio(left_eye) + ratio(right_eye)) / 2 < 0.5
    mesh_points = np.array(
        [
            np.multiply([p.x, p.y], [w, h]).astype(int)
            for p in results.multi_face_landmarks[0].landmark
        ]
    )
    (cx, cy), radius = cv2.minEnclosingCircle(mesh_points[[474, 475, 476, 477]])
    assert 1 < radius < 30
    assert abs(cx - mesh_points[473][0]) < 4
    assert abs(cy - mesh_points[473][1]) < 4
    face_mesh.close()


def test_head_pose_by_solve_pnp(cap):
    frame = cap.read()[1]
    img_h, img_w = frame.shape[:2]
    results = mp.solutions.face_mesh.FaceMesh(min_detection_confidence=0.5).process(
        cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    )
    assert results.multi_face_landmarks
    face_2d, face_3d = [], []
    for idx, lm in enumerate(results.multi_face_landmarks[0].landmark):
        if idx in (33, 263, 1, 61, 291, 199):
            x, y = int(lm.x * img_w), int(lm.y * img_h)
            face_2d.append([x, y])
            face_3d.append([x, y, lm.z * 3000])
    camera = np.array([[img_w, 0, img_h / 2], [0, img_w, img_w / 2], [0, 0, 1]], np.float64)
    success, rotation, _ = cv2.solvePnP(
        np.array(face_3d, np.float64), np.array(face_2d, np.float64), camera, np.zeros((4, 1))
    )
    angles = cv2.RQDecomp3x3(cv2.Rodrigues(rotation)[0])[0]
    assert success
    assert np.isfinite(angles).all()


def draw_landmarks_on_image(rgb_image: np.ndarray, detection_result) -> np.ndarray:
    """As in the notebook of MediaPipe's tasks."""
    annotated_image = np.copy(rgb_image)
    for face_landmarks in detection_result.face_landmarks:
        face_landmarks_proto = landmark_pb2.NormalizedLandmarkList()
        face_landmarks_proto.landmark.extend(
            [
                landmark_pb2.NormalizedLandmark(x=landmark.x, y=landmark.y, z=landmark.z)
                for landmark in face_landmarks
            ]
        )
        mp.solutions.drawing_utils.draw_landmarks(
            image=annotated_image,
            landmark_list=face_landmarks_proto,
            connections=mp.solutions.face_mesh.FACEMESH_TESSELATION,
            landmark_drawing_spec=None,
            connection_drawing_spec=mp.solutions.drawing_styles.get_default_face_mesh_tesselation_style(),
        )
    return annotated_image


def test_the_notebook_of_the_tasks(cap, tmp_path):
    cv2.imwrite(str(tmp_path / "image.png"), cap.read()[1])
    base_options = python.BaseOptions(model_asset_path="face_landmarker_v2_with_blendshapes.task")
    options = vision.FaceLandmarkerOptions(
        base_options=base_options,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
        num_faces=1,
    )
    detector = vision.FaceLandmarker.create_from_options(options)
    image = mp.Image.create_from_file(str(tmp_path / "image.png"))
    detection_result = detector.detect(image)
    annotated_image = draw_landmarks_on_image(image.numpy_view(), detection_result)
    assert (annotated_image != image.numpy_view()).any()
    names = [b.category_name for b in detection_result.face_blendshapes[0]]
    scores = [b.score for b in detection_result.face_blendshapes[0]]
    assert len(names) == len(scores) == 52
    assert np.array(detection_result.facial_transformation_matrixes[0].data).shape == (4, 4)


def test_a_video_with_scores_and_angles(cap):
    options = mp.tasks.vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path="face_landmarker.task"),
        running_mode=mp.tasks.vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    yaws = []
    with mp.tasks.vision.FaceLandmarker.create_from_options(options) as landmarker:
        for index in range(80):
            ok, frame = cap.read()
            assert ok
            rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            mp_image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
            result = landmarker.detect_for_video(mp_image, int(index * 1000 / 25))
            if not result.face_landmarks:
                continue
            blend = {b.category_name: b.score for b in result.face_blendshapes[0]}
            assert blend["jawOpen"] >= 0
            R = result.facial_transformation_matrixes[0][:3, :3]
            yaws.append(np.degrees(np.arctan2(-R[2, 0], np.hypot(R[2, 1], R[2, 2]))))
    assert len(yaws) > 60
    assert np.abs(np.diff(yaws)).max() < 10


def test_a_camera_with_a_callback_and_the_newer_drawing(cap):
    mp_drawing, mp_styles = mp.tasks.vision.drawing_utils, mp.tasks.vision.drawing_styles
    connections = mp.tasks.vision.FaceLandmarksConnections
    seen = []

    def print_result(
        result: vision.FaceLandmarkerResult, output_image: mp.Image, timestamp_ms: int
    ):
        seen.append((result, output_image, timestamp_ms))

    options = mp.tasks.vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path="face_landmarker.task"),
        running_mode=mp.tasks.vision.RunningMode.LIVE_STREAM,
        result_callback=print_result,
    )
    with mp.tasks.vision.FaceLandmarker.create_from_options(options) as landmarker:
        frame = cap.read()[1]
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        mp_image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        landmarker.detect_async(mp_image, int(time.time() * 1000))
    ((result, output_image, timestamp),) = seen
    assert output_image is mp_image
    assert isinstance(timestamp, int)
    before = frame.copy()
    for face_landmarks in result.face_landmarks:
        mp_drawing.draw_landmarks(
            frame,
            face_landmarks,
            connections.FACE_LANDMARKS_CONTOURS,
            None,
            mp_styles.get_default_face_mesh_contours_style(),
        )
        mp_drawing.draw_landmarks(
            frame,
            face_landmarks,
            connections.FACE_LANDMARKS_LEFT_IRIS,
            landmark_drawing_spec=None,
            connection_drawing_spec=mp_drawing.DrawingSpec(color=(0, 255, 0), thickness=1),
        )
    assert (frame != before).any()
