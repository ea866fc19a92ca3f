"""Detect once, then follow: the main loop, one frame at a time.

frame -> follow every known face (crop from its last points -> regress -> filter)
      -> a free slot or a lost face? detect -> new faces (box -> regress -> upright -> regress)
      -> list of FaceState
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from bauta import associate
from bauta.assets.store import read_model
from bauta.checks import InputError, check_choice, check_count, check_image
from bauta.crop import MARGIN, Roi, mesh_rotation, roi_of_box, roi_of_mesh, roi_of_points
from bauta.detect.detector import Detector
from bauta.engine.session import Session
from bauta.filters.one_euro import OneEuro, OneEuroConfig
from bauta.geometry import boxes
from bauta.geometry.rotation import upright_angle
from bauta.regress.landmarks import LandmarkRegressor, Prediction
from bauta.types import FaceState, Pose
from bauta.video.frame import Frame

PRESENT = 0.5
"""Presence from which a face that is followed is still there."""
SURELY_PRESENT = 0.85
"""Presence from which what the detector found is a face: 99 in 100 held-out faces, masked ones too,
score above 0.93, and four in five of the detector's false alarms below this."""
DOUBT = 9.0
"""Percent of the face's size, times the detector's score: the largest median `sigma` of the mesh in
a new face. Faces have 1-3, masked ones up to 8, what only looks like one 5-30; the less sure the
detector, the less doubt is left."""
DETECTOR_THRESHOLD = 0.25
"""Lower than the detector's own: the regressor takes out what it finds too much."""
MISSES = 2
"""Frames without presence after which a face is given up."""
LOOK_AGAIN = 0.2
"""Seconds between detections while a slot is free and somebody is followed."""
FILTERS = ("one_euro", "none")
COLORS = ("rgb", "bgr")


@dataclass
class _Track:
    """A face that is followed."""

    id: int
    filter: OneEuro | None
    roi: Roi
    box: np.ndarray
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    time: float = 0.0
    misses: int = 0


class Faces:
    """Detector and regressor of one model: finds faces in a picture, reads the points of a crop."""

    def __init__(self, model: str | Path = "base", threads: int = 1) -> None:
        import cv2

        cv2.setNumThreads(check_count(threads, "threads"))
        self.regressor = LandmarkRegressor(
            Session(read_model(model), name=str(model), threads=threads)
        )
        self.detector = Detector(
            Session(read_model("detector"), name="detector", threads=threads), DETECTOR_THRESHOLD
        )

    def find(self, image: np.ndarray, taken: np.ndarray, most: int) -> list[Prediction]:
        """Faces outside of the boxes `taken` (M, 4), at most `most`, the surest first."""
        found, scores = self.detector(image)
        faces: list[Prediction] = []
        for row in associate.new_boxes(found, taken):
            if len(faces) >= most:
                break
            face = self.look(image, found[row], float(scores[row]))
            if face is None:
                continue
            box = boxes.of_points(face.points["mesh478"])
            known = [boxes.of_points(other.points["mesh478"]) for other in faces]
            if len(associate.new_boxes(box[None], np.array([*taken, *known]).reshape(-1, 4))):
                faces.append(face)
        return faces

    def look(self, image: np.ndarray, box: np.ndarray, score: float) -> Prediction | None:
        """The face in a detector's box (4,) of that score, or None when there is none after all.

        Two looks: the first at the box as it stands, the second turned upright by the first.
        """
        first = self.regressor(image, roi_of_box(box))
        if first.presence < PRESENT / 2:
            return None
        second = self.regressor(image, roi_of_mesh(first.points["mesh478"]))
        size = float(np.sqrt(boxes.area(boxes.of_points(second.points["mesh478"]))))
        doubt = 100 * float(np.median(second.sigma["mesh478"])) / max(size, 1e-6)
        sure = second.presence >= SURELY_PRESENT and doubt <= DOUBT * score
        return second if sure else None


