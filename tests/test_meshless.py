"""A model of 68 points alone: its faces are found, followed, turned, written and drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bauta.tracker as module
from bauta.checks import InputError, ModelError
from bauta.crop import Roi, place
from bauta.faces import Faces, face_state
from bauta.geometry import boxes
from bauta.records import CsvWriter, JsonlWriter, NpzWriter, read_tracks
from bauta.regress.landmarks import Doubt, LandmarkRegressor, Prediction
from bauta.render.overlay import Axes, Box, Irises, Overlay, Points, Wire
from bauta.tracker import Tracker
from bauta.types import FaceState
from faces import synthetic_face

IMAGE = np.zeros((360, 640, 3), np.uint8)
DT = 0.04


def prediction(face: FaceState, scheme: str = "ibug68", presence: float = 0.99) -> Prediction:
    points = face.points("ibug68")
    return Prediction({scheme: points[:, :2].copy()}, {scheme: np.ones(68, np.float32)}, presence)


def meshless(**where) -> FaceState:
    return face_state(prediction(synthetic_face(**where)), 0, 0.0)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -10, 15), (-40, 5, -60)])
def test_the_pose_is_that_of_the_face(angles):
    yaw, pitch, roll = angles
    assert meshless(yaw=yaw, pitch=pitch, roll=roll).pose.angles == pytest.approx(angles, abs=1.5)


def test_the_whole_face_is_bounded_forehead_to_chin():
    """As the mesh's box is, though the 68 points end at the brows."""
    face = synthetic_face(yaw=20, pitch=5)
    assert meshless(yaw=20, pitch=5).box == pytest.approx(face.box, abs=2)
    assert boxes.of_points(face.points68)[1] > face.box[1] + 20


def test_the_crop_is_that_of_the_mesh():
    face = synthetic_face(yaw=25, roll=20)
    mesh, points = place(face.mesh, "mesh478").roi, place(face.points68, "ibug68").roi
    assert points.center == pytest.approx(mesh.center, abs=0.02 * mesh.side)
    assert points.side == pytest.approx(mesh.side, rel=0.03)
    assert points.angle == pytest.approx(mesh.angle, abs=0.02)


def test_depth_is_that_of_the_canonical_face():
    face = synthetic_face(yaw=30)
    found = meshless(yaw=30).points68
    assert found[:, 2].mean() == pytest.approx(0, abs=1e-3)
    assert found[:, 2] == pytest.approx(face.points68[:, 2], abs=2)


def test_sets_that_are_not_predicted_are_empty():
    face = meshless()
    assert face.mesh.shape == face.points68_3d.shape == (0, 3)
    assert face.points("mesh478").shape == (0, 3)
    assert face.eye_openness == pytest.approx((0.3, 0.3), abs=0.15)


def test_a_face_without_any_points_is_refused():
    empty = np.zeros((0, 3))
    with pytest.raises(InputError, match="at least one"):
        replace(meshless(), points68=empty)


def test_points_of_another_scheme_are_read_as_the_68():
    from bauta import schemes

    whole = synthetic_face(yaw=10)
    points = schemes.convert(whole.mesh, "mesh478", "wflw98")[:, :2].astype(np.float32)
    face = face_state(Prediction({"wflw98": points}, {}, 1.0), 0, 0.0)
    assert face.points68[:, :2] == pytest.approx(schemes.convert(points, "wflw98", "ibug68"))
    assert face.pose.yaw == pytest.approx(10, abs=3)


