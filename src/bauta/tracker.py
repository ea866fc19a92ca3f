"""Detect once, then follow: the main loop, one frame at a time.

frame -> follow every known face (crop from its last points -> regress -> filter)
      -> a free slot or a lost face? detect -> new faces (box -> regress -> upright -> regress)
      -> list of FaceState
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from bauta import associate
from bauta.appearance import describe
from bauta.checks import InputError, check_count
from bauta.cuts import Cuts
from bauta.faces import PRESENT, Faces, box_of, face_state, place_face
from bauta.filters.kinds import DEFAULT, FilterConfig, FilterName, filter_maker
from bauta.fit import Profile
from bauta.followed import Followed, is_clear
from bauta.geometry import boxes
from bauta.geometry.camera import Camera
from bauta.heads import Head, HeadOptions
from bauta.regress.landmarks import Prediction, cut
from bauta.types import FaceState
from bauta.video.frame import Frame, picture_and_time

MISSES = 2
"""Frames without presence after which a face is given up."""
LOOK_AGAIN = 0.2
"""Seconds between detections while a slot is free and somebody is followed, or while the detector
has a say on whether a face is still there (`Faces.watched`)."""
PATIENCE = 1.0
"""Seconds that a half hidden face is given to show who of the missing it is."""
LOOK_SIZE = 112
"""Pixels of the crop that shows what a face looks like."""
SAME_AS_LIKELY = 0.03
"""Difference in looks that says nothing."""


class Tracker:
    """Follows up to `max_faces` faces through a clip.

    `model` is a name (`bauta models`) or a path to a bauta `.onnx`; `filter` "head",
    "flow", "kalman", "one_euro" or "none" (docs/steadiness.md), `filter_config` its settings;
    `threads` of OpenCV and ONNX Runtime (OpenCV's is a setting of the whole process). `device` runs
    the networks: "cpu" (tested), "cuda", "coreml", "webgpu", or "auto", the fastest there is; the
    attribute says which. `fit` False leaves out the face model: no centimetres, expressions,
    identity and gaze, 1.2 ms or more less a frame.
    `camera` is what took the pictures, else one with `fov` (60) degrees across the longer side;
    `ipd` the distance of the pupils in centimetres when it is known, else size is measured on the
    irises; `profile` what `bauta calibrate` learned of the person, or of several, {id: profile}.
    `far` looks for new faces twice as closely: half as small ones are found, for five times the
    work of a detection (docs/detector.md).
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
        profile: Profile | Mapping[int, Profile] | None = None,
        far: bool = False,
    ) -> None:
        check_count(max_faces, "max_faces")
        self.max_faces = max_faces
        self._filter = filter_maker(filter, filter_config)
        options = HeadOptions(camera, fov, ipd, profile)
        options.check_faces(max_faces)
        if not fit and options != HeadOptions():
            raise InputError("camera, fov, ipd, profile: have no effect with fit=False")
        self._options = options if fit else None
        self._faces = Faces(model, threads, device, far=far)
        self.device = self._faces.device
        self.reset()

    def reset(self) -> None:
        """Forget everybody: the next frame is the first of another clip."""
        self._head = self._options
        self._tracks: list[Followed] = []
        self._cuts = Cuts()
        self._identities = associate.Identities()
        self._looked: float | None = None
        self._watched: float | None = None
        self._waiting: tuple[float, float] | None = None

    def begin_still(self, width: int, height: int) -> InputError | None:
        """`reset` for a picture on its own. Where the camera cannot have taken it, its faces get
        no head; says why."""
        self.reset()
        try:
            if self._head is not None:
                self._head.camera_of(width, height)
        except InputError as error:
            self._head = None
            return error
        return None

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
        image, time = picture_and_time(image, time, color)
        if self._cuts(image):
            for track in list(self._tracks):
                self._give_up(track, anywhere=True)
        if self._faces.watched:
            self._watch(image, time)
        seen = []
        for track in self._tracks:
            face = self._faces.regressor(image, track.roi)
            if self._faces.watched:
                face = replace(face, presence=min(face.presence, track.score))
            if face.presence >= PRESENT:
                seen.append((track, face))
            else:
                track.miss()
        states = self._follow(self._apart(seen, image, time), image, time)
        for track in [track for track in self._tracks if track.misses >= MISSES]:
            self._give_up(track)
        if self._should_look(time):
            states += self._look(image, time)
        return sorted(states, key=lambda state: state.id)

    def raw(self) -> dict[int, tuple[Prediction, float, float]]:
        """By id of those seen in the last frame: what the network said, before any filter, the time
        and the size of the face in pixels."""
        return {track.id: track.seen for track in self._tracks if track.seen and not track.misses}

    def _looks_like(self, image: np.ndarray, face: Prediction) -> np.ndarray | None:
        """What a face looks like; None would leave ids to overlap and motion."""
        return describe(cut(image, place_face(face).roi, LOOK_SIZE))

    def _follow(
        self, seen: list[tuple[Followed, Prediction]], image: np.ndarray, time: float
    ) -> list[FaceState]:
        found = [box_of(face) for _, face in seen]
        states = []
        for row, (track, face) in enumerate(seen):
            others = [box for other, box in enumerate(found) if other != row]
            clear = is_clear(found[row], others, image.shape)
            look = self._looks_like(image, face) if clear and track.due(time) else None
            if look is not None:
                track = self._recognised(track, face, look, time)
            states.append(track.follow(face, time, image.shape, clear))
        return states

    def _recognised(
        self, track: Followed, face: Prediction, look: np.ndarray, time: float
    ) -> Followed:
        """Look at a face now and then: somebody new may turn out to be somebody who was lost, and
        somebody else may have taken a place without a gap."""
        if not len(track.looks):
            (who,) = self._identities.known([associate.Found(track.box, look)], time)
            if who is not None:
                track.recall(who)
        if not track.is_stranger(look, time):
            return track
        self._give_up(track)
        (who,) = self._identities.known([associate.Found(box_of(face), look)], time)
        return self._start(face, who, time)

    def _apart(
        self, seen: list[tuple[Followed, Prediction]], image: np.ndarray, time: float
    ) -> list[tuple[Followed, Prediction]]:
        """Of two that follow one face, one hides the other: who it looks like stays, or who was
        expected there; the other is lost."""
        if len(seen) < 2:
            return seen
        gone: set[int] = set()
        for first, second in associate.duplicates(np.stack([box_of(face) for _, face in seen])):
            if gone & {first, second}:
                continue
            (like, near), (other, far) = (
                track.unlike(face, self._looks_like(image, face), time)
                for track, face in (seen[first], seen[second])
            )
            same_looks = abs(like - other) < SAME_AS_LIKELY
            gone.add(second if (near <= far if same_looks else like < other) else first)
        for row in gone:
            self._give_up(seen[row][0])
        return [one for row, one in enumerate(seen) if row not in gone]

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
        faces = self._faces.find(image, taken, self.max_faces - len(followed))
        if faces:
            for track in [track for track in self._tracks if track.misses]:
                self._give_up(track)
        around = [box_of(face) for face in faces]
        found = []
        for row, face in enumerate(faces):
            others = [*taken, *around[:row], *around[row + 1 :]]
            clear = is_clear(around[row], others, image.shape)
            found.append(associate.Found(around[row], self._looks_like(image, face), clear))
        known = self._identities.known(found, time)
        chosen = [
            (self._start(face, who, time), face)
            for face, new, who in zip(faces, found, known, strict=True)
            if who is not None or not self._waits(new, time)
        ]
        return self._follow(chosen, image, time)

    def _waits(self, new: associate.Found, time: float) -> bool:
        """Whether a face that is partly hidden is given time to show who it is: only while somebody
        is missed, and not for long."""
        if new.clear or new.look is None or not self._identities.missed(time):
            return False
        since, last = self._waiting or (time, time)
        if not 0 <= time - last <= 2 * LOOK_AGAIN:
            since = time
        self._waiting = (since, time)
        return time - since < PATIENCE

    def _start(self, face: Prediction, who: associate.Lost | None, time: float) -> Followed:
        """Follow a new face: somebody new, or `who` is back."""
        id = self._identities.fresh() if who is None else who.id
        track = Followed(
            id=id,
            filter=self._filter() if self._filter else None,
            head=Head(self._head, id) if self._head else None,
            roi=place_face(face).roi,
            box=box_of(face),
            time=time,
            score=face.presence,
        )
        if who is not None:
            track.recall(who)
        self._tracks.append(track)
        return track

    def _give_up(self, track: Followed, anywhere: bool = False) -> None:
        self._tracks.remove(track)
        self._identities.lose(track.lost(anywhere))


@lru_cache(maxsize=4)
def _kept_faces(model: str, threads: int, device: str, far: bool) -> Faces:
    return Faces(model, threads, device, far=far)


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
    far: bool = False,
) -> list[FaceState]:
    """Faces of a still (H, W, 3) uint8, the surest first, ids from 0, time 0.

    Options as for `Tracker`. The model is loaded on the first call and kept.
    """
    check_count(max_faces, "max_faces")
    options = HeadOptions(camera, fov, ipd)
    pixels, _ = picture_and_time(image, 0.0, color)
    found = _kept_faces(str(model), threads, device, far).find(pixels, np.zeros((0, 4)), max_faces)
    states = [face_state(face, id, 0.0) for id, face in enumerate(found)]
    if not fit:
        return states
    height, width = pixels.shape[:2]
    options = options.of_photo(states, width, height)
    return [Head(options)(state, width, height) for state in states]