def face_state(face: Prediction, id: int, time: float) -> FaceState:
    """Result of a prediction."""
    mesh, anatomical = face.points["mesh478"], face.points["ibug68-3d"]
    return FaceState(
        id=id,
        time=time,
        box=boxes.of_points(mesh),
        score=face.presence,
        mesh=mesh,
        points68=np.concatenate([face.points["ibug68"], anatomical[:, 2:]], axis=1),
        points68_3d=anatomical,
        pose=Pose(mesh_rotation(mesh)),
        sigma=face.sigma,
    )


class Tracker:
    """Follows up to `max_faces` faces through a clip.

    `model` is a name (`bauta models`) or a path to a bauta `.onnx`; `filter` "one_euro" or "none";
    `threads` of OpenCV and ONNX Runtime (OpenCV's is a setting of the whole process). Not
    thread-safe: one tracker a stream. InputError for an unknown option, ModelError for a bad model.
    """

    def __init__(
        self,
        model: str | Path = "base",
        max_faces: int = 1,
        *,
        threads: int = 1,
        filter: Literal["one_euro", "none"] = "one_euro",
        filter_config: OneEuroConfig | None = None,
    ) -> None:
        check_count(max_faces, "max_faces")
        check_choice(filter, FILTERS, "filter")
        if filter == "none" and filter_config is not None:
            raise InputError("filter_config: has no effect with filter='none'; leave one out")
        self.max_faces = max_faces
        self._filter_config = (filter_config or OneEuroConfig()) if filter == "one_euro" else None
        self._faces = Faces(model, threads)
        self.reset()

    def reset(self) -> None:
        """Forget everybody: the next frame is the first of another clip."""
        self._tracks: list[_Track] = []
        self._identities = associate.Identities()
        self._looked: float | None = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reset()

    def __call__(
        self,
        image: np.ndarray | Frame,
        time: float | None = None,
        *,
        color: Literal["rgb", "bgr"] = "rgb",
    ) -> list[FaceState]:
        """Faces of the next frame, ordered by id.

        `image` is a Frame of `open_video`, or (H, W, 3) uint8 with its `time` in seconds. Times may
        repeat; a time that goes back is another clip for the filter, not an error.
        """
        image, time = _frame(image, time, color)
        states = []
        for track in list(self._tracks):
            face = self._faces.regressor(image, track.roi)
            if face.presence >= PRESENT:
                states.append(self._follow(track, face, time))
            else:
                self._miss(track, time)
        self._drop_duplicates(states)
        if self._should_look(time):
            states += self._look(image, time)
        return sorted(states, key=lambda state: state.id)

    def _follow(self, track: _Track, face: Prediction, time: float) -> FaceState:
        if track.filter is not None:
            face = _filtered(track.filter, face, time, track.roi.side / MARGIN)
        state = face_state(face, track.id, time)
        dt = time - track.time
        if dt > 0:
            track.velocity = (state.box[:2] + state.box[2:] - track.box[:2] - track.box[2:]) / (
                2 * dt
            )
        track.box, track.time, track.misses = state.box, time, 0
        track.roi = roi_of_points(
            state.mesh[:468], upright_angle(state.pose.R_camera_head.astype(np.float64))
        )
        return state

    def _miss(self, track: _Track, time: float) -> None:
        track.misses += 1
        if track.filter is not None:
            track.filter.reset()
        if track.misses >= MISSES:
            self._give_up(track)

    def _drop_duplicates(self, states: list[FaceState]) -> None:
        """Two tracks on one face: the older stays."""
        if len(states) < 2:
            return
        states.sort(key=lambda state: state.id)
        for row in reversed(associate.duplicates(np.stack([state.box for state in states]))):
            gone = states.pop(row)
            self._tracks = [track for track in self._tracks if track.id != gone.id]

    def _should_look(self, time: float) -> bool:
        """Whether the detector is due: a face missing now, or a free slot not looked at lately."""
        if any(track.misses for track in self._tracks) or not self._tracks:
            return True
        if len(self._tracks) >= self.max_faces:
            return False
        return self._looked is None or not 0 <= time - self._looked < LOOK_AGAIN

    def _look(self, image: np.ndarray, time: float) -> list[FaceState]:
        self._looked = time
        followed = [track for track in self._tracks if not track.misses]
        taken = np.array([track.box for track in followed]).reshape(-1, 4)
        states = []
        for face in self._faces.find(image, taken, self.max_faces - len(followed)):
            box = boxes.of_points(face.points["mesh478"])
            config = self._filter_config
            track = _Track(
                id=self._take_id(box, time),
                filter=OneEuro(config) if config else None,
                roi=roi_of_mesh(face.points["mesh478"]),
                box=box,
                time=time,
            )
            self._tracks.append(track)
            states.append(self._follow(track, face, time))
        self._give_up_slots()
        return states

    def _give_up_slots(self) -> None:
        """A missing face keeps its slot only as long as nobody else has taken it."""
        for track in [track for track in self._tracks if track.misses]:
            if len(self._tracks) > self.max_faces:
                self._give_up(track)

    def _give_up(self, track: _Track) -> None:
        self._tracks.remove(track)
        self._identities.lose(associate.Lost(track.id, track.box, track.velocity, track.time))

    def _take_id(self, box: np.ndarray, time: float) -> int:
        """Id for a new face: of a face that is missing here, or was lost here, or a fresh one."""
        missing = [track for track in self._tracks if track.misses]
        for track in missing:
            if boxes.iou(box[None], track.box[None])[0, 0] >= associate.SAME:
                self._tracks.remove(track)
                return track.id
        return self._identities.claim(box, time)