class Clip:
    """One face that is there or not, a detector, and a regressor that cannot tell presence."""

    def __init__(self) -> None:
        self.face: FaceState | None = synthetic_face()
        self.detections = 0
        self.watched, self.presence, self.found = True, 1.0, 0.8
        self.apart = 0.0
        """How far the points of the mirror image lie beside, over the face's size."""

    def detector(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.detections += 1
        if self.face is None:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        return self.face.box[None], np.array([self.found], np.float32)

    def regressor(self, image: np.ndarray, roi: Roi) -> Prediction:
        face = self.face or synthetic_face()
        if roi.mirrored and self.apart:
            size = np.sqrt(boxes.area(face.box))
            beside = np.array([self.apart * size, 0, 0], np.float32)
            face = replace(face, points68=face.points68 + beside)
        return prediction(face, presence=self.presence)


@pytest.fixture
def clip(monkeypatch) -> Clip:
    clip = Clip()

    class Networks(Faces):
        def __init__(self, model: str, threads: int, device: str, far: bool) -> None:
            self.detector = clip.detector  # type: ignore[assignment]
            self.regressor = clip.regressor  # type: ignore[assignment]
            self.watched = clip.watched

    monkeypatch.setattr(module, "Faces", Networks)
    return clip


def test_a_model_whose_presence_was_measured_is_followed_without_the_detector(clip):
    clip.watched = False
    tracker = Tracker()
    for i in range(50):
        clip.face = synthetic_face(center=(160 + 3 * i, 150), roll=i)
        (face,) = tracker(IMAGE, i * DT)
        assert face.id == 0
        assert face.pose.roll == pytest.approx(i, abs=2)
    assert clip.detections == 1


def test_any_other_model_is_watched_by_the_detector(clip):
    tracker = Tracker()
    states = [tracker(IMAGE, i * DT) for i in range(50)]
    assert all(len(faces) == 1 for faces in states)
    assert states[20][0].score == pytest.approx(0.8)
    assert 8 <= clip.detections <= 14  # once, then every 0.2 s of 2 s


def test_a_watched_model_may_be_less_sure_of_a_face(clip):
    clip.presence, clip.found = 0.55, 0.59
    assert Tracker()(IMAGE, 0.0)[0].score == pytest.approx(0.55)
    clip.watched = False
    assert Tracker()(IMAGE, 0.0) == []


def test_where_the_detector_is_sure_a_model_may_be_less_so(clip):
    clip.watched, clip.presence, clip.found = False, 0.75, 0.65
    assert len(Tracker()(IMAGE, 0.0)) == 1
    clip.found = 0.55
    assert Tracker()(IMAGE, 0.0) == []


def test_what_looks_otherwise_in_the_mirror_is_no_face_unless_the_detector_is_sure(clip):
    clip.watched, clip.found = False, 0.55
    for apart, faces in ((0.05, 1), (0.2, 0)):  # the limit: 25 % times the score
        clip.apart = apart
        assert len(Tracker()(IMAGE, 0.0)) == faces, apart
    clip.found = 0.65
    assert len(Tracker()(IMAGE, 0.0)) == 1


def test_how_sure_a_new_face_must_be_stands_in_the_file():
    points = np.zeros((1, 68, 2), np.float32)
    said = {"schemes": "ibug68"}
    assert regressor(said, ibug68=points).doubt == Doubt()
    assert regressor(said | {"doubt": str(Doubt(15, 0.7))}, ibug68=points).doubt == Doubt(15, 0.7)
    with pytest.raises(ModelError, match="does not work"):
        regressor(said | {"doubt": "little"}, ibug68=points)


def test_a_lost_face_is_dropped_and_found_again_when_the_network_does_not_see_it_go(clip):
    tracker = Tracker()
    here = clip.face
    assert len(tracker(IMAGE, 0.0)) == 1
    clip.face = None
    lost = [len(tracker(IMAGE, (1 + i) * DT)) for i in range(12)]
    assert sum(lost) <= 5  # until the detector looks again
    assert lost[6:] == [0] * 6
    clip.face = here
    assert len(tracker(IMAGE, 13 * DT)) == 1


def test_jsonl_gives_back_empty_sets(tmp_path):
    face = meshless()
    with JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(0.0, 0, [face])
    ((_, _, (back,)),) = list(read_tracks(tmp_path / "a.jsonl"))
    assert back.mesh.shape == (0, 3)
    assert back.points68 == pytest.approx(face.points68, abs=0.0051)


def test_npz_has_nan_for_empty_sets(tmp_path):
    with NpzWriter(tmp_path / "a.npz") as writer:
        writer.write(0.0, 0, [meshless(), synthetic_face()])
    with np.load(tmp_path / "a.npz") as arrays:
        assert np.isnan(arrays["mesh"][0]).all()
        assert np.isfinite(arrays["mesh"][1]).all()
        assert np.isfinite(arrays["points68"]).all()


def test_csv_leaves_cells_empty_where_the_68_are_unknown(tmp_path):
    face = replace(synthetic_face(), points68=np.zeros((0, 3)))
    with CsvWriter(tmp_path / "a.csv") as writer:
        writer.write(0.0, 0, [face, meshless()])
    header, without, full = (tmp_path / "a.csv").read_text().splitlines()
    assert header.count(",") == without.count(",") == full.count(",")
    assert without.endswith("," * 136)


@pytest.mark.parametrize("layer", [Wire(), Points(), Axes(), Box()])
def test_what_is_known_is_drawn(layer):
    image = np.full((240, 320, 3), 120, np.uint8)
    assert (Overlay((layer,), None)(image, [meshless()]) != image).any()


@pytest.mark.parametrize("layer", [Wire("tesselation"), Points("mesh478"), Irises()])
def test_what_is_unknown_is_not_drawn(layer):
    image = np.full((240, 320, 3), 120, np.uint8)
    assert (Overlay((layer,), None)(image, [meshless()]) == image).all()


class Stub:
    """A session that holds fixed outputs."""

    name = "stub.onnx"

    device = "cpu"

    def __init__(self, metadata: dict[str, str], outputs: dict[str, np.ndarray]) -> None:
        self.metadata = {"bauta_task": "landmarks", "size": "8"} | metadata
        self.values = outputs
        self.outputs = list(outputs)

    def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.values


def regressor(metadata: dict[str, str], **outputs: np.ndarray) -> LandmarkRegressor:
    return LandmarkRegressor(Stub(metadata, outputs))  # type: ignore[arg-type]


def test_a_regressor_predicts_what_its_file_names():
    points = np.full((1, 68, 2), 4.0, np.float32)
    found = regressor({"schemes": "ibug68"}, ibug68=points)(IMAGE, Roi(np.array([50.0, 60]), 16, 0))
    assert set(found.points) == {"ibug68"}
    assert found.points["ibug68"][0].tolist() == pytest.approx([50, 60])
    assert (found.sigma, found.presence, found.main) == ({}, 1.0, "ibug68")


def test_a_regressor_is_watched_unless_its_presence_was_measured():
    points = np.zeros((1, 68, 2), np.float32)
    presence = {"presence": np.ones(1, np.float32)}
    assert regressor({"schemes": "ibug68"}, ibug68=points).watched
    assert not regressor({"schemes": "ibug68"}, ibug68=points, **presence).watched
    said = {"schemes": "ibug68", "watched_by": "detector"}
    assert regressor(said, ibug68=points, **presence).watched


@pytest.mark.parametrize(
    ("outputs", "match"),
    [
        ({}, "'ibug68' is missing"),
        ({"ibug68": np.zeros((1, 5, 2))}, "shape"),
        ({"ibug68": np.full((1, 68, 2), np.nan)}, "not finite"),
        ({"ibug68": np.zeros((1, 68, 2)), "ibug68_sigma": np.zeros((1, 5))}, "ibug68_sigma"),
        ({"ibug68": np.zeros((1, 68, 2)), "presence": np.zeros((1, 2))}, "presence"),
    ],
)
def test_a_file_that_does_not_hold_what_it_names_is_refused(outputs, match):
    with pytest.raises(ModelError, match=match):
        regressor({"schemes": "ibug68"}, **outputs)


def test_five_points_alone_cannot_be_tracked(monkeypatch):
    from bauta.regress import opening

    stub = Stub({"schemes": "celeba5"}, {"celeba5": np.zeros((1, 5, 2), np.float32)})
    monkeypatch.setattr(opening, "Session", lambda model, **settings: stub)
    with pytest.raises(ModelError, match="celeba5 only"):
        Faces("nano")
