"""The tracker's logic, with stand-ins for the networks that see a known face where it is."""

from __future__ import annotations

import numpy as np
import pytest

import bauta.tracker as module
from bauta.checks import InputError
from bauta.crop import Roi, roi_of_mesh
from bauta.filters.one_euro import OneEuroConfig
from bauta.geometry import boxes
from bauta.regress.landmarks import Prediction
from bauta.tracker import Tracker
from bauta.types import FaceState
from bauta.video.frame import Frame
from faces import synthetic_face

IMAGE = np.zeros((360, 640, 3), np.uint8)
DT = 0.04


class Scene:
    """Faces that are there now, and how often each network was asked."""

    def __init__(self) -> None:
        self.faces: list[FaceState] = []
        self.detections = self.regressions = 0
        self.noise = 0.0
        self._rng = np.random.default_rng(0)

    def detect(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.detections += 1
        found = np.array([face.box for face in self.faces], np.float32).reshape(-1, 4)
        return found, np.full(len(found), 0.9, np.float32)

    def regress(self, image: np.ndarray, roi: Roi) -> Prediction:
        self.regressions += 1
        best = min(self.faces, key=lambda face: off(face, roi), default=None)
        seen = best is not None and off(best, roi) < 0.3
        face = best or synthetic_face()
        points = {
            "mesh478": face.mesh + self._rng.normal(size=(478, 3)).astype("f4") * self.noise,
            "ibug68": face.points68[:, :2],
            "ibug68-3d": face.points68_3d,
        }
        sigma = {key: np.ones(len(value), np.float32) for key, value in points.items()}
        return Prediction(points, sigma, 0.99 if seen else 0.01)


def off(face: FaceState, roi: Roi) -> float:
    """Distance of a crop from the right one, over its side."""
    return float(np.linalg.norm(roi_of_mesh(face.mesh).center - roi.center)) / roi.side


@pytest.fixture
def scene(monkeypatch) -> Scene:
    scene = Scene()

    class Networks(module.Faces):
        def __init__(self, model: str, threads: int, device: str, far: bool) -> None:
            self.detector = scene.detect  # type: ignore[assignment]
            self.regressor = scene.regress  # type: ignore[assignment]

    monkeypatch.setattr(module, "Faces", Networks)
    return scene


def test_one_detection_serves_a_whole_clip(scene):
    tracker = Tracker()
    for i in range(50):
        scene.faces = [synthetic_face(center=(160 + 3 * i, 150), roll=i)]
        (face,) = tracker(IMAGE, i * DT)
        assert face.id == 0
    assert scene.detections == 1


def test_the_pose_of_the_result_is_that_of_the_face(scene):
    scene.faces = [synthetic_face(yaw=30, pitch=-10, roll=15)]
    (face,) = Tracker(fit=False)(IMAGE, 0.0)
    assert face.pose.angles == pytest.approx((30, -10, 15), abs=0.01)
    assert face.pose.matrix is None


def test_a_lost_face_is_dropped_within_3_frames_and_found_at_once_when_it_returns(scene):
    tracker = Tracker()
    face = synthetic_face()
    scene.faces = [face]
    tracker(IMAGE, 0.0)
    scene.faces = []
    assert [len(tracker(IMAGE, (1 + i) * DT)) for i in range(3)] == [0, 0, 0]
    scene.faces = [face]
    assert [f.id for f in tracker(IMAGE, 4 * DT)] == [0]


def test_somebody_else_much_later_is_a_new_id(scene):
    tracker = Tracker()
    scene.faces = [synthetic_face()]
    tracker(IMAGE, 0.0)
    scene.faces = []
    for i in range(5):
        tracker(IMAGE, (1 + i) * DT)
    scene.faces = [synthetic_face(center=(450, 200))]
    assert [f.id for f in tracker(IMAGE, 10.0)] == [1]


def test_a_jump_is_recovered_by_detection_in_the_same_frame(scene):
    tracker = Tracker()
    scene.faces = [synthetic_face(center=(120, 150))]
    tracker(IMAGE, 0.0)
    scene.faces = [synthetic_face(center=(500, 150))]
    (face,) = tracker(IMAGE, DT)
    assert face.box[0] > 400


def test_several_faces_keep_their_ids_whatever_the_detector_s_order(scene):
    tracker, left, faces = Tracker(max_faces=3), -1, []
    for i in range(40):
        scene.faces = [
            synthetic_face(center=(120 + 2 * i, 120), size=80),
            synthetic_face(center=(500 - 2 * i, 250), size=80),
        ][:: 1 if i % 2 else -1]
        faces = tracker(IMAGE, i * DT)
        if i == 0:
            left = min(faces, key=lambda face: face.box[0]).id
    assert min(faces, key=lambda face: face.box[0]).id == left
    assert [face.id for face in faces] == [0, 1]


def test_a_free_slot_is_looked_at_now_and_then(scene):
    tracker, faces = Tracker(max_faces=2), []
    for i in range(50):
        scene.faces = [synthetic_face(center=(150, 150), size=80)]
        if i >= 20:
            scene.faces.append(synthetic_face(center=(450, 150), size=80))
        faces = tracker(IMAGE, i * DT)
    assert len(faces) == 2
    assert scene.detections < 15


def test_never_more_faces_than_asked_for(scene):
    scene.faces = [synthetic_face(center=(60 + 90 * i, 150), size=60) for i in range(6)]
    tracker = Tracker(max_faces=4)
    assert [len(tracker(IMAGE, i * DT)) for i in range(3)] == [4, 4, 4]


def test_never_more_faces_than_asked_for_whoever_comes_and_goes(scene):
    a, b, c = (synthetic_face(center=(100 + 200 * i, 150), size=80) for i in range(3))
    tracker = Tracker(max_faces=1)
    for i, faces in enumerate([[a], [b], [a, b], [c], [a, b, c], [b], [a, b, c], [a, b, c]]):
        scene.faces = faces
        assert len(tracker(IMAGE, i * DT)) == 1


def test_two_tracks_never_share_a_face(scene):
    tracker, faces = Tracker(max_faces=2), []
    for i in range(40):
        x = max(320 - 8 * i, 0)
        scene.faces = [
            synthetic_face(center=(160, 150), size=80),
            synthetic_face(center=(160 + x, 150), size=80),
        ][: 2 if x > 30 else 1]
        faces = tracker(IMAGE, i * DT)
    assert len(faces) == 1


def test_the_filter_steadies_a_still_face_and_none_leaves_it(scene):
    scene.noise = 0.5

    def spread(filter: str) -> float:
        tracker = Tracker(filter=filter)  # type: ignore[arg-type]
        scene.faces = [synthetic_face()]
        meshes = [tracker(IMAGE, i * DT)[0].mesh for i in range(60)]
        return float(np.std(meshes[20:], axis=0).mean())

    raw, filtered = spread("none"), spread("one_euro")
    assert raw == pytest.approx(0.5, rel=0.1)
    assert filtered < 0.7 * raw


def test_reset_starts_ids_anew(scene):
    tracker = Tracker()
    scene.faces = [synthetic_face()]
    tracker(IMAGE, 0.0)
    scene.faces = [synthetic_face(center=(450, 200))]
    tracker.reset()
    assert [face.id for face in tracker(IMAGE, 0.0)] == [0]


def test_a_frame_carries_its_own_time(scene):
    scene.faces = [synthetic_face()]
    (face,) = Tracker()(Frame(IMAGE, 7.5, 0, "clip"))
    assert face.time == 7.5


@pytest.mark.parametrize("times", [(0.0, 0.0, 0.0), (5.0, 1.0, 0.2)], ids=["repeat", "go back"])
def test_strange_times_are_no_error(scene, times):
    tracker = Tracker()
    scene.faces = [synthetic_face()]
    assert [len(tracker(IMAGE, time)) for time in times] == [1, 1, 1]


def test_no_face_is_an_empty_list(scene):
    assert Tracker()(IMAGE, 0.0) == []


@pytest.mark.parametrize(
    ("image", "match"),
    [
        (IMAGE.astype(np.float32), "uint8"),
        (IMAGE[..., 0], r"\(H, W, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), "alpha"),
        ([[1, 2], [3, 4]], "numpy"),
        (None, "numpy"),
    ],
)
def test_wrong_pictures_are_refused(scene, image, match):
    with pytest.raises(InputError, match=match):
        Tracker()(image, 0.0)


@pytest.mark.parametrize("time", [None, float("nan"), float("inf")])
def test_a_picture_without_a_time_is_refused(scene, time):
    with pytest.raises(InputError, match="time"):
        Tracker()(IMAGE, time)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"max_faces": 0}, "max_faces"),
        ({"max_faces": "2"}, "max_faces"),
        ({"max_faces": 1.5}, "max_faces"),
        ({"filter": "median"}, "filter"),
        ({"filter": "flow", "filter_config": OneEuroConfig()}, "HeadConfig"),
        ({"filter": "none", "filter_config": OneEuroConfig()}, "no effect"),
    ],
)
def test_unknown_options_are_refused(scene, options, match):
    with pytest.raises(InputError, match=match):
        Tracker(**options)


