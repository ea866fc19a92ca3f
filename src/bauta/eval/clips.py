"""Tracks of one face over a clip as arrays, from the tracker or from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bauta.checks import InputError, SourceError
from bauta.eval import predictions
from bauta.records import read_tracks
from bauta.schemes import INNER51, OUTER_EYE_CORNERS68, get, mapping
from bauta.tracker import Tracker
from bauta.types import FaceState

SCHEMES = ("ibug68", "ibug68-3d", "mesh478")
SIXTY_EIGHT = ("ibug68", "ibug68-3d")
"""Those that motion is measured on; a track has one of them at least."""


@dataclass(frozen=True, eq=False)
class Track:
    """One face over T frames, a row for every frame of the clip."""

    frames: np.ndarray
    """(T,) int, number of each frame in its source."""
    points: dict[str, np.ndarray]
    """Scheme -> (T, K, 2) float64 pixels, NaN where the face was not found."""
    mapped: str = ""
    """The scheme that the 68 points were mapped from where they were not predicted."""

    @property
    def main(self) -> str:
        """The first of `SIXTY_EIGHT` that there is."""
        return next(name for name in SIXTY_EIGHT if name in self.points)

    @property
    def found(self) -> np.ndarray:
        """(T,) bool."""
        return np.isfinite(next(iter(self.points.values()))[:, 0, 0])

    def inner51(self, scheme: str = "") -> np.ndarray:
        """(T, 51, 2): the points without the jaw, by default of `main`."""
        return self.points[scheme or self.main][:, INNER51]

    def eye_distance(self, scheme: str = "") -> np.ndarray:
        """(T,) pixels between the outer eye corners, by default of `main`."""
        right, left = OUTER_EYE_CORNERS68
        points = self.points[scheme or self.main]
        return np.linalg.norm(points[:, right] - points[:, left], axis=-1)


def of_states(frames: list[int], states: list[list[FaceState]]) -> Track:
    """The face that is there most often; of several as often, the one with the lowest id."""
    seen = Counter(face.id for faces in states for face in faces)
    if not seen:
        raise InputError("track: no face in any frame; nothing can be measured")
    best = min(seen, key=lambda id: (-seen[id], id))
    points = {name: np.full((len(frames), get(name).count, 2), np.nan) for name in SCHEMES}
    for row, faces in enumerate(states):
        for face in faces:
            if face.id == best:
                for name in SCHEMES:
                    if len(face.points(name)):
                        points[name][row] = face.points(name)[:, :2]
    known = {name: values for name, values in points.items() if np.isfinite(values).any()}
    return _with_68(np.array(frames), known)


def run(
    images: Iterable[tuple[int, float, np.ndarray]],
    model: str,
    filter: str,
    after: Callable[[], None] | None = None,
) -> Track:
    """Track one face through (number, seconds, RGB picture) of each frame.

    The face may get a new id when it was lost on the way: with one face followed it is the same.
    """
    numbers, states = [], []
    with Tracker(model, 1, filter=filter) as tracker:  # type: ignore[arg-type]
        for number, time, image in images:
            numbers.append(number)
            states.append(tracker(image, time)[:1])
            if after:
                after()
    return _single(numbers, states)


def read(path: Path) -> Track:
    """A track from a file: JSONL of `bauta track`, or predictions (.npz) whose names are numbers of
    frames. SourceError or InputError, naming the file, when it is neither."""
    if path.suffix == ".npz":
        return _of_predictions(path)
    frames, states = [], []
    for frame in read_tracks(path):
        frames.append(frame.index)
        states.append(frame.faces)
    return of_states(frames, states)


def aligned(track: Track, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Points of a track at other frames, scheme -> (T, K, 2), NaN where it has no such frame."""
    row = {number: index for index, number in enumerate(track.frames.tolist())}
    where = np.array([row.get(number, -1) for number in frames.tolist()])
    out = {}
    for name, points in track.points.items():
        out[name] = np.where((where >= 0)[:, None, None], points[where], np.nan)
    return out


def read_blinks(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frames (E,) of marked blinks, and of what may be one or not: a CSV with a column `frame`, the
    frame of the shut eye, and perhaps one `sure`, 0 in the latter. Lines that begin with # are
    passed over.

    SourceError when it cannot be read, InputError when the column or a number is missing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; check the name") from error
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    columns = [cell.strip() for cell in rows[0][1].split(",")] if rows else []
    if "frame" not in columns:
        raise InputError(f"{path}: expected a header with a column named frame")
    sure: list[int] = []
    unsure: list[int] = []
    for number, line in rows[1:]:
        cells = dict(zip(columns, line.split(","), strict=False))
        try:
            frames = unsure if cells.get("sure", "1").strip() == "0" else sure
            frames.append(int(cells["frame"]))
        except (ValueError, KeyError) as error:
            raise InputError(f"{path}, line {number}: expected the number of a frame") from error
    return np.array(sorted(sure), int), np.array(sorted(unsure), int)


def _single(frames: list[int], states: list[list[FaceState]]) -> Track:
    """A track of whoever is followed in each frame, whatever the id."""
    return of_states(frames, [[_renamed(face) for face in faces] for faces in states])


def _renamed(face: FaceState) -> FaceState:
    return replace(face, id=0)


def _of_predictions(path: Path) -> Track:
    loaded = predictions.load(path)
    try:
        frames = loaded.names.astype(int)
    except ValueError as error:
        raise InputError(
            f"{path}: expected numbers of frames as names, got {loaded.names[0]!r}"
        ) from error
    order = np.argsort(frames)
    points = {key: value[order, :, :2].astype(float) for key, value in loaded.points.items()}
    return _with_68(frames[order], points)


def shared68(track: Track, other: Track) -> str:
    """The 68 points that two tracks can be compared in; InputError when there are none."""
    both = [name for name in SIXTY_EIGHT if name in track.points and name in other.points]
    if not both:
        raise InputError(f"tracks of {track.main} and of {other.main} cannot be compared")
    return both[0]


def _with_68(frames: np.ndarray, points: dict[str, np.ndarray]) -> Track:
    """A track that has 68 points, mapped from others if need be. InputError where none can be."""
    if any(name in points for name in SIXTY_EIGHT):
        return Track(frames, points)
    for source in points:
        with suppress(InputError):
            flat = mapping(source, "ibug68").apply(points[source])
            return Track(frames, points | {"ibug68": flat}, source)
    raise InputError(
        f"track: has {', '.join(points)} only; motion is measured on 68 points, and nothing maps "
        "to them"
    )