def _filtered(filter: OneEuro, face: Prediction, time: float, size: float) -> Prediction:
    """All point sets of a face of `size` pixels through one filter."""
    stops = np.cumsum([len(points) for points in face.points.values()]).tolist()
    together = np.zeros((stops[-1], 3), np.float32)
    for stop, points in zip(stops, face.points.values(), strict=True):
        together[stop - len(points) : stop, : points.shape[1]] = points
    smooth = filter(together, time, size)
    points = {
        key: smooth[stop - len(points) : stop, : points.shape[1]]
        for stop, (key, points) in zip(stops, face.points.items(), strict=True)
    }
    return Prediction(points, face.sigma, face.presence)


def _frame(image: np.ndarray | Frame, time: float | None, color: str) -> tuple[np.ndarray, float]:
    """Checked RGB picture and time of what the tracker was called with."""
    check_choice(color, COLORS, "color")
    if isinstance(image, Frame):
        if color != "rgb":
            raise InputError("color: a Frame is RGB already; pass color with bare arrays only")
        time = image.time if time is None else time
        image = image.image
    elif time is None:
        raise InputError("time: a bare picture needs its time in seconds: tracker(image, time)")
    pixels = check_image(image)
    if not isinstance(time, int | float | np.number) or not np.isfinite(time):
        raise InputError(f"time: expected a finite number of seconds, got {time!r}")
    return (np.ascontiguousarray(pixels[..., ::-1]) if color == "bgr" else pixels), float(time)


@lru_cache(maxsize=4)
def _kept_faces(model: str, threads: int) -> Faces:
    return Faces(model, threads)


def detect_faces(
    image: np.ndarray,
    model: str | Path = "base",
    max_faces: int = 10,
    *,
    color: Literal["rgb", "bgr"] = "rgb",
    threads: int = 1,
) -> list[FaceState]:
    """Faces of a still (H, W, 3) uint8, the surest first, ids from 0, time 0.

    The model is loaded on the first call and kept.
    """
    check_count(max_faces, "max_faces")
    pixels, _ = _frame(image, 0.0, color)
    found = _kept_faces(str(model), threads).find(pixels, np.zeros((0, 4)), max_faces)
    return [face_state(face, id, 0.0) for id, face in enumerate(found)]