def test_a_frame_is_rgb_already(scene):
    with pytest.raises(InputError, match="RGB already"):
        Tracker()(Frame(IMAGE, 0.0, 0, "clip"), color="bgr")


def test_bgr_is_turned_round(scene, monkeypatch):
    seen = []
    monkeypatch.setattr(
        scene, "detect", lambda image: seen.append(image) or (np.zeros((0, 4)), np.zeros(0))
    )
    image = np.zeros((50, 50, 3), np.uint8)
    image[..., 0] = 255
    Tracker()(image, 0.0, color="bgr")
    assert seen[0][0, 0].tolist() == [0, 0, 255]


def test_boxes_enclose_the_mesh(scene):
    scene.faces = [synthetic_face(yaw=20)]
    (face,) = Tracker()(IMAGE, 0.0)
    assert face.box == pytest.approx(boxes.of_points(face.mesh))


def test_another_size_of_picture_mid_stream_is_another_scene(scene):
    tracker = Tracker()
    scene.faces = [synthetic_face()]
    tracker(IMAGE, 0.0)
    small = np.zeros((180, 320, 3), np.uint8)
    scene.faces = [synthetic_face(center=(80, 60), size=60)]
    (face,) = tracker(small, DT)
    assert face.box[2] < 160
    assert face.mesh == pytest.approx(scene.faces[0].mesh, abs=1e-3)


def test_fifty_faces_at_once_keep_their_ids(scene):
    tracker = Tracker(max_faces=50, fit=False)
    places = [(40 + 60 * (i % 10), 35 + 70 * (i // 10)) for i in range(50)]
    where: list[dict[int, float]] = []
    for t in range(6):
        scene.faces = [synthetic_face(center=(x + t, y), size=44) for x, y in places]
        where.append({face.id: face.box[0] - t for face in tracker(IMAGE, t * DT)})
    assert len(where[-1]) == 50
    assert all(abs(where[0][id] - x) < 3 for id, x in where[-1].items())


def test_a_face_that_leaves_at_the_border_is_gone(scene):
    tracker = Tracker()
    for i in range(20):
        x = 500 + 20 * i
        scene.faces = [synthetic_face(center=(x, 150))] if x < 620 else []
        tracker(IMAGE, i * DT)
    assert tracker(IMAGE, 1.0) == []


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_jumps_loses_nobody(scene, jump):
    tracker = Tracker()
    scene.faces = [synthetic_face()]
    ids = {face.id for t in (0.0, DT, DT + jump, 2 * DT + jump) for face in tracker(IMAGE, t)}
    assert ids == {0}
