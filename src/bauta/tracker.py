"""Detect once, then follow: the main loop, one frame at a time.

frame -> follow every known face (crop from its last points -> regress -> filter)
      -> a free slot or a lost face? detect -> new faces (box -> regress -> upright -> regress)
      -> list of FaceState
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from bauta import associate
from bauta.checks import InputError, check_choice, check_count, check_image
from bauta.crop import MARGIN, Roi
from bauta.faces import PRESENT, Faces, box_of, face_state, place_face
from bauta.filters.base import Filter
from bauta.filters.kinds import DEFAULT, FilterConfig, FilterName, filter_maker
from bauta.fit import Profile
from bauta.geometry import boxes
from bauta.geometry.camera import Camera
from bauta.heads import Head, HeadOptions
from bauta.regress.landmarks import Prediction
from bauta.steady import filtered
from bauta.types import FaceState
from bauta.video.frame import Frame

MISSES = 2
"""Frames without presence after which a face is given up."""
LOOK_AGAIN = 0.2
"""Seconds between detections while a slot is free and somebody is followed, or while the detector
has a say on whether a face is still there (`Faces.watched`)."""
COLORS = ("rgb", "bgr")


@dataclass
class _Track:
    """A face that is followed."""

    id: int
    filter: Filter | None
    head: Head | None
    roi: Roi
    box: np.ndarray
    score: float = 1.0
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    time: float = 0.0
    misses: int = 0


class Tracker:
    """Follows up to `max_faces` faces through a clip.

    `model` is a name (`bauta models`) or a path to a bauta `.onnx`; `filter` "flow",
    "head", "kalman", "one_euro" or "none" (docs/steadiness.md), `filter_config` its settings;
    `threads` of OpenCV and ONNX Runtime (OpenCV's is a setting of the whole process). `device` runs
    the networks: "cpu" (tested), "cuda", "coreml", "webgpu", or "auto", the fastest there is; the
    attribute says which. `fit` False leaves out the face model: no centimetres, expressions,
    identity and gaze, 0.5 ms less a frame.
    `camera` is what took the pictures, else one with `fov` (60) degrees across the longer side;
    `ipd` the distance of the pupils in centimetres when it is known, else size is measured on the
    irises; `profile` what `bauta calibrate` learned of the person.
    Not thread-safe: one tracker a stream. InputError for an unknown option, ModelError for a bad
    model.
    """

    def __init__(
        self,
        model: str | Path = "base",
        max_faces: int = 1,
        *,
        threads: int = 1,
        device: str = "cpu",
        filter: FilterName = DEFAULT,
        filter_config: FilterConfig | None = None,
        fit: bool = True,
        camera: Camera | None = None,
        fov: float | None = None,
        ipd: float | None = None,
        profile: Profile | None = None,
    ) -> None:
        check_count(max_faces, "max_faces")
        self.max_faces = max_faces
        self._filter = filter_maker(filter, filter_config)
        options = HeadOptions(camera, fov, ipd, profile)
        if not fit and options != HeadOptions():
            raise InputError("camera, fov, ipd, profile: have no effect with fit=False")
        self._head = options if fit else None
        self._faces = Faces(model, threads, device)
        self.device = self._faces.device
        self.reset()

    def reset(self) -> None:
        """Forget everybody: the next frame is the first of another clip."""
        self._tracks: list[_Track] = []
        self._identities = associate.Identities()
        self._looked: float | None = None
        self._watched: float | None = None

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
        if self._faces.watched:
            self._watch(image, time)
        states = []
        for track in list(self._tracks):
            face = self._faces.regressor(image, track.roi)
            if self._faces.watched:
                face = replace(face, presence=min(face.presence, track.score))
            if face.presence >= PRESENT:
                states.append(self._follow(track, face, time, image.shape))
            else:
                self._miss(track, time)
        self._drop_duplicates(states)
        if self._should_look(time):
            states += self._look(image, time)
        return sorted(states, key=lambda state: state.id)

    def _follow(
        self, track: _Track, face: Prediction, time: float, shape: tuple[int, ...]
    ) -> FaceState:
        if track.filter is not None:
            face = filtered(track.filter, face, time, track.roi.side / MARGIN)
        placed = place_face(face)
        state = face_state(face, track.id, time, placed)
        dt = time - track.time
        if dt > 0:
            track.velocity = (state.box[:2] + state.box[2:] - track.box[:2] - track.box[2:]) / (
                2 * dt
            )
        track.box, track.time, track.misses = state.box, time, 0
        track.roi = placed.roi
        return track.head(state, shape[1], shape[0]) if track.head else state

    def _watch(self, image: np.ndarray, time: float) -> None:
        """Ask the detector which followed faces are still there; every `LOOK_AGAIN` seconds, and in
        every frame while one of them is missing."""
        missing = any(track.misses for track in self._tracks)
        rested = self._watched is not None and 0 <= time - self._watched < LOOK_AGAIN
        if not self._tracks or (rested and not missing):
            return
        self._watched = time
        found, scores = self._faces.detector(image)
        for track in self._tracks:
            overlap = boxes.iou(track.box[None], found)[0] if len(found) else np.zeros(0)
            near = overlap >= associate.SAME
            track.score = max(float(scores[near].max()), PRESENT) if near.any() else 0.0

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
            box = box_of(face)
            track = _Track(
                id=self._take_id(box, time),
                filter=self._filter() if self._filter else None,
                head=Head(self._head) if self._head else None,
                roi=place_face(face).roi,
                box=box,
                score=face.presence,
                time=time,
            )
            self._tracks.append(track)
            states.append(self._follow(track, face, time, image.shape))
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
def _kept_faces(model: str, threads: int, device: str) -> Faces:
    return Faces(model, threads, device)


def detect_faces(
    image: np.ndarray,
    model: str | Path = "base",
    max_faces: int = 10,
    *,
    color: Literal["rgb", "bgr"] = "rgb",
    threads: int = 1,
    device: str = "cpu",
    fit: bool = True,
    camera: Camera | None = None,
    fov: float | None = None,
    ipd: float | None = None,
) -> list[FaceState]:
    """Faces of a still (H, W, 3) uint8, the surest first, ids from 0, time 0.

    Options as for `Tracker`. The model is loaded on the first call and kept.
    """
    check_count(max_faces, "max_faces")
    options = HeadOptions(camera, fov, ipd)
    pixels, _ = _frame(image, 0.0, color)
    found = _kept_faces(str(model), threads, device).find(pixels, np.zeros((0, 4)), max_faces)
    states = [face_state(face, id, 0.0) for id, face in enumerate(found)]
    if not fit:
        return states
    height, width = pixels.shape[:2]
    options = options.of_photo(states, width, height)
    return [Head(options)(state, width, height) for state in states]
