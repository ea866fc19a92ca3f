"""From a source to files: the loop behind `bauta track` and `bauta demo`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bauta.tracker import Tracker
from bauta.types import FaceState
from bauta.video.frame import Frame


class Sink(Protocol):
    """Whatever takes a tracked frame."""

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float) -> None:
        """Called once a frame, in order."""
        ...


@dataclass
class Summary:
    """What a run did. `milliseconds` of tracking alone, without decoding, drawing and writing."""

    frames: int = 0
    with_face: int = 0
    ids: set[int] = field(default_factory=set)
    milliseconds: list[float] = field(default_factory=list)

    def percentile(self, q: float) -> float:
        """Milliseconds of tracking; NaN before the first frame."""
        return float(np.percentile(self.milliseconds, q)) if self.milliseconds else float("nan")


def track(
    frames: Iterable[Frame],
    tracker: Tracker,
    sinks: list[Sink],
    *,
    stills: bool = False,
    summary: Summary | None = None,
    after: Callable[[Summary], None] | None = None,
) -> Summary:
    """Track every frame and hand it to every sink.

    With `stills` each frame is a picture on its own: the tracker forgets in between. `summary` is
    filled as frames come, so that it is true when an error ends the loop; `after` is called once a
    frame.
    """
    summary = summary or Summary()
    for frame in frames:
        if stills:
            tracker.reset()
        started = time.perf_counter()
        faces = tracker(frame)
        milliseconds = (time.perf_counter() - started) * 1000
        for sink in sinks:
            sink.write(frame, faces, milliseconds)
        summary.frames += 1
        summary.with_face += bool(faces)
        summary.ids |= {face.id for face in faces}
        summary.milliseconds.append(milliseconds)
        if after:
            after(summary)
    return summary
